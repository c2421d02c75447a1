//! What can go wrong with image content and layouts.

use std::path::{Path, PathBuf};

use crate::Digest;

/// The result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure, with what a caller needs to act on it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not a digest.
    #[error(
        "`{text}` is not a digest: expected `sha256:` and 64, or `sha512:` and 128 lower-case hexadecimal digits"
    )]
    Digest {
        /// What was given.
        text: String,
    },
    /// The text is not an image reference.
    #[error("`{text}` is not an image reference: {problem}")]
    Reference {
        /// What was given.
        text: String,
        /// The rule that it breaks.
        problem: ReferenceProblem,
    },
    /// The text is not a platform.
    #[error("`{text}` is not a platform: expected OS/ARCHITECTURE or OS/ARCHITECTURE/VARIANT")]
    Platform {
        /// What was given.
        text: String,
    },
    /// The bytes are not the JSON they should be.
    #[error("malformed {what}")]
    Json {
        /// What was being read, for example "image manifest".
        what: &'static str,
        /// Where it is malformed.
        source: serde_json::Error,
    },
    /// A manifest in the format that Docker abandoned in 2017.
    #[error("the manifest is in Docker's schema 1, which is not supported")]
    SchemaOne,
    /// The media type is none of a manifest or an index.
    #[error("`{media_type}` is not the media type of a manifest or an index")]
    MediaType {
        /// What was found.
        media_type: String,
    },
    /// The media type that came with a document differs from the one in it.
    #[error("the document says it is `{inside}`, but it was served as `{outside}`")]
    MediaTypeMismatch {
        /// As served, or as in the descriptor.
        outside: String,
        /// As in the document.
        inside: String,
    },
    /// The document can be read as a manifest and as an index, so two readers could see two images.
    #[error("the document is a manifest and an index at the same time")]
    Ambiguous,
    /// The content is not what the digest promises.
    #[error("wrong content: expected {expected}, got {actual}")]
    WrongDigest {
        /// As promised.
        expected: Digest,
        /// As computed.
        actual: Digest,
    },
    /// The content is shorter or longer than promised.
    #[error("wrong size: expected {expected} bytes, got {}{actual}", if actual > expected { "at least " } else { "" })]
    WrongSize {
        /// As promised, in bytes.
        expected: u64,
        /// As seen, in bytes; reading stops at the first byte too many.
        actual: u64,
    },
    /// The document is larger than any registry takes.
    #[error("the document is larger than {limit} bytes")]
    TooLarge {
        /// In bytes.
        limit: u64,
    },
    /// The directory is not an OCI image layout.
    #[error("`{}` is not an OCI image layout: {problem}", path.display())]
    NotALayout {
        /// The directory.
        path: PathBuf,
        /// What is missing or wrong in it.
        problem: &'static str,
    },
    /// The layout has no such image.
    #[error("the layout `{}` has no image `{tag}`", path.display())]
    TagNotFound {
        /// The layout.
        path: PathBuf,
        /// The tag that was asked for.
        tag: String,
        /// The tags that exist.
        known: Vec<String>,
    },
    /// The layout holds several images, or none, and no tag was given.
    #[error("the layout `{}` holds {} images and none is tagged `latest`", path.display(), count)]
    NoDefaultImage {
        /// The layout.
        path: PathBuf,
        /// How many entries the index has.
        count: usize,
        /// The tags that exist.
        known: Vec<String>,
    },
    /// The layout has no such blob.
    #[error("the layout `{}` has no blob {digest}", path.display())]
    BlobNotFound {
        /// The layout.
        path: PathBuf,
        /// The blob.
        digest: Digest,
    },
    /// A file could not be read or written.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// A verb: "read", "write", "rename".
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The operating system's answer.
        source: std::io::Error,
    },
}

/// Coarse classes of [`Error`], for exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// What the user wrote cannot be read.
    Input,
    /// The content is malformed or is not what its digest, size or media type promises.
    Content,
    /// The image or blob does not exist.
    NotFound,
    /// The operating system refused: disk full, permission, missing directory.
    Local,
}

impl Error {
    /// The class of the error.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Digest { .. }
            | Self::Reference { .. }
            | Self::Platform { .. }
            | Self::NotALayout { .. }
            | Self::NoDefaultImage { .. } => ErrorKind::Input,
            Self::TagNotFound { .. } | Self::BlobNotFound { .. } => ErrorKind::NotFound,
            Self::Io { .. } => ErrorKind::Local,
            _ => ErrorKind::Content,
        }
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::TagNotFound { known, .. } | Self::NoDefaultImage { known, .. } if !known.is_empty() => {
                Some(format!("write `oci:PATH:TAG`; the tags are {}", known.join(", ")))
            }
            Self::SchemaOne => {
                Some("pull and push the image once with a current client to convert it".into())
            }
            Self::Platform { .. } => Some("for example linux/amd64 or linux/arm/v7".into()),
            Self::Reference { problem: ReferenceProblem::Uppercase, .. } => Some(
                "repository names are lower case; use $CI_REGISTRY_IMAGE or $CI_PROJECT_PATH_SLUG".into(),
            ),
            Self::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
                Some("the disk is full".into())
            }
            _ => None,
        }
    }

    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }

    pub(crate) fn json(what: &'static str) -> impl FnOnce(serde_json::Error) -> Self {
        move |source| Self::Json { what, source }
    }
}

/// An error of this crate as an `io::Error`, for use inside `Read`; [`Error`] stays its inner error.
impl From<Error> for std::io::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Io { source, .. } => source,
            other => Self::new(std::io::ErrorKind::InvalidData, other),
        }
    }
}

/// Why a text is not an image reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceProblem {
    /// Nothing is left for the name.
    #[error("the name is empty")]
    Empty,
    /// The repository has an upper-case letter.
    #[error("the repository name must be lower case")]
    Uppercase,
    /// A component of the repository breaks the grammar.
    #[error("the repository name may hold a-z, 0-9 and single separators `.`, `_`, `__`, `-` between `/`")]
    Repository,
    /// The registry is no host with an optional port.
    #[error("the registry is not a host name with an optional port")]
    Registry,
    /// The tag breaks the grammar.
    #[error("a tag has at most 128 of A-Z, a-z, 0-9, `_`, `.`, `-`, and does not start with `.` or `-`")]
    Tag,
    /// What follows `@` is no digest.
    #[error("`@` must be followed by a sha256 or sha512 digest")]
    Digest,
    /// More than 255 characters.
    #[error("the name is longer than 255 characters")]
    TooLong,
    /// 64 hexadecimal digits could be taken for an image id.
    #[error("64 hexadecimal digits are an image id, not a name")]
    ImageId,
    /// The layout's path is missing.
    #[error("`oci:` must be followed by a path that starts with `/`, `./` or `../`")]
    LayoutPath,
}
