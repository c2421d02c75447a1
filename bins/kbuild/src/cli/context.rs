//! What is read: the build context and its companions.

use std::path::PathBuf;

use clap::Args;

/// Where COPY, ADD and FROM find their files.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ContextArguments {
    /// The build context: a directory, an archive, `-`, or an address of git or the web
    pub(crate) context: Option<PathBuf>,

    /// Replace a stage or a base image: NAME=DIR, NAME=oci-layout://DIR[:TAG], docker-image://, git, https://
    #[arg(long = "build-context", value_name = "NAME=SOURCE")]
    pub(crate) build_contexts: Vec<String>,
}
