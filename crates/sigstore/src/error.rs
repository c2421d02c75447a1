//! What can go wrong with keys, payloads and signatures.

use std::error::Error as StdError;

/// The result of this crate's functions.
pub type Result<T> = std::result::Result<T, Error>;

/// A key, a payload or a signature that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text has no PEM block.
    #[error("not a PEM file")]
    NotPem,
    /// The text is longer than any key.
    #[error("{size} bytes are too many for a key (at most {limit})")]
    TooLong {
        /// What came.
        size: usize,
        /// What is read.
        limit: usize,
    },
    /// PEM encrypted by OpenSSL's old scheme (`Proc-Type: 4,ENCRYPTED`).
    #[error("the key is encrypted in OpenSSL's old PEM form, which is not supported")]
    LegacyEncryption,
    /// A PEM block of another sort than asked for.
    #[error("a `{label}` PEM block is not a {wanted}")]
    UnexpectedLabel {
        /// What the file says it holds.
        label: String,
        /// What was asked for.
        wanted: &'static str,
    },
    /// The PEM block's bytes are not what its label says.
    #[error("malformed {what}")]
    MalformedKey {
        /// Which structure did not parse.
        what: &'static str,
        /// Why not.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// A key of an algorithm that signatures here are never made with.
    #[error("unsupported key: {algorithm}")]
    UnsupportedKey {
        /// The algorithm's name or object identifier.
        algorithm: String,
    },
    /// An RSA key outside 2,048 to 4,096 bits.
    #[error("an RSA key of {bits} bits is outside 2048 to 4096")]
    RsaSize {
        /// The size of the modulus.
        bits: u32,
    },
    /// An encrypted key and no password.
    #[error("the private key is encrypted and no password is given")]
    PasswordMissing,
    /// The password is wrong, or the file is damaged: the cipher cannot tell which.
    #[error("the private key does not decrypt: wrong password, or a damaged file")]
    Decrypt,
    /// The encrypted file names a cipher or derivation that cosign never used.
    #[error("unsupported {what} `{name}` in the encrypted key")]
    UnsupportedEncryption {
        /// `key derivation` or `cipher`.
        what: &'static str,
        /// What the file says.
        name: String,
    },
    /// The derivation would cost more memory and time than any key of cosign's.
    #[error("refused scrypt parameters N={n} r={r} p={p} in the encrypted key")]
    ScryptCost {
        /// Work factor.
        n: u64,
        /// Block size.
        r: u32,
        /// Parallelism.
        p: u32,
    },
    /// The system has no random numbers.
    #[error("no random numbers from the system")]
    Random(#[source] getrandom::Error),
    /// The key could not sign.
    #[error("signing failed")]
    Sign(#[source] Box<dyn StdError + Send + Sync>),
    /// The signature is not even of the key's form.
    #[error("the signature is not a {form} signature")]
    MalformedSignature {
        /// The form that the key makes.
        form: &'static str,
    },
    /// A well-formed signature by another key or over other bytes.
    #[error("the signature does not match the key")]
    WrongSignature,
}

/// What a caller does about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The user gave a key that cannot be used.
    Key,
    /// The user gave no password, or a wrong one.
    Password,
    /// The signature is bad.
    Signature,
    /// This machine failed.
    Local,
}

impl Error {
    /// Which sort of failure this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::PasswordMissing | Self::Decrypt => ErrorKind::Password,
            Self::MalformedSignature { .. } | Self::WrongSignature => ErrorKind::Signature,
            Self::Random(_) | Self::Sign(_) => ErrorKind::Local,
            _ => ErrorKind::Key,
        }
    }

    /// The cure, if there is one.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::NotPem => "a key is a file that starts with `-----BEGIN …-----`",
            Self::LegacyEncryption => "convert it with `openssl pkcs8 -topk8 -nocrypt`",
            Self::UnexpectedLabel { wanted: "public key", label } if label.contains("PRIVATE") => {
                "verification takes the public half, `cosign.pub`"
            }
            Self::UnexpectedLabel { wanted: "private key", label } if label.contains("PUBLIC") => {
                "signing takes the private half, `cosign.key`"
            }
            Self::PasswordMissing | Self::Decrypt => {
                "set `COSIGN_PASSWORD`; an empty value is the empty password"
            }
            Self::ScryptCost { .. } => "make the key with `ksign generate-key-pair`",
            _ => return None,
        };
        Some(text.to_owned())
    }

    pub(crate) fn malformed(what: &'static str, source: impl StdError + Send + Sync + 'static) -> Self {
        Self::MalformedKey { what, source: Box::new(source) }
    }
}

/// Why bytes are not an acceptable simple signing payload.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PayloadError {
    /// More than [`MAX_PAYLOAD_SIZE`](crate::MAX_PAYLOAD_SIZE).
    #[error("the payload has {size} bytes, more than {}", crate::MAX_PAYLOAD_SIZE)]
    TooLarge {
        /// What came.
        size: usize,
    },
    /// Not the JSON of a payload.
    #[error("the payload is not a simple signing document")]
    Json(#[source] serde_json::Error),
    /// Another sort of simple signing, such as an atomic container signature.
    #[error("the payload's type is `{found}`, not `{}`", crate::PAYLOAD_TYPE)]
    Type {
        /// What it says.
        found: String,
    },
}
