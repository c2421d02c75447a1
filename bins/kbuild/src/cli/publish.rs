//! `kbuild index` and `kbuild push`: what was built already goes to registries.

use std::path::PathBuf;

use clap::Args;
use ktrust_pipeline::RegistryArguments;

use super::ResultArguments;

/// `kbuild index`.
#[derive(Debug, Default, Args)]
pub(crate) struct IndexArguments {
    /// The images to join, each by tag or digest, in a registry or as oci:PATH[:TAG]
    #[arg(required = true, value_name = "SOURCE")]
    pub(crate) sources: Vec<String>,

    /// Where the index goes: REPOSITORY:TAG, or oci:PATH:TAG
    #[arg(short, long = "tag", required = true, value_name = "REFERENCE")]
    pub(crate) tags: Vec<String>,

    /// Set an annotation of the index: KEY=VALUE, or manifest-descriptor[OS/ARCH]:KEY=VALUE
    #[arg(long = "annotation", value_name = "[LEVEL:]KEY=VALUE")]
    pub(crate) annotations: Vec<String>,

    #[command(flatten)]
    pub(crate) files: FileArguments,
}

/// `kbuild push`.
#[derive(Debug, Default, Args)]
pub(crate) struct PushArguments {
    /// A layout (DIR or oci:PATH[:TAG]), or an archive of type oci or docker
    pub(crate) source: String,

    /// Where the image goes: REPOSITORY:TAG, or oci:PATH:TAG
    #[arg(required = true, value_name = "REFERENCE")]
    pub(crate) references: Vec<String>,

    #[command(flatten)]
    pub(crate) files: FileArguments,
}

/// Files that name the result, and where work in progress is.
#[derive(Debug, Default, Args)]
pub(crate) struct FileArguments {
    #[command(flatten)]
    pub(crate) result: ResultArguments,

    /// The directory for work in progress; default: `.ktrust`
    #[arg(long, value_name = "DIR")]
    pub(crate) work_dir: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) registry: RegistryArguments,
}
