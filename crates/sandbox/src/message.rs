//! What the builder and its helper process tell each other, as JSON over a socket. Paths are bytes.

use std::ffi::OsString;
use std::io;
use std::path::Path;

use ktrust_rootfs::Root;
use secrecy::{ExposeSecret, SecretSlice};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::command::Exit;
use crate::error::Error;
use crate::limit::Limit;

/// Everything that the helper needs.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Task {
    pub(crate) root: OsString,
    /// An empty directory of the builder's, to mount memory on.
    pub(crate) memory: OsString,
    pub(crate) args: Vec<OsString>,
    pub(crate) env: Vec<(OsString, OsString)>,
    pub(crate) secrets: Vec<(OsString, Hidden)>,
    pub(crate) cwd: OsString,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) groups: Vec<u32>,
    pub(crate) hostname: String,
    pub(crate) own_network: bool,
    /// A fresh /proc can be mounted, and so a PID namespace makes sense.
    pub(crate) own_pids: bool,
    pub(crate) mounts: Vec<MountTask>,
    pub(crate) limits: Vec<Limit>,
}

/// Bytes that are written only here, on their way from the builder to its helper.
#[derive(Debug, Clone)]
pub(crate) struct Hidden(pub(crate) SecretSlice<u8>);

impl Serialize for Hidden {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.expose_secret().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Hidden {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(|bytes| Self(bytes.into()))
    }
}

/// A mount. Its target exists, unless it lies in another one of the same command.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct MountTask {
    pub(crate) target: OsString,
    pub(crate) source: Source,
    /// The target was made for this command.
    pub(crate) is_stub: bool,
}

/// What is mounted.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Source {
    Bind { source: OsString, path: OsString, writable: bool },
    Tmpfs { size: Option<u64>, writable: bool },
    File { content: Hidden, mode: u32, uid: u32, gid: u32 },
}

impl Source {
    /// Whether it takes a directory to mount it on.
    pub(crate) fn is_directory(&self) -> Result<bool, Error> {
        match self {
            Self::Tmpfs { .. } => Ok(true),
            Self::File { .. } => Ok(false),
            Self::Bind { source, path, .. } => {
                let (root, path) = (Root::open(Path::new(source))?, Path::new(path));
                let found = root.stat(path)?.ok_or_else(|| ktrust_rootfs::Error::Missing(path.to_owned()))?;
                Ok(found.is_dir())
            }
        }
    }
}

/// How it ended.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Report {
    Exited(u8),
    Signalled(i32),
    NotFound { program: String },
    NotExecuted { program: String, errno: i32 },
    Failed { operation: String, path: OsString, errno: i32 },
}

impl Report {
    pub(crate) fn into_exit(self) -> Result<Exit, Error> {
        Err(match self {
            Self::Exited(code) => return Ok(Exit::Code(code)),
            Self::Signalled(signal) => return Ok(Exit::Signal(signal)),
            Self::NotFound { program } => Error::ProgramNotFound { program },
            Self::NotExecuted { program, errno } => {
                Error::Exec { program, source: io::Error::from_raw_os_error(errno) }
            }
            Self::Failed { operation, path, errno } => {
                let source = io::Error::from_raw_os_error(errno);
                Error::Path { operation: operation.into(), path: path.into(), source }
            }
        })
    }
}

/// A failure in the helper, on its way to the builder.
impl From<Error> for Report {
    fn from(error: Error) -> Self {
        let errno = |source: &io::Error| source.raw_os_error().unwrap_or(libc::EIO);
        match error {
            Error::ProgramNotFound { program } => Self::NotFound { program },
            Error::Exec { program, source } => Self::NotExecuted { program, errno: errno(&source) },
            Error::Path { operation, path, source } => {
                Self::Failed { operation: operation.into(), path: path.into(), errno: errno(&source) }
            }
            Error::System { operation, source } => {
                Self::Failed { operation: operation.into(), path: OsString::new(), errno: errno(&source) }
            }
            other => Self::Failed { operation: other.to_string(), path: OsString::new(), errno: libc::EIO },
        }
    }
}
