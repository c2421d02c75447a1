//! A real OCI registry on loopback: Debian's `docker-registry`, which has no referrers API.

use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::context::Context;
use crate::tools::tool;

/// The user of a registry that asks for one.
pub const USER: &str = "ktrust";
/// That user's password.
pub const PASSWORD: &str = "correct horse";
/// `htpasswd -nbB -C 4` of the two: the registry takes bcrypt alone.
const HTPASSWD: &str = "ktrust:$2b$04$rBFVbySO7AWTgnfZcw0cIOAoiRFxVZvwYYU4ZtHhZfYJCVD/Pnp1y\n";

/// A running registry. Dropped, it is killed; its log stays in the context's directory.
#[derive(Debug)]
pub struct Registry {
    server: Child,
    host: String,
    directory: PathBuf,
    authority: Option<PathBuf>,
}

/// What kind of registry is wanted.
#[derive(Clone, Copy, Default)]
struct Variant {
    password: bool,
    tls: bool,
}

impl Registry {
    /// A registry that speaks plain HTTP and lets everybody in.
    pub fn start(context: &Context) -> Self {
        Self::launch(context, Variant::default())
    }

    /// A registry that speaks plain HTTP and wants [`USER`] and [`PASSWORD`].
    pub fn with_password(context: &Context) -> Self {
        Self::launch(context, Variant { password: true, ..Variant::default() })
    }

    /// A registry that speaks TLS under an authority of its own: see [`Registry::authority`].
    pub fn with_tls(context: &Context) -> Self {
        Self::launch(context, Variant { tls: true, ..Variant::default() })
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// `127.0.0.1:PORT/name`.
    pub fn image(&self, name: &str) -> String {
        format!("{}/{name}", self.host)
    }

    /// The PEM file of the authority that signed this registry's certificate.
    pub fn authority(&self) -> &Path {
        self.authority.as_deref().expect("only a registry with TLS has an authority")
    }

    /// The directory in which the registry keeps blobs: `docker/registry/v2/blobs/sha256/ab/abcd…/data`.
    pub fn storage(&self) -> PathBuf {
        self.directory.join("storage")
    }

    /// The file that holds the blob with this digest.
    pub fn blob_path(&self, digest: &str) -> PathBuf {
        let hex = digest.strip_prefix("sha256:").expect("a sha256 digest");
        self.storage().join(format!("docker/registry/v2/blobs/sha256/{}/{hex}/data", &hex[..2]))
    }

    /// What the registry wrote about the requests that it got.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.directory.join("log")).expect("the registry writes a log")
    }

    /// A docker `config.json` with this registry's user and password.
    pub fn docker_config(&self) -> String {
        // base64 of `ktrust:correct horse`
        format!(r#"{{"auths":{{"{}":{{"auth":"a3RydXN0OmNvcnJlY3QgaG9yc2U="}}}}}}"#, self.host)
    }

    /// Starts until a start succeeds: another process may take the free port in between.
    fn launch(context: &Context, variant: Variant) -> Self {
        for _ in 0..5 {
            let port = free_port();
            let directory = context.path(format!("../registry-{port}"));
            std::fs::create_dir_all(&directory).expect("a directory of its own");
            let authority = variant.tls.then(|| certify(&directory));
            let configuration = directory.join("config.yml");
            std::fs::write(directory.join("htpasswd"), HTPASSWD).expect("the password file");
            std::fs::write(&configuration, configure(&directory, port, variant)).expect("a configuration");
            let log = File::create(directory.join("log")).expect("a log");
            let server = serve(&configuration, &log);
            let mut registry = Self { server, host: format!("127.0.0.1:{port}"), directory, authority };
            if registry.answers() {
                return registry;
            }
        }
        panic!("docker-registry does not start: its log is in {}", context.path("..").display())
    }

    fn answers(&mut self) -> bool {
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(20) {
            if !matches!(self.server.try_wait(), Ok(None)) {
                return false;
            }
            if TcpStream::connect(&self.host).is_ok() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// A port of loopback that nobody listens on.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a bound listener has an address").port()
}

fn serve(configuration: &Path, log: &File) -> Child {
    let stream = || Stdio::from(log.try_clone().expect("a second handle of the log"));
    Command::new(tool("docker-registry"))
        .arg("serve")
        .arg(configuration)
        .env_clear()
        .env("OTEL_TRACES_EXPORTER", "none")
        .stdin(Stdio::null())
        .stdout(stream())
        .stderr(stream())
        .spawn()
        .expect("docker-registry can be started")
}

fn configure(directory: &Path, port: u16, variant: Variant) -> String {
    let at = directory.display();
    let when = |wanted: bool, text: String| if wanted { text } else { String::new() };
    let tls = format!("  tls: {{certificate: {at}/server.pem, key: {at}/server.key}}\n");
    let password = format!("auth: {{htpasswd: {{realm: ktrust, path: {at}/htpasswd}}}}\n");
    format!(
        "version: 0.1\nlog: {{level: info}}\nstorage:\n  filesystem: {{rootdirectory: {at}/storage}}\n  \
         delete: {{enabled: true}}\nhttp:\n  addr: 127.0.0.1:{port}\n{}{}",
        when(variant.tls, tls),
        when(variant.password, password),
    )
}

/// Makes an authority and, signed by it, a certificate for loopback; returns the authority's file.
fn certify(directory: &Path) -> PathBuf {
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    let openssl = |arguments: &[&str], input: Option<&str>| {
        if let Some(text) = input {
            std::fs::write(directory.join("extensions"), text).expect("a file for openssl");
        }
        let output = Command::new(tool("openssl")).args(arguments).current_dir(directory).output();
        let output = output.expect("openssl can be started");
        assert!(output.status.success(), "openssl: {}", String::from_utf8_lossy(&output.stderr));
    };
    let authority = ["req", "-x509", "-days", "30", "-subj", "/CN=ktrust test authority"];
    openssl(&[&authority[..], &key, &["-keyout", "authority.key", "-out", "authority.pem"]].concat(), None);
    let request = ["req", "-subj", "/CN=127.0.0.1", "-keyout", "server.key", "-out", "server.csr"];
    openssl(&[&request[..], &key].concat(), None);
    let names = "subjectAltName=IP:127.0.0.1,DNS:localhost\nbasicConstraints=CA:FALSE\n";
    let sign = "x509 -req -in server.csr -CA authority.pem -CAkey authority.key -CAcreateserial \
                -days 30 -extfile extensions -out server.pem";
    openssl(&sign.split_whitespace().collect::<Vec<_>>(), Some(names));
    directory.join("authority.pem")
}
