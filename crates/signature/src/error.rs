//! What stops signing or verifying. A bad signature is no error here: it is a
//! [`Finding`](crate::Finding).

use ktrust_oci as oci;
use ktrust_registry as registry;
use ktrust_sigstore as sigstore;

use crate::Verification;

/// The result of this crate's functions.
pub type Result<T> = std::result::Result<T, Error>;

/// Signing or verifying could not be carried out, or the image is not signed as demanded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The registry or the layout failed.
    #[error(transparent)]
    Registry(#[from] registry::Error),
    /// The key failed.
    #[error(transparent)]
    Key(#[from] sigstore::Error),
    /// What the repository holds does not parse.
    #[error(transparent)]
    Document(#[from] oci::Error),
    /// A manifest could not be serialised.
    #[error("cannot write the signature manifest")]
    Json(#[from] serde_json::Error),
    /// Something else lies under the signature tag; it is not overwritten.
    #[error("`{tag}` does not hold signatures: {problem}")]
    Occupied {
        /// The tag.
        tag: String,
        /// What is there.
        problem: String,
    },
    /// No more signatures fit.
    #[error("`{tag}` already holds {count} signatures (at most {limit})")]
    Full {
        /// The tag.
        tag: String,
        /// How many there are.
        count: usize,
        /// How many cosign reads.
        limit: usize,
    },
    /// Other signers kept overwriting the tag.
    #[error("the signature under `{tag}` was overwritten by other signers {attempts} times")]
    Lost {
        /// The tag.
        tag: String,
        /// How often it was written.
        attempts: u32,
    },
    /// None of the signatures counts.
    #[error("{}", describe(.0))]
    Unverified(Box<Verification>),
}

/// What a caller does about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Ask the registry's error.
    Registry,
    /// Ask the key's error.
    Key,
    /// The image is not signed as demanded.
    Unverified,
    /// The repository's content is in the way.
    Content,
    /// Others write at the same time: worth another try.
    Contended,
}

impl Error {
    /// Which sort of failure this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Registry(_) => ErrorKind::Registry,
            Self::Key(_) => ErrorKind::Key,
            Self::Unverified(_) => ErrorKind::Unverified,
            Self::Document(_) | Self::Json(_) | Self::Occupied { .. } | Self::Full { .. } => {
                ErrorKind::Content
            }
            Self::Lost { .. } => ErrorKind::Contended,
        }
    }

    /// The cure, if there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Registry(error) => error.hint(),
            Self::Key(error) => error.hint(),
            Self::Occupied { tag, .. } | Self::Full { tag, .. } => {
                Some(format!("delete the tag `{tag}` and sign again"))
            }
            Self::Unverified(verification) if verification.findings.is_empty() => {
                Some("sign it with `ksign sign`, or name the repository that holds its signatures".into())
            }
            _ => None,
        }
    }
}

fn describe(verification: &Verification) -> String {
    let subject = &verification.subject;
    match verification.findings.len() {
        0 => format!("`{subject}` is not signed"),
        1 => format!("the only signature of `{subject}` does not count"),
        count => format!("none of the {count} signatures of `{subject}` counts"),
    }
}
