//! What is run, and what comes back.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use ktrust_rootfs::Identity;
use secrecy::SecretSlice;

use crate::limit::Limit;

/// A command in a workspace.
#[derive(Debug, Clone)]
pub struct Command {
    /// Program and arguments. A program without `/` is looked up in the environment's `PATH`, in the root.
    pub args: Vec<OsString>,
    /// The environment, in this order. Of two entries with one name the later one counts.
    pub env: Vec<(OsString, OsString)>,
    /// Variables behind those of `env` whose values nobody else may see.
    pub secrets: Vec<(OsString, SecretSlice<u8>)>,
    /// Working directory inside the root. A missing one is made, belongs to `user` and stays.
    pub cwd: PathBuf,
    /// Who the process is.
    pub user: Identity,
    /// Mounts on top of the usual ones, in this order.
    pub mounts: Vec<Mount>,
    /// Reach of the network.
    pub network: Network,
    /// Host name; BuildKit's is `buildkitsandbox`.
    pub hostname: String,
    /// Lines for /etc/hosts: name and address.
    pub extra_hosts: Vec<(String, String)>,
    /// Resource limits; those that are not named are the builder's.
    pub limits: Vec<Limit>,
}

impl Command {
    /// A command as root in `/`, with an empty environment, the host's network and nothing else.
    pub fn new(args: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        Self {
            args: args.into_iter().map(Into::into).collect(),
            env: Vec::new(),
            secrets: Vec::new(),
            cwd: PathBuf::from("/"),
            user: Identity::default(),
            mounts: Vec::new(),
            network: Network::Host,
            hostname: "buildkitsandbox".into(),
            extra_hosts: Vec::new(),
            limits: Vec::new(),
        }
    }
}

/// Something put into the tree for one command only. A mount point that does not exist is made, and
/// removed afterwards with the directories made for it, if they are still empty.
#[derive(Debug, Clone)]
pub struct Mount {
    /// Path inside the root; links are followed inside it.
    pub target: PathBuf,
    /// What is there.
    pub kind: MountKind,
}

/// What a mount shows.
#[derive(Debug, Clone)]
pub enum MountKind {
    /// A file, directory or socket below a directory of the host.
    Bind {
        /// The directory.
        source: PathBuf,
        /// The path below it. Links are followed as if the directory were `/`, so that nobody who can
        /// write to it can make anything else appear.
        path: PathBuf,
        /// Whether the command may write to it.
        writable: bool,
    },
    /// An empty directory in memory. It has the mode of the directory that it hides, or else 1777.
    Tmpfs {
        /// Limit in bytes; half of the memory when `None`.
        size: Option<u64>,
        /// Whether the command may write to it.
        writable: bool,
    },
    /// A read-only file in memory, for secrets: its bytes never reach a disk.
    File {
        /// The bytes.
        content: SecretSlice<u8>,
        /// Permission bits.
        mode: u32,
        /// Owner.
        uid: u32,
        /// Group.
        gid: u32,
    },
}

/// Reach of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Network {
    /// The builder's own.
    #[default]
    Host,
    /// A loopback interface and nothing else.
    None,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It ended by itself with this code.
    Code(u8),
    /// A signal with this number ended it.
    Signal(i32),
}

impl Exit {
    /// Whether the command succeeded.
    pub fn success(self) -> bool {
        self == Self::Code(0)
    }

    /// The code as a shell reports it: 128 and the signal's number.
    pub fn shell_code(self) -> u8 {
        match self {
            Self::Code(code) => code,
            Self::Signal(signal) => 128_u8.saturating_add(signal as u8),
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(formatter, "exit code {code}"),
            Self::Signal(signal) => write!(formatter, "signal {signal}"),
        }
    }
}

/// Takes what a command prints, in pieces of any size. The command waits while a piece is taken.
pub trait Output {
    /// Bytes of the standard output.
    fn stdout(&mut self, bytes: &[u8]);
    /// Bytes of the standard error.
    fn stderr(&mut self, bytes: &[u8]);
}

/// Forgets everything.
impl Output for () {
    fn stdout(&mut self, _: &[u8]) {}
    fn stderr(&mut self, _: &[u8]) {}
}
