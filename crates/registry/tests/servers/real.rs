//! Debian's `docker-registry`, started on a free port and killed by its handle.
#![expect(clippy::disallowed_methods, reason = "the tests are told by variables where the server is")]

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ktrust_registry::ClientCertificate;
use tempfile::TempDir;

/// The user of a registry that asks for one.
pub(crate) const USER: &str = "ktrust";
/// That user's password.
pub(crate) const PASSWORD: &str = "correct horse";
/// `htpasswd -nbB -C 4` of the two: the registry takes bcrypt alone.
const HTPASSWD: &str = "ktrust:$2b$04$rBFVbySO7AWTgnfZcw0cIOAoiRFxVZvwYYU4ZtHhZfYJCVD/Pnp1y\n";

/// A running registry.
pub(crate) struct Registry {
    server: Child,
    pub(crate) host: String,
    pub(crate) directory: TempDir,
}

/// What kind of registry is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    Password,
    Tls,
    /// With TLS, and only for those who show a certificate of the authority.
    Identified,
}

impl Registry {
    /// Starts until a start succeeds: another process may take the free port in between.
    pub(crate) fn start(kind: Kind) -> Self {
        let program = program();
        for _ in 0..5 {
            let directory = tempfile::tempdir().unwrap();
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            if matches!(kind, Kind::Tls | Kind::Identified) {
                certify(directory.path());
            }
            std::fs::write(directory.path().join("htpasswd"), HTPASSWD).unwrap();
            let configuration = directory.path().join("config.yml");
            std::fs::write(&configuration, configure(directory.path(), port, kind)).unwrap();
            let log = std::fs::File::create(directory.path().join("log")).unwrap();
            let server = Command::new(&program)
                .arg("serve")
                .arg(&configuration)
                .env_clear()
                .env("OTEL_TRACES_EXPORTER", "none")
                .stdout(Stdio::null())
                .stderr(log)
                .spawn()
                .unwrap();
            let mut registry = Self { server, host: format!("127.0.0.1:{port}"), directory };
            if registry.answers() {
                return registry;
            }
        }
        panic!("docker-registry does not start");
    }

    pub(crate) fn image(&self, name: &str) -> String {
        format!("{}/{name}", self.host)
    }

    /// The PEM text of the authority of a registry with TLS.
    pub(crate) fn authority(&self) -> Vec<u8> {
        std::fs::read(self.directory.path().join("ca.pem")).unwrap()
    }

    /// A certificate that the authority signed, and its key; the server's own does.
    pub(crate) fn certificate(&self) -> ClientCertificate {
        let read = |name: &str| std::fs::read(self.directory.path().join(name)).unwrap();
        let key = String::from_utf8(read("server.key")).unwrap().into();
        ClientCertificate { chain: read("server.pem"), key }
    }

    /// What the registry wrote about the requests that it got.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap()
    }

    /// A path in the registry's storage.
    pub(crate) fn storage(&self, below: &str) -> PathBuf {
        self.directory.path().join("storage/docker/registry/v2").join(below)
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

/// A missing server fails the test: a check that did not run has not passed.
fn program() -> PathBuf {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = set("KTRUST_TOOLS")
        .or_else(|| Some(set("XDG_CACHE_HOME")?.join("ktrust/tools")))
        .or_else(|| Some(set("HOME")?.join(".cache/ktrust/tools")));
    let cached = cache.map(|cache| cache.join("docker-registry/bin/docker-registry"));
    let candidates = cached.into_iter().chain(["/usr/bin/docker-registry".into()]);
    { candidates }
        .find(|path| path.is_file())
        .expect("`docker-registry` is not installed: run `cargo xtask test`, which installs it")
}

fn configure(directory: &Path, port: u16, kind: Kind) -> String {
    let at = directory.display();
    let more = match kind {
        Kind::Plain => String::new(),
        Kind::Password => format!("auth: {{htpasswd: {{realm: ktrust, path: {at}/htpasswd}}}}\n"),
        Kind::Tls => format!("  tls: {{certificate: {at}/server.pem, key: {at}/server.key}}\n"),
        Kind::Identified => format!(
            "  tls: {{certificate: {at}/server.pem, key: {at}/server.key, clientcas: [{at}/ca.pem]}}\n"
        ),
    };
    format!(
        "version: 0.1\nlog: {{level: info}}\nstorage:\n  filesystem: {{rootdirectory: {at}/storage}}\n  \
         delete: {{enabled: true}}\nhttp:\n  addr: 127.0.0.1:{port}\n{more}"
    )
}

/// Makes an authority and, signed by it, a certificate for loopback.
fn certify(directory: &Path) {
    let openssl = |arguments: &str| {
        let output = Command::new("openssl")
            .args(arguments.split_whitespace())
            .current_dir(directory)
            .output()
            .expect("`openssl` is not installed: run `cargo xtask test`, which installs it");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let extensions = "subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n";
    std::fs::write(directory.join("extensions"), extensions).unwrap();
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    openssl(&format!("req -x509 {key} -keyout ca.key -out ca.pem -subj /CN=authority -days 2"));
    openssl(&format!("req {key} -keyout server.key -out server.csr -subj /CN=server"));
    openssl(
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem -days 2 \
         -extfile extensions",
    );
}
