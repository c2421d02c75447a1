//! What is written: images, and the files that name them.

use std::path::PathBuf;

use clap::Args;

/// Where the result goes, and what it carries.
#[derive(Debug, Default, Args)]
pub(crate) struct OutputArguments {
    /// Name the image and push it there: REPOSITORY:TAG, or oci:PATH:TAG for a layout on disk
    #[arg(short, long = "tag", value_name = "REFERENCE")]
    pub(crate) tags: Vec<String>,

    /// Where the result goes instead of to the tags, as in `type=oci,tar=false,dest=DIR`
    #[arg(short, long = "output", value_name = "SPEC")]
    pub(crate) outputs: Vec<String>,

    /// Push to the tags (the default unless an output is named)
    #[arg(long, conflicts_with = "no_push")]
    pub(crate) push: bool,

    /// Build and check everything, write nothing but the files that are named
    #[arg(long)]
    pub(crate) no_push: bool,

    /// Set a label of the image, NAME=VALUE
    #[arg(long = "label", value_name = "NAME=VALUE")]
    pub(crate) labels: Vec<String>,

    /// Write the hand-off for ksign and kdeploy (build.env) here
    #[arg(long, value_name = "FILE")]
    pub(crate) handoff: Option<PathBuf>,

    /// Put this before each key of the hand-off
    #[arg(long, value_name = "PREFIX")]
    pub(crate) handoff_prefix: Option<String>,

    /// Write the full record of the build (build.json) here
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,

    /// Write the digest of the manifest here
    #[arg(long, value_name = "FILE")]
    pub(crate) digest_file: Option<PathBuf>,

    /// Write the digest of the configuration here, as docker does
    #[arg(long, value_name = "FILE")]
    pub(crate) iidfile: Option<PathBuf>,
}
