//! Why a signature does not count.

use ktrust_registry as registry;
use ktrust_sigstore::PayloadError;

/// What is wrong with one signature. Each is final: nothing else about that signature was believed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// What lies under the signature tag is no list of signatures at all.
    #[error("what is stored under the signature tag is not a signature manifest: {problem}")]
    MalformedManifest {
        /// What it is instead.
        problem: String,
    },
    /// The layer is of another sort.
    #[error("its media type is `{found}`")]
    MediaType {
        /// What the manifest says.
        found: String,
    },
    /// The layer has no signature annotation.
    #[error("it carries no signature")]
    NoSignature,
    /// The signature annotation is not base64, or not a signature of the key's algorithm.
    #[error("malformed signature")]
    MalformedSignature,
    /// The payload is not there, or is not what its digest says.
    #[error("its payload cannot be read: {0}")]
    Unreadable(registry::Error),
    /// The payload is longer than any payload.
    #[error("its payload of {size} bytes is too large")]
    TooLarge {
        /// The size that the manifest claims.
        size: u64,
    },
    /// Well formed, by none of the trusted keys.
    #[error("signed by another key, or changed after signing")]
    WrongKey,
    /// Made with a certificate, and the policy trusts keys only.
    #[error("a keyless signature, and only keys are trusted")]
    Keyless,
    /// Signed by a trusted key, but not a statement about an image.
    #[error("malformed payload: {0}")]
    MalformedPayload(PayloadError),
    /// Signed by a trusted key, about another image: a signature that was copied here.
    #[error("it signs {found}")]
    DigestMismatch {
        /// The digest that the payload names.
        found: String,
    },
    /// Signed by a trusted key, without a demanded annotation.
    #[error("annotation `{key}` is {}, not `{wanted}`", found.as_deref().map_or("absent".into(), |value| format!("`{value}`")))]
    Annotation {
        /// The annotation demanded.
        key: String,
        /// Its demanded value.
        wanted: String,
        /// The value in the payload.
        found: Option<String>,
    },
}

impl Reason {
    /// What on the command line would make this signature count, if anything should; it reads on from
    /// "would count".
    pub fn cure(&self) -> Option<String> {
        match self {
            Self::WrongKey => Some("with `--key` and that signer's public key".into()),
            Self::Keyless => Some(
                "with `--certificate-identity` and `--certificate-oidc-issuer`, which are not there yet"
                    .into(),
            ),
            Self::Annotation { key, wanted, .. } => Some(format!("without `-a {key}={wanted}`")),
            _ => None,
        }
    }
}
