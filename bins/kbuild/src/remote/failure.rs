//! Why something could not be fetched.

use ktrust_console::Exit;
use ktrust_pipeline::exit;

use super::git::{is_refusal, is_weather};

/// A fetch that failed. Nothing in it is secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The address is none, or what it names is not there.
    #[error("`{address}`: {why}")]
    Address { address: String, why: String },
    #[error("cannot fetch `{address}`")]
    Download { address: String, source: ktrust_registry::Error },
    /// The content is not what the Dockerfile says.
    #[error("`{address}` is {actual}, not {expected}")]
    Checksum { address: String, expected: String, actual: String },
    #[error("`git {command}` failed for `{remote}`: {said}")]
    Git { remote: String, command: String, said: String },
    #[error("there is no `git` here to fetch with")]
    GitMissing,
    /// What came as a context is no tar archive.
    #[error("the context from {origin} cannot be unpacked")]
    Archive { origin: String, source: ktrust_rootfs::Error },
}

impl Failure {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Download { source, .. } => exit::registry(source),
            Self::Git { said, .. } if is_refusal(said) => Exit::RegistryAuth,
            Self::Git { said, .. } if is_weather(said) => Exit::Transient,
            Self::Address { .. } | Self::Checksum { .. } | Self::Git { .. } => Exit::SourceNotFound,
            Self::GitMissing => Exit::LocalResource,
            Self::Archive { .. } => Exit::Usage,
        }
    }

    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::Download { source, .. } => match source.status() {
                Some(401 | 403) => Some(
                    "give a secret for the host: `--secret id=HTTP_AUTH_TOKEN_HOST,env=VARIABLE` (a bearer token) or \
                     `HTTP_AUTH_HEADER_HOST` (the whole header)"
                        .into(),
                ),
                Some(404) => Some("check the address".into()),
                _ => source.hint(),
            },
            Self::Checksum { .. } => {
                Some("the source has changed, or the checksum is of something else".into())
            }
            Self::Git { said, .. } if is_refusal(said) => Some(
                "give a token: `--secret id=GIT_AUTH_TOKEN,env=VARIABLE`; for `git@…` forward an agent: `--ssh default`"
                    .into(),
            ),
            Self::Git { .. } | Self::Address { .. } | Self::Archive { .. } => None,
            Self::GitMissing => Some(
                "install git where kbuild runs (`apt-get install git`, `apk add git`), or fetch an archive by its URL"
                    .into(),
            ),
        }
    }
}
