//! The command line: what was typed, nothing more. [`crate::settings`] says what it means.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use ktrust_pipeline::{CommonArguments, RegistryArguments};

/// Builds any Dockerfile without a daemon and without privileges
#[derive(Debug, Parser)]
#[command(name = "kbuild", version, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: CommonArguments,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER_HELP: &str = "\
Start: kbuild build . -t registry.example/team/app:1.0
Without a registry: kbuild build . -t oci:./image:1.0";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Build an image and push it
    Build(Box<BuildArguments>),
    /// Look into kbuild's own workings
    Debug {
        #[command(subcommand)]
        command: DebugCommand,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum DebugCommand {
    /// Print how a Dockerfile was parsed, in BuildKit's dump format
    Ast {
        /// The Dockerfile
        file: PathBuf,
    },
}

/// `kbuild build`: names as in docker buildx where they mean the same.
#[derive(Debug, Default, Args)]
pub(crate) struct BuildArguments {
    /// The build context, a directory
    pub(crate) context: Option<PathBuf>,

    /// The Dockerfile; default: `Dockerfile` in the context
    #[arg(short, long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,

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

    /// Set a build argument, NAME=VALUE; the bare NAME takes the variable's value
    #[arg(long = "build-arg", value_name = "NAME=VALUE")]
    pub(crate) build_args: Vec<String>,

    /// Set a label of the image, NAME=VALUE
    #[arg(long = "label", value_name = "NAME=VALUE")]
    pub(crate) labels: Vec<String>,

    /// Replace a stage or a base image: NAME=DIR or NAME=oci-layout://DIR[:TAG]
    #[arg(long = "build-context", value_name = "NAME=SOURCE")]
    pub(crate) build_contexts: Vec<String>,

    /// The stage to build; default: the last one
    #[arg(long, value_name = "STAGE")]
    pub(crate) target: Option<String>,

    /// The platform to build for
    #[arg(long, value_name = "OS/ARCH")]
    pub(crate) platform: Option<String>,

    /// Where RUN runs
    #[arg(long, value_enum)]
    pub(crate) isolation: Option<Isolation>,

    /// Also push an unsigned image to the repository, for `kdeploy prove`
    #[arg(long)]
    pub(crate) probe: bool,

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

    /// The directory for work in progress and downloaded layers; default: `.ktrust`
    #[arg(long, value_name = "DIR")]
    pub(crate) work_dir: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) registry: RegistryArguments,
}

/// Where RUN runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Isolation {
    /// The best that works here
    Auto,
    /// Linux namespaces and overlayfs
    Namespaces,
}
