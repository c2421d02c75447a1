//! Brings what is remote into the work directory.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ktrust_oci::Digest;
use ktrust_pipeline::{Environment, variables as var};
use ktrust_registry::Client;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::runtime::Runtime;

use super::address::GitAddress;
use super::checkout::Wanted;
use super::download::{WebAddress, http_date, settle};
use super::failure::Failure;
use super::git::Git;
use crate::error::Error;
use crate::secrets::Secrets;
use crate::stop::Stop;
use crate::work::Work;

/// What is needed to fetch.
pub(crate) struct Fetcher<'a> {
    client: &'a Client,
    runtime: &'a Runtime,
    stop: Stop,
    secrets: &'a Secrets,
    /// The variables that git is given.
    variables: Vec<(String, OsString)>,
    /// The home directory, for the servers that ssh knows.
    home: Option<PathBuf>,
    /// The socket of an agent with ssh's keys.
    agent: Option<PathBuf>,
}

/// Files that were fetched.
#[derive(Clone, Debug)]
pub(crate) struct Fetched {
    /// The directory that holds them, and nothing else.
    pub(crate) directory: PathBuf,
    /// The time of the content, where its source knows one, in seconds since 1970.
    pub(crate) modified: Option<i64>,
}

/// How a commit is checked out, besides what its address says, which must not be something else.
#[derive(Clone, Copy, Default)]
pub(crate) struct CheckoutFlags<'a> {
    /// The beginning of the commit's id.
    pub(crate) checksum: Option<&'a str>,
    pub(crate) keep_git_dir: Option<bool>,
    /// Files get the commit's time.
    pub(crate) commit_times: bool,
    /// The socket of an ssh agent.
    pub(crate) agent: Option<&'a Path>,
}

/// Where git looks for programs when nothing says.
const SEARCH_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

impl<'a> Fetcher<'a> {
    /// A fetcher for this build.
    pub(crate) fn new(
        client: &'a Client,
        runtime: &'a Runtime,
        stop: Stop,
        secrets: &'a Secrets,
        environment: &dyn Environment,
    ) -> Self {
        let mut variables = Vec::new();
        let path = environment.non_empty(var::PATH).unwrap_or_else(|| SEARCH_PATH.into());
        variables.push((var::PATH.to_owned(), path.into()));
        for name in [var::HTTP_PROXY, var::HTTPS_PROXY, var::ALL_PROXY, var::NO_PROXY] {
            for name in [name.to_owned(), name.to_lowercase()] {
                variables.extend(environment.non_empty(&name).map(|value| (name, value.into())));
            }
        }
        let home = environment.non_empty(var::HOME).map(PathBuf::from);
        let agent = environment.non_empty(var::SSH_AUTH_SOCK).map(PathBuf::from);
        Self { client, runtime, stop, secrets, variables, home, agent }
    }

