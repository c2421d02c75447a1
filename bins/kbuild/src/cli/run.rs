//! How RUN runs.

use clap::{Args, ValueEnum};

/// The surroundings of RUN.
#[derive(Debug, Default, Args)]
pub(crate) struct RunArguments {
    /// Where RUN runs
    #[arg(long, value_enum)]
    pub(crate) isolation: Option<Isolation>,
}

/// Where RUN runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Isolation {
    /// The best that works here
    Auto,
    /// Linux namespaces and overlayfs
    Namespaces,
}
