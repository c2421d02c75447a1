//! What can go wrong between here and a registry.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use oci_client::errors::OciErrorCode;
use reqwest::{Method, StatusCode, Url};

/// The result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure, with what a caller needs to act on it. Nothing in it is secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The registry wants credentials and takes none that we have.
    #[error("the registry does not accept the credentials: {request}{}{}", List(errors), Attempts(attempts))]
    Unauthorized {
        /// The request.
        request: Request,
        /// The registry's words.
        errors: Vec<RegistryError>,
        /// What was tried, in order.
        attempts: Vec<Attempt>,
    },
    /// The registry knows who we are and says no.
    #[error("the registry denies access: {request}{}{}", List(errors), Attempts(attempts))]
    Forbidden {
        /// The request.
        request: Request,
        /// The registry's words.
        errors: Vec<RegistryError>,
        /// What was tried, in order.
        attempts: Vec<Attempt>,
    },
    /// There is no such repository, tag, manifest or blob.
    #[error("not found: {request}{}", List(errors))]
    NotFound {
        /// The request.
        request: Request,
        /// The registry's words.
        errors: Vec<RegistryError>,
    },
    /// Another answer than expected.
    #[error("{request} answered {status}{}", List(errors))]
    Status {
        /// The request.
        request: Request,
        /// The status.
        status: StatusCode,
        /// The registry's words.
        errors: Vec<RegistryError>,
        /// How long the registry asks to wait.
        retry_after: Option<Duration>,
    },
    /// The connection could not be made or broke.
    #[error("{request} failed")]
    Transport {
        /// The request.
        request: Request,
        /// What happened.
        source: reqwest::Error,
    },
    /// Nothing happened for too long.
    #[error("{request} timed out: nothing happened for {} seconds", after.as_secs_f32())]
    Timeout {
        /// The request.
        request: Request,
        /// How long.
        after: Duration,
    },
    /// The connection ended before the content did.
    #[error("{request} ended after {actual} of {expected} bytes")]
    CutShort {
        /// The request.
        request: Request,
        /// The size of the content, in bytes.
        expected: u64,
        /// What arrived, in bytes.
        actual: u64,
    },
    /// TLS failed: an unknown certificate, or no TLS at all.
    #[error("no secure connection to the registry: {request}")]
    Tls {
        /// The request.
        request: Request,
        /// What happened.
        source: rustls::Error,
    },
    /// The registry breaks the specification.
    #[error("{request}: {violation}")]
    Protocol {
        /// The request.
        request: Request,
        /// How.
        violation: Violation,
    },
    /// The content is not what it should be.
    #[error("wrong content from {request}")]
    Content {
        /// The request.
        request: Request,
        /// What is wrong.
        source: ktrust_oci::Error,
    },
    /// A source of credentials cannot be read.
    #[error("the credentials in {origin} cannot be read: {problem}")]
    Credentials {
        /// The source.
        origin: String,
        /// What is wrong, without the content.
        problem: String,
    },
    /// An extra root of trust is no certificate.
    #[error("extra certificate authority {number} is no PEM certificate: {problem}")]
    Roots {
        /// Which one of [`crate::Settings::extra_roots`], from 1.
        number: usize,
        /// What is wrong.
        problem: String,
    },
    /// A certificate of ours cannot be used.
    #[error("the client certificate for `{host}` cannot be used: {problem}")]
    ClientCertificate {
        /// The registry that it is for.
        host: String,
        /// What is wrong, without the content.
        problem: String,
    },
    /// The HTTP client could not be set up.
    #[error("the HTTP client cannot be set up")]
    Setup(#[source] reqwest::Error),
    /// The name of a registry makes no URL.
    #[error("`{host}` is not the name of a registry")]
    Host {
        /// As given.
        host: String,
    },
    /// A layout or a downloaded file.
    #[error(transparent)]
    Local(#[from] ktrust_oci::Error),
    /// A local file could not be read or written.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// A verb: "read", "write".
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// The file to push changed after it was described.
    #[error("`{}` has {actual} bytes, but its descriptor says {expected}", path.display())]
    FileSize {
        /// The file.
        path: PathBuf,
        /// As described.
        expected: u64,
        /// As found.
        actual: u64,
    },
}

/// How a registry broke the specification.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// A header is missing or unreadable.
    #[error("the answer has no usable `{0}` header")]
    Header(&'static str),
    /// The registry calls our content by another name.
    #[error("the registry says the digest is {actual}, it is {expected}")]
    Digest {
        /// Ours.
        expected: String,
        /// The registry's.
        actual: String,
    },
    /// More bytes than allowed.
    #[error("the answer is longer than {0} bytes")]
    TooLong(u64),
    /// Not the JSON it should be.
    #[error("the answer is not a {0}")]
    Json(&'static str),
    /// A blob came from another place than asked for.
    #[error("the registry sent another range than asked for")]
    Range,
    /// Credentials would go over the network in the clear.
    #[error("the registry sends us to `{0}` for a token, which is not secure")]
    InsecureRealm(String),
}

/// Coarse classes of [`Error`], for exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The credentials are missing or wrong.
    Auth,
    /// The credentials do not suffice.
    Forbidden,
    /// What was asked for does not exist.
    NotFound,
    /// It may work later.
    Transient,
    /// There is no trust in the server.
    Tls,
    /// The registry's answer makes no sense or is not what was promised.
    Protocol,
    /// What the user gave cannot be used.
    Input,
    /// Disk, permission.
    Local,
}

/// A request as it may be shown: no credentials, no values of unknown query parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The URL.
    pub url: String,
}