    /// Waits for something that is not on this machine's disk, or for a signal.
    pub(crate) fn wait<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        self.runtime.block_on(self.stop.race(work))
    }

    /// Downloads a file into a directory of its own, under the address's name or `name`. It gets the mode
    /// 0600 and the server's time, as in BuildKit.
    pub(crate) fn download(
        &self,
        work: &Work,
        address: &WebAddress,
        name: Option<&str>,
        checksum: Option<&Digest>,
    ) -> Result<Fetched, Error> {
        let directory = work.directory()?;
        let file = directory.join(name.unwrap_or(&address.name));
        let authorization = address.authorization(self.secrets);
        let get = self.client.download(&address.url, authorization.as_ref(), &file);
        let fault = |source| Error::from(Failure::Download { address: address.to_string(), source });
        let got = self.wait(async { get.await.map_err(fault) })?;
        if let Some(expected) = checksum.filter(|expected| **expected != got.digest) {
            let (expected, actual) = (expected.to_string(), got.digest.to_string());
            return Err(Failure::Checksum { address: address.to_string(), expected, actual }.into());
        }
        let modified = got.last_modified.as_deref().and_then(http_date);
        let settled = settle(&file, modified.unwrap_or_default());
        settled.map_err(|source| Error::Work { path: file, source })?;
        Ok(Fetched { directory, modified })
    }

    /// Checks a commit out.
    pub(crate) fn checkout(
        &self,
        work: &Work,
        address: &GitAddress,
        flags: CheckoutFlags<'_>,
    ) -> Result<Fetched, Error> {
        let wanted = Wanted {
            address,
            checksum: agree(flags.checksum, address.checksum.as_deref(), "--checksum")?,
            keep_git_dir: agree(flags.keep_git_dir, address.keep_git_dir, "--keep-git-dir")?.unwrap_or(false),
            commit_times: flags.commit_times || address.commit_times,
        };
        let place = work.directory()?;
        let git = self.git(address, flags.agent, &place)?;
        let done = self.wait(wanted.checkout(&git, &place))?;
        Ok(Fetched { directory: done.directory, modified: Some(done.committed) })
    }

    /// The user's own agent, for what the command line names. What a Dockerfile names gets `--ssh default`.
    pub(crate) fn own_agent(&self) -> Option<&Path> {
        self.agent.as_deref()
    }

    fn git<'g>(&self, address: &'g GitAddress, agent: Option<&Path>, place: &Path) -> Result<Git<'g>, Error> {
        let (home, roots) = (place.join("home"), place.join("roots.pem"));
        let fault = |source| Error::Work { path: place.to_owned(), source };
        std::fs::create_dir(&home).map_err(fault)?;
        std::fs::write(&roots, self.roots(host_name(address))).map_err(fault)?;
        let mut environment = self.variables.clone();
        let mut set = |name: &str, value: OsString| environment.push((name.to_owned(), value));
        for (name, value) in [
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_ATTR_NOSYSTEM", "1"),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("LC_ALL", "C"),
        ] {
            set(name, value.into());
        }
        set("GIT_SSH_COMMAND", self.ssh(&home).into());
        set("HOME", home.into());
        set("GIT_SSL_CAINFO", roots.into());
        // The work directory may lie in a repository of the user's, whose configuration is none of ours.
        set("GIT_CEILING_DIRECTORIES", place.parent().unwrap_or(place).into());
        if let Some(agent) = agent {
            set("SSH_AUTH_SOCK", agent.into());
        }
        Ok(Git { remote: &address.remote, environment, configuration: self.configuration(address) })
    }

    /// The roots of trust of the registries, and the machine's, which git would trust by itself.
    fn roots(&self, host: &str) -> Vec<u8> {
        let mut roots = self.client.roots_pem(host);
        roots.extend(std::fs::read("/etc/ssl/certs/ca-certificates.crt").unwrap_or_default());
        roots
    }

    /// ssh without the user's configuration. A server that nobody knows is trusted, as in BuildKit, but one
    /// that was known by another key is not.
    fn ssh(&self, home: &Path) -> String {
        let known = self.home.as_ref().map(|home| format!(" {}", home.join(".ssh/known_hosts").display()));
        let files = format!("{}{}", home.join("known_hosts").display(), known.unwrap_or_default());
        format!(
            "ssh -F /dev/null -o BatchMode=yes -o ConnectTimeout=30 -o StrictHostKeyChecking=accept-new \
             -o 'UserKnownHostsFile={files}'"
        )
    }

    fn configuration(&self, address: &GitAddress) -> Vec<(String, String)> {
        let mut configuration = Vec::new();
        if let Some((scope, header)) = self.authorization(address) {
            let header = format!("Authorization: {}", header.expose_secret().trim_end());
            configuration.push((format!("http.{scope}.extraHeader"), header));
        }
        if !self.client.verifies(host_name(address)) {
            configuration.push((format!("http.https://{}/.sslVerify", address.host), "false".into()));
        }
        configuration
    }

    /// Which addresses get which header: BuildKit's secrets, the host's own before the general ones, else
    /// what stands in the address, which is then for all repositories of the host, as its submodules' addresses
    /// are relative to it.
    fn authorization(&self, address: &GitAddress) -> Option<(String, SecretString)> {
        if !address.scheme.starts_with("http") {
            return None;
        }
        let basic = |text: &str| SecretString::from(format!("basic {}", STANDARD.encode(text)));
        for suffix in [format!(".{}", address.host), String::new()] {
            let secret = |name: &str| self.secrets.text(&format!("{name}{suffix}"));
            let header = secret("GIT_AUTH_HEADER").or_else(|| {
                let token = secret("GIT_AUTH_TOKEN")?;
                Some(basic(&format!("x-access-token:{}", token.expose_secret().trim_end())))
            });
            if let Some(header) = header {
                return Some((scope(&address.remote), header));
            }
        }
        let userinfo = address.userinfo.as_ref()?.expose_secret();
        let pair = if userinfo.contains(':') { userinfo.to_owned() } else { format!("{userinfo}:") };
        Some((format!("{}://{}/", address.scheme, address.host), basic(&pair)))
    }
}

/// The host without its port and brackets.
fn host_name(address: &GitAddress) -> &str {
    match address.host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => address.host.split(':').next().unwrap_or_default(),
    }
}

/// A token is for its repository alone; on GitHub for all of them, as BuildKit has it.
fn scope(remote: &str) -> String {
    let github = ["https://github.com/", "https://www.github.com/"];
    let whole = github.into_iter().find(|prefix| remote.starts_with(prefix));
    whole.unwrap_or(remote).to_owned()
}

/// One value of two that must not differ.
fn agree<T: PartialEq>(flag: Option<T>, address: Option<T>, name: &str) -> Result<Option<T>, Error> {
    match (&flag, &address) {
        (Some(one), Some(other)) if one != other => {
            Err(Error::instruction(format!("`{name}` and the address say different things")))
        }
        _ => Ok(address.or(flag)),
    }
}
