//! Resource limits, by the names that docker gives them.

use serde::{Deserialize, Serialize};

/// A limit on what a command's processes may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// What is limited.
    pub resource: Resource,
    /// What counts at the start; a process may raise it up to `hard`. `None` is no limit.
    pub soft: Option<u64>,
    /// `None` is no limit.
    pub hard: Option<u64>,
}

/// What can be limited. Address space is missing, as in docker: it would hit the container's own start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "getrlimit(2) says it for each")]
pub enum Resource {
    Core,
    Cpu,
    Data,
    Fsize,
    Locks,
    Memlock,
    Msgqueue,
    Nice,
    Nofile,
    Nproc,
    Rss,
    Rtprio,
    Rttime,
    Sigpending,
    Stack,
}

impl Resource {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Core,
        Self::Cpu,
        Self::Data,
        Self::Fsize,
        Self::Locks,
        Self::Memlock,
        Self::Msgqueue,
        Self::Nice,
        Self::Nofile,
        Self::Nproc,
        Self::Rss,
        Self::Rtprio,
        Self::Rttime,
        Self::Sigpending,
        Self::Stack,
    ];

    /// The name in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Cpu => "cpu",
            Self::Data => "data",
            Self::Fsize => "fsize",
            Self::Locks => "locks",
            Self::Memlock => "memlock",
            Self::Msgqueue => "msgqueue",
            Self::Nice => "nice",
            Self::Nofile => "nofile",
            Self::Nproc => "nproc",
            Self::Rss => "rss",
            Self::Rtprio => "rtprio",
            Self::Rttime => "rttime",
            Self::Sigpending => "sigpending",
            Self::Stack => "stack",
        }
    }

    fn kernel(self) -> rustix::process::Resource {
        use rustix::process::Resource;
        match self {
            Self::Core => Resource::Core,
            Self::Cpu => Resource::Cpu,
            Self::Data => Resource::Data,
            Self::Fsize => Resource::Fsize,
            Self::Locks => Resource::Locks,
            Self::Memlock => Resource::Memlock,
            Self::Msgqueue => Resource::Msgqueue,
            Self::Nice => Resource::Nice,
            Self::Nofile => Resource::Nofile,
            Self::Nproc => Resource::Nproc,
            Self::Rss => Resource::Rss,
            Self::Rtprio => Resource::Rtprio,
            Self::Rttime => Resource::Rttime,
            Self::Sigpending => Resource::Sigpending,
            Self::Stack => Resource::Stack,
        }
    }
}

impl Limit {
    /// Limits this process and those that it starts. Raising a hard limit takes `CAP_SYS_RESOURCE`.
    pub(crate) fn apply(self) -> rustix::io::Result<()> {
        let limit = rustix::process::Rlimit { current: self.soft, maximum: self.hard };
        rustix::process::setrlimit(self.resource.kernel(), limit)
    }
}
