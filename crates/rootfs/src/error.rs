//! What can go wrong with a directory tree or an archive, and what cures it.

use std::io;
use std::path::{Path, PathBuf};

/// The result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An operation on a tree, a layer or an archive failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A system call failed on a path (inside the root unless it is absolute).
    #[error("cannot {operation} `{}`", path.display())]
    Io {
        /// What was attempted, as a verb phrase.
        operation: &'static str,
        /// The path concerned.
        path: PathBuf,
        /// The kernel's answer.
        source: io::Error,
    },
    /// The stream of a layer or archive broke or failed its verification.
    #[error("cannot read the archive")]
    Read(#[source] io::Error),
    /// The output could not be written.
    #[error("cannot write the layer")]
    Write(#[source] io::Error),
    /// The bytes are no valid tar archive.
    #[error("malformed archive at byte {offset}: {problem}")]
    Malformed {
        /// Offset in the uncompressed archive.
        offset: u64,
        /// What is wrong there.
        problem: &'static str,
    },
    /// Symbolic links lead in a circle.
    #[error("too many symbolic links at `{}`", .0.display())]
    LinkLoop(PathBuf),
    /// Nothing is at the path.
    #[error("`{}` does not exist", .0.display())]
    Missing(PathBuf),
    /// A directory is needed and something else is there.
    #[error("`{}` is not a directory", .0.display())]
    NotADirectory(PathBuf),
    /// A directory would be replaced by a file.
    #[error("`{}` is a directory and cannot be replaced by a file", .0.display())]
    IsADirectory(PathBuf),
    /// A file's size changed between the look and the read.
    #[error("`{}` changed while it was read", .0.display())]
    Changed(PathBuf),
    /// A name that layers reserve for deletions.
    #[error("`{}` cannot be kept in a layer: names that start with `.wh.` mean deletion there", .0.display())]
    ReservedName(PathBuf),
    /// An extended attribute's name cannot be written into an archive.
    #[error("extended attribute `{name}` of `{}` cannot be kept in a layer", path.display())]
    AttributeName {
        /// The file.
        path: PathBuf,
        /// The attribute.
        name: String,
    },
    /// A user that the image does not know.
    #[error("user `{0}` is not in the image's /etc/passwd")]
    UnknownUser(String),
    /// A group that the image does not know.
    #[error("group `{0}` is not in the image's /etc/group")]
    UnknownGroup(String),
    /// Neither a name nor a number in the range of ids.
    #[error("`{0}` is not a user or group id")]
    Id(String),
    /// Storing the layer failed.
    #[error(transparent)]
    Store(#[from] ktrust_oci::Error),
}

/// Who has to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The Dockerfile, the context or an archive has to change.
    Input,
    /// A source is missing.
    NotFound,
    /// The machine refused: disk full, permission, limits.
    Local,
}

impl Error {
    /// Who has to act.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Missing(_) => ErrorKind::NotFound,
            Self::Io { .. } | Self::Read(_) | Self::Write(_) | Self::Changed(_) | Self::Store(_) => {
                ErrorKind::Local
            }
            _ => ErrorKind::Input,
        }
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Io { source, .. } | Self::Write(source) => errno_hint(source).map(str::to_owned),
            Self::ReservedName(_) => Some("rename or delete the file in the step that creates it".into()),
            Self::Changed(_) => {
                Some("something else writes to this tree; build from a checkout of its own".into())
            }
            Self::UnknownUser(_) | Self::UnknownGroup(_) => {
                Some("create it in an earlier RUN step, or use the number".into())
            }
            Self::IsADirectory(_) => Some("end the destination with `/` or choose another name".into()),
            _ => None,
        }
    }

    /// Adapter for `map_err`: `.map_err(Error::io("open", path))`.
    pub(crate) fn io<E: Into<io::Error>>(operation: &'static str, path: &Path) -> impl FnOnce(E) -> Self {
        move |source| Self::Io { operation, path: path.to_owned(), source: source.into() }
    }
}

fn errno_hint(error: &io::Error) -> Option<&'static str> {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Some("free disk space or give the job a larger volume")
        }
        io::ErrorKind::PermissionDenied => {
            Some("keeping owners and devices needs root in the build's namespace")
        }
        _ => None,
    }
}
