//! How RUN runs.

use std::num::NonZeroUsize;

use clap::{Args, ValueEnum};

/// The surroundings of RUN.
#[derive(Debug, Default, Args)]
pub(crate) struct RunArguments {
    /// Where RUN runs
    #[arg(long, value_enum)]
    pub(crate) isolation: Option<Isolation>,

    /// How many RUN commands run at once; 1: one step after the other. Default: the number of processors
    #[arg(long, value_name = "N")]
    pub(crate) max_parallelism: Option<NonZeroUsize>,

    /// A secret for `RUN --mount=type=secret`: id=NAME[,src=FILE|,env=VARIABLE]
    #[arg(long = "secret", value_name = "SPEC")]
    pub(crate) secrets: Vec<String>,

    /// An SSH agent for `RUN --mount=type=ssh`: default, or ID=SOCKET
    #[arg(long, value_name = "SPEC")]
    pub(crate) ssh: Vec<String>,

    /// The network of RUN: default, host or none
    #[arg(long, value_name = "MODE")]
    pub(crate) network: Option<String>,

    /// A line for RUN's /etc/hosts: NAME=ADDRESS
    #[arg(long = "add-host", value_name = "NAME=ADDRESS")]
    pub(crate) add_hosts: Vec<String>,

    /// The size of RUN's /dev/shm; default: 64m
    #[arg(long, value_name = "SIZE")]
    pub(crate) shm_size: Option<String>,

    /// A limit for RUN's processes: NAME=SOFT[:HARD]
    #[arg(long = "ulimit", value_name = "NAME=SOFT[:HARD]")]
    pub(crate) ulimits: Vec<String>,

    /// Has no meaning here: steps are in the builder's control group
    #[arg(long, value_name = "NAME")]
    pub(crate) cgroup_parent: Option<String>,

    /// An entitlement of docker buildx; only `network.host` is given, and needs no asking
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) allow: Vec<String>,
}

/// Where RUN runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Isolation {
    /// The best that works here
    Auto,
    /// Linux namespaces and overlayfs
    Namespaces,
}