/// One entry of a registry's error list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryError {
    /// `MANIFEST_UNKNOWN`, `DENIED`, …
    pub code: String,
    /// Words.
    pub message: String,
}

/// One set of credentials and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The source: a variable's name, a file's path, `anonymous`.
    pub origin: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a set of credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Refused with this status.
    Refused(u16),
    /// Could not be used, and why.
    Unusable(String),
}

mod cloud;
mod describe;

pub(crate) use describe::{is_transient, read_errors};

/// The query parameters whose values are shown.
const SHOWN: [&str; 8] = ["mount", "from", "digest", "n", "last", "scope", "service", "artifactType"];

impl Request {
    pub(crate) fn new(method: &Method, url: &Url) -> Self {
        let mut shown = url.clone();
        let _ = shown.set_password(None);
        let _ = shown.set_username("");
        if url.query().is_some() {
            let show = |name: &str, value: String| if SHOWN.contains(&name) { value } else { "…".into() };
            let pairs: Vec<_> = url
                .query_pairs()
                .map(|(name, value)| format!("{name}={}", show(&name, value.into_owned())))
                .collect();
            shown.set_query(None);
            return Self { method: method.clone(), url: format!("{shown}?{}", pairs.join("&")) };
        }
        Self { method: method.clone(), url: shown.into() }
    }
}

impl fmt::Display for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method, self.url)
    }
}

struct List<'a>(&'a [RegistryError]);

impl fmt::Display for List<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, error) in self.0.iter().enumerate() {
            write!(formatter, "{}{error}", if number == 0 { ": " } else { "; " })?;
        }
        Ok(())
    }
}

impl fmt::Display for RegistryError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code.as_str(), self.message.as_str()) {
            ("", message) => formatter.write_str(message),
            (code, "") => formatter.write_str(code),
            (code, message) => write!(formatter, "{code} ({message})"),
        }
    }
}

struct Attempts<'a>(&'a [Attempt]);

impl fmt::Display for Attempts<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, attempt) in self.0.iter().enumerate() {
            write!(formatter, "{}{attempt}", if number == 0 { "; tried " } else { ", then " })?;
        }
        Ok(())
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.outcome {
            Outcome::Refused(status) => write!(formatter, "{} (answer {status})", self.origin),
            Outcome::Unusable(why) => write!(formatter, "{} ({why})", self.origin),
        }
    }
}

impl RegistryError {
    /// The code as a type.
    pub fn known(&self) -> OciErrorCode {
        serde_json::from_value(self.code.as_str().into())
            .unwrap_or_else(|_| OciErrorCode::Other(self.code.clone()))
    }
}

#[cfg(test)]
mod tests;
