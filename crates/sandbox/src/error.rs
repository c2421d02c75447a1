//! Why a command could not be run, and what cures it.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

/// The result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The one operation on a path that the build step itself is to blame for.
pub(crate) const CHANGE_DIRECTORY: &str = "change to directory";

/// The sandbox failed. That a command ends with a code other than 0 is no error of the sandbox.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A system call failed.
    #[error("cannot {operation}")]
    System {
        /// What was attempted, as a verb phrase.
        operation: Cow<'static, str>,
        /// The kernel's answer.
        source: io::Error,
    },
    /// A system call failed on a path.
    #[error("cannot {operation} `{}`", path.display())]
    Path {
        /// What was attempted.
        operation: Cow<'static, str>,
        /// The path, inside the root or of the host.
        path: PathBuf,
        /// The kernel's answer.
        source: io::Error,
    },
    /// The program is nowhere in the root's `PATH`.
    #[error("program `{program}` was not found in the image")]
    ProgramNotFound {
        /// As it was asked for.
        program: String,
    },
    /// The program exists and cannot be started.
    #[error("cannot start `{program}`")]
    Exec {
        /// Its path inside the root.
        program: String,
        /// The kernel's answer.
        source: io::Error,
    },
    /// A command without a program.
    #[error("the command is empty")]
    EmptyCommand,
    /// Neither root with enough privileges nor a range of user ids.
    #[error("this environment maps only {ids} user id(s), but files of an image need at least 65536")]
    TooFewIds {
        /// Ids that could be mapped.
        ids: u64,
    },
    /// Namespaces are forbidden here.
    #[error("this environment does not allow namespaces")]
    NamespacesForbidden(#[source] io::Error),
    /// Overlayfs cannot be mounted.
    #[error("cannot mount an overlay in `{}`", scratch.display())]
    Overlay {
        /// The scratch directory.
        scratch: PathBuf,
        /// The kernel's answer.
        source: io::Error,
    },
    /// `enter` was called by a program that has threads already.
    #[error("namespaces cannot be entered once threads run")]
    Threads,
    /// The helper process ended without a report.
    #[error("the sandbox's helper process ended early")]
    HelperLost,
    /// The switch was pulled.
    #[error("cancelled")]
    Cancelled,
    /// A change to the tree failed.
    #[error(transparent)]
    Tree(#[from] ktrust_rootfs::Error),
}

/// Who has to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The build step is at fault: its program, directory or mounts.
    Step,
    /// This environment lacks a privilege.
    Unsupported,
    /// The machine refused: disk, memory, limits.
    Local,
    /// The build was stopped.
    Cancelled,
}

impl Error {
    /// Who has to act.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::ProgramNotFound { .. } | Self::Exec { .. } | Self::EmptyCommand => ErrorKind::Step,
            Self::Path { operation, .. } if operation == CHANGE_DIRECTORY => ErrorKind::Step,
            Self::TooFewIds { .. } | Self::NamespacesForbidden(_) | Self::Overlay { .. } => {
                ErrorKind::Unsupported
            }
            Self::Cancelled => ErrorKind::Cancelled,
            Self::Tree(error) if error.kind() != ktrust_rootfs::ErrorKind::Local => ErrorKind::Step,
            Self::System { .. } | Self::Path { .. } | Self::Threads | Self::HelperLost | Self::Tree(_) => {
                ErrorKind::Local
            }
        }
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Tree(error) => return error.hint(),
            Self::ProgramNotFound { .. } => "install it in an earlier step, or write the program's full path",
            Self::Exec { source, .. } => exec_hint(source)?,
            Self::TooFewIds { .. } => {
                "run the job as root with the capabilities SETUID, SETGID and SETFCAP, or give the user a range of \
                 ids in /etc/subuid and /etc/subgid and install newuidmap (package uidmap)"
            }
            Self::NamespacesForbidden(_) => {
                "the pod's seccomp profile or the node (sysctl user.max_user_namespaces, \
                 kernel.apparmor_restrict_unprivileged_userns) forbids them; a Dockerfile without RUN builds anyway"
            }
            Self::Overlay { .. } => {
                "overlayfs cannot lie on another overlay, which a container's own `/` is: use a volume (in GitLab \
                 the build directory is one)"
            }
            _ => return None,
        };
        Some(text.to_owned())
    }

    /// Adapter for `map_err` without a path.
    pub(crate) fn system<E: Into<io::Error>>(operation: &'static str) -> impl FnOnce(E) -> Self {
        move |source| Self::System { operation: operation.into(), source: source.into() }
    }

    /// Adapter for `map_err` with a path.
    pub(crate) fn path<E: Into<io::Error>>(operation: &'static str, path: &Path) -> impl FnOnce(E) -> Self {
        move |source| Self::Path { operation: operation.into(), path: path.to_owned(), source: source.into() }
    }
}

fn exec_hint(error: &io::Error) -> Option<&'static str> {
    match error.raw_os_error()? {
        libc::ENOEXEC => {
            Some("it is made for another architecture, or is a script without `#!` in its first line")
        }
        libc::EACCES => Some("it is not executable: add `chmod +x` or COPY --chmod"),
        libc::ENOENT => Some("it is there, but the interpreter or loader that it names is not"),
        _ => None,
    }
}
