//! Classes, cures, and the way from an answer to an error.

use std::time::Duration;

use ktrust_oci::ErrorKind as ContentKind;
use oci_client::errors::{OciEnvelope, OciErrorCode};
use reqwest::StatusCode;

use super::cloud;
use super::{Attempt, Error, ErrorKind, RegistryError, Request};

impl Error {
    /// The class of the error.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Unauthorized { .. } => ErrorKind::Auth,
            Self::Forbidden { .. } => ErrorKind::Forbidden,
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::Status { status, .. } if is_transient(*status) => ErrorKind::Transient,
            Self::Transport { .. } | Self::Timeout { .. } | Self::CutShort { .. } => ErrorKind::Transient,
            Self::Tls { .. } => ErrorKind::Tls,
            Self::Status { .. } | Self::Protocol { .. } | Self::Content { .. } => ErrorKind::Protocol,
            Self::Credentials { .. }
            | Self::Roots { .. }
            | Self::ClientCertificate { .. }
            | Self::Host { .. } => ErrorKind::Input,
            Self::Local(error) => match error.kind() {
                ContentKind::Input => ErrorKind::Input,
                ContentKind::Content => ErrorKind::Protocol,
                ContentKind::NotFound => ErrorKind::NotFound,
                ContentKind::Local => ErrorKind::Local,
            },
            Self::Setup(_) | Self::Io { .. } | Self::FileSize { .. } => ErrorKind::Local,
        }
    }

    /// Whether the same request may succeed later.
    pub fn is_transient(&self) -> bool {
        self.kind() == ErrorKind::Transient
    }

    /// What the registry said, where it said something.
    pub fn registry_errors(&self) -> &[RegistryError] {
        match self {
            Self::Unauthorized { errors, .. }
            | Self::Forbidden { errors, .. }
            | Self::NotFound { errors, .. }
            | Self::Status { errors, .. } => errors,
            _ => &[],
        }
    }

    /// The status of the answer, where there was one.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Unauthorized { .. } => Some(401),
            Self::Forbidden { .. } => Some(403),
            Self::NotFound { .. } => Some(404),
            Self::Status { status, .. } => Some(status.as_u16()),
            _ => None,
        }
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unauthorized { request, attempts, .. } => Some(credentials_hint(request, attempts)),
            Self::Forbidden { request, attempts, .. } if attempts.iter().all(is_anonymous) => {
                Some(credentials_hint(request, attempts))
            }
            Self::Forbidden { .. } => Some(
                "the account needs the right to read or write this repository; in a GitLab job of another project, \
                 allow this project in Settings > CI/CD > Job token permissions"
                    .into(),
            ),
            Self::NotFound { request, .. } if request.url.contains("docker.io/") => {
                Some("check the name and the tag; a private repository of Docker Hub needs credentials".into())
            }
            Self::NotFound { .. } => Some("check the name and the tag".into()),
            Self::Tls { source, request } => Some(tls_hint(source, request)),
            Self::Status { status, .. } => status_hint(*status, self.registry_errors()),
            Self::Transport { source, .. } if source.is_connect() => {
                Some("check the registry's name, the network, and HTTPS_PROXY and NO_PROXY".into())
            }
            Self::Credentials { .. } => {
                Some("expected Docker's config.json: {\"auths\": {\"HOST\": {\"auth\": \"…\"}}}".into())
            }
            Self::Local(error) => error.hint(),
            _ => None,
        }
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// Answers that are worth another try.
pub(crate) fn is_transient(status: StatusCode) -> bool {
    // 501 and 505 are answers about the request, not about the moment.
    matches!(status.as_u16(), 408 | 429 | 500 | 502..=504 | 506..=599)
}

/// The registry's error list, or the beginning of whatever else the body says.
pub(crate) fn read_errors(body: &[u8]) -> Vec<RegistryError> {
    if let Ok(envelope) = serde_json::from_slice::<OciEnvelope>(body) {
        let entries = envelope.errors.into_iter().take(8);
        return entries
            .map(|entry| RegistryError { code: code_text(&entry.code), message: shorten(&entry.message) })
            .collect();
    }
    let text = shorten(&String::from_utf8_lossy(body));
    let is_page = text.starts_with('<');
    if text.is_empty() || is_page {
        Vec::new()
    } else {
        vec![RegistryError { code: String::new(), message: text }]
    }
}

fn code_text(code: &OciErrorCode) -> String {
    match serde_json::to_value(code) {
        Ok(serde_json::Value::String(text)) => text,
        _ => String::new(),
    }
}

/// One line of at most 300 characters, without control characters, which could forge log lines.
fn shorten(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect();
    line.trim().to_owned()
}

fn host_of(request: &Request) -> &str {
    request.url.split('/').nth(2).unwrap_or_default()
}

fn is_anonymous(attempt: &Attempt) -> bool {
    attempt.origin == "anonymous"
}

fn credentials_hint(request: &Request, attempts: &[Attempt]) -> String {
    let host = match host_of(request) {
        "registry-1.docker.io" | "auth.docker.io" => "docker.io",
        other => other,
    };
    if let Some(how) = cloud::login(host) {
        return how;
    }
    let known = !attempts.iter().all(is_anonymous);
    let begin = if known { "give other credentials for" } else { "no credentials are known for" };
    format!(
        "{begin} `{host}`: run `docker login {host}`, or set DOCKER_AUTH_CONFIG; GitLab's own registry \
         takes CI_REGISTRY_USER and CI_REGISTRY_PASSWORD, which end with the job"
    )
}

fn tls_hint(error: &rustls::Error, request: &Request) -> String {
    let host = host_of(request);
    match error {
        rustls::Error::InvalidCertificate(_) => {
            format!("add the certificate authority of `{host}` with CI_SERVER_TLS_CA_FILE or SSL_CERT_FILE")
        }
        _ => format!("if `{host}` speaks plain HTTP, say so with `--insecure-registry {host}`"),
    }
}

fn status_hint(status: StatusCode, errors: &[RegistryError]) -> Option<String> {
    let said = |code: OciErrorCode| errors.iter().any(|error| error.known() == code);
    match status.as_u16() {
        429 => Some("the registry limits requests: log in, use a mirror or GitLab's dependency proxy".into()),
        413 => Some("a proxy before the registry limits the size of requests".into()),
        405 if said(OciErrorCode::Unsupported) => Some("the registry's operator has disabled this".into()),
        400 if errors.iter().any(|error| error.message.contains("HTTP request to an HTTPS server")) => {
            Some("the registry speaks HTTPS: it must not be given with `--insecure-registry`".into())
        }
        400 if said(OciErrorCode::ManifestInvalid) => {
            Some("the registry does not take this kind of manifest; try Docker's media types".into())
        }
        500..=599 => Some("the registry is in trouble; `retry:exit_codes: [75]` repeats the job".into()),
        _ => None,
    }
}
