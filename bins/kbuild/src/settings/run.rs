//! How RUN runs.

mod limits;
mod secret;
mod ssh;

use std::net::IpAddr;
use std::num::NonZeroUsize;

use clap::ValueEnum as _;
use ktrust_pipeline::{Environment, list, variables as var};
use ktrust_sandbox::{Limit, Network};

pub(crate) use self::secret::{SecretSetting, SecretSource};
pub(crate) use self::ssh::SshSetting;
use crate::cli::{Isolation, RunArguments};
use crate::error::Error;

/// The surroundings of every RUN.
#[derive(Clone, Debug)]
pub(crate) struct RunSettings {
    /// Where RUN runs.
    pub(crate) isolation: Isolation,
    /// How many commands run at once.
    pub(crate) max_parallelism: NonZeroUsize,
    /// What `RUN --network=default` means.
    pub(crate) network: Network,
    pub(crate) secrets: Vec<SecretSetting>,
    pub(crate) agents: Vec<SshSetting>,
    /// Lines for /etc/hosts.
    pub(crate) hosts: Vec<(String, IpAddr)>,
    /// Bytes of /dev/shm; docker's default when `None`.
    pub(crate) shared_memory: Option<u64>,
    pub(crate) limits: Vec<Limit>,
    /// Flags that were given and mean nothing here, to be said once.
    pub(crate) without_meaning: Vec<&'static str>,
}

impl RunSettings {
    pub(super) fn resolve(arguments: &RunArguments, environment: &dyn Environment) -> Result<Self, Error> {
        allow(&arguments.allow)?;
        let hosts = lines(&arguments.add_hosts, var::KBUILD_ADD_HOSTS, environment)?;
        let secrets = lines(&arguments.secrets, var::KBUILD_SECRETS, environment)?;
        let agents = lines(&arguments.ssh, var::KBUILD_SSH, environment)?;
        let network = arguments.network.clone().or_else(|| environment.non_empty(var::KBUILD_NETWORK));
        Ok(Self {
            isolation: isolation(arguments, environment)?,
            max_parallelism: max_parallelism(arguments, environment)?,
            network: network_of(network.as_deref())?,
            secrets: secret::secrets(&secrets, environment)?,
            agents: ssh::agents(&agents, environment)?,
            hosts: hosts.iter().map(|spec| limits::host(spec)).collect::<Result<Vec<_>, _>>()?.concat(),
            shared_memory: arguments.shm_size.as_deref().map_or(Ok(None), limits::shared_memory)?,
            limits: arguments.ulimits.iter().map(|spec| limits::limit(spec)).collect::<Result<_, _>>()?,
            without_meaning: arguments
                .cgroup_parent
                .as_ref()
                .map(|_| "--cgroup-parent")
                .into_iter()
                .collect(),
        })
    }
}

/// A list whose items hold commas: one a line, or JSON.
fn lines(given: &[String], name: &str, environment: &dyn Environment) -> Result<Vec<String>, Error> {
    match environment.non_empty(name) {
        _ if !given.is_empty() => Ok(given.to_vec()),
        Some(text) if !text.trim_start().starts_with('[') => {
            Ok(text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect())
        }
        _ => Ok(list(name, environment)?),
    }
}

fn network_of(name: Option<&str>) -> Result<Network, Error> {
    match name {
        None | Some("default" | "host") => Ok(Network::Host),
        Some("none") => Ok(Network::None),
        Some(other) => Err(Error::usage(
            format!("`--network {other}` does not exist here"),
            "it is `default` (the builder's own network), `host` (the same) or `none`",
        )),
    }
}

/// Nothing has to be allowed for the network that every step has anyway; nothing else can be.
fn allow(given: &[String]) -> Result<(), Error> {
    match given.iter().find(|name| *name != "network.host") {
        None => Ok(()),
        Some(name) => Err(Error::usage(
            format!("`--allow {name}`: kbuild gives no step more than its confinement"),
            "a step that needs real privileges has to run outside of the build",
        )),
    }
}

fn isolation(arguments: &RunArguments, environment: &dyn Environment) -> Result<Isolation, Error> {
    let variable = environment.non_empty(var::KBUILD_ISOLATION);
    match (arguments.isolation, variable) {
        (Some(given), _) => Ok(given),
        (None, None) => Ok(Isolation::Auto),
        (None, Some(text)) => Isolation::from_str(&text, false).map_err(|_| {
            Error::usage(format!("{} is `{text}`", var::KBUILD_ISOLATION), "it is `auto` or `namespaces`")
        }),
    }
}

/// As many as there are processors that we may use, unless told otherwise.
fn max_parallelism(arguments: &RunArguments, environment: &dyn Environment) -> Result<NonZeroUsize, Error> {
    let given = arguments.max_parallelism;
    match (given, environment.non_empty(var::KBUILD_MAX_PARALLELISM)) {
        (Some(given), _) => Ok(given),
        (None, None) => Ok(std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)),
        (None, Some(text)) => text.parse().map_err(|_| {
            Error::usage(format!("{} is `{text}`", var::KBUILD_MAX_PARALLELISM), "it is a number from 1")
        }),
    }
}
