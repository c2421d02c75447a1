//! `kbuild build`.

use std::path::PathBuf;

use clap::Args;
use ktrust_pipeline::RegistryArguments;

use super::{CallArguments, ContextArguments, OutputArguments, RunArguments};

/// `kbuild build`: names as in docker buildx where they mean the same.
#[derive(Debug, Default, Args)]
pub(crate) struct BuildArguments {
    /// The Dockerfile: a file, `-` or an address; default: `Dockerfile` in the context
    #[arg(short, long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,

    /// Set a build argument, NAME=VALUE; the bare NAME takes the variable's value
    #[arg(long = "build-arg", value_name = "NAME=VALUE")]
    pub(crate) build_args: Vec<String>,

    /// The stage to build; default: the last one
    #[arg(long, value_name = "STAGE")]
    pub(crate) target: Option<String>,

    /// The platforms to build for, as in linux/amd64,linux/arm64; several make an index
    #[arg(long = "platform", value_name = "OS/ARCH")]
    pub(crate) platforms: Vec<String>,

    /// Also push an unsigned image to the repository, for `kdeploy prove`
    #[arg(long)]
    pub(crate) probe: bool,

    /// The directory for work in progress and downloaded layers; default: `.ktrust`
    #[arg(long, value_name = "DIR")]
    pub(crate) work_dir: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) context: ContextArguments,

    #[command(flatten)]
    pub(crate) call: CallArguments,

    #[command(flatten)]
    pub(crate) output: OutputArguments,

    #[command(flatten)]
    pub(crate) run: RunArguments,

    #[command(flatten)]
    pub(crate) registry: RegistryArguments,
}
