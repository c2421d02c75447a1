//! What is written: images, and the files that name them.

use std::path::PathBuf;

use clap::Args;

/// Where the result goes, and what it carries.
#[derive(Debug, Default, Args)]
pub(crate) struct OutputArguments {
    /// Name the image and push it there: REPOSITORY:TAG, or oci:PATH:TAG for a layout on disk
    #[arg(short, long = "tag", value_name = "REFERENCE")]
    pub(crate) tags: Vec<String>,

    /// Where the result goes: type=image|registry|oci|docker|tar|local,NAME=VALUE…, a directory, or `-`
    #[arg(short, long = "output", value_name = "SPEC", long_help = OUTPUT_HELP)]
    pub(crate) outputs: Vec<String>,

    /// Push to the tags (the default unless an output is named)
    #[arg(long, conflicts_with = "no_push")]
    pub(crate) push: bool,

    /// Build and check everything, push nothing; outputs that are files are written
    #[arg(long)]
    pub(crate) no_push: bool,

    /// Refused: there is no daemon to load the image into
    #[arg(long, hide = true)]
    pub(crate) load: bool,

    /// Look base images up in the registry: always done, so this changes nothing
    #[arg(long)]
    pub(crate) pull: bool,

    /// Set a label of the image, NAME=VALUE
    #[arg(long = "label", value_name = "NAME=VALUE")]
    pub(crate) labels: Vec<String>,

    /// Set an annotation: KEY=VALUE on the manifest, or on the LEVEL: manifest, manifest-descriptor, index,
    /// index-descriptor
    #[arg(long = "annotation", value_name = "[LEVEL:]KEY=VALUE")]
    pub(crate) annotations: Vec<String>,

    /// Write the digest of the configuration here, as docker does (of several platforms: of the index)
    #[arg(long, value_name = "FILE")]
    pub(crate) iidfile: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) result: ResultArguments,
}

/// Files that name the result.
#[derive(Debug, Default, Args)]
pub(crate) struct ResultArguments {
    /// Write the hand-off for ksign and kdeploy (build.env) here
    #[arg(long, value_name = "FILE")]
    pub(crate) handoff: Option<PathBuf>,

    /// Put this before each key of the hand-off
    #[arg(long, value_name = "PREFIX")]
    pub(crate) handoff_prefix: Option<String>,

    /// Write the full record (build.json) here
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,

    /// Write the digest of the manifest or index here
    #[arg(long, value_name = "FILE")]
    pub(crate) digest_file: Option<PathBuf>,

    /// Write what docker buildx tells of a result here, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) metadata_file: Option<PathBuf>,
}

const OUTPUT_HELP: &str = "\
Where the result goes; may be repeated. Without it the image is pushed to the tags; with it the tags only
name the image, unless --push says so too.

  type=registry                     push to the tags, or to name=REFERENCE
  type=oci,dest=FILE                a layout in a tar; with tar=false,dest=DIR a layout on disk
  type=docker,dest=FILE             an archive for `docker load` and `podman load`
  type=tar,dest=FILE                the root file system, with owners, links, devices
  type=local,dest=DIR (or: DIR)     the root file system as files of the user who builds
  -                                 type=tar on standard output; also dest=- of the others";
