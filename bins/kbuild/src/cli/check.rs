//! `kbuild check`, and the flags of `kbuild build` that ask instead of building.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use ktrust_pipeline::RegistryArguments;

use super::{BuildArguments, ContextArguments};

/// `kbuild check`.
#[derive(Debug, Default, Args)]
pub(crate) struct CheckArguments {
    /// The Dockerfile; default: `Dockerfile` in the context
    #[arg(short, long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,

    /// How findings are written
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: CheckFormat,

    /// Write the findings to this file
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Ask no registry: what base images bring is not known, so variables on them are not judged
    #[arg(long)]
    pub(crate) offline: bool,

    /// Check only this stage and those that it needs
    #[arg(long, value_name = "STAGE")]
    pub(crate) target: Option<String>,

    /// Set a build argument, NAME=VALUE; the bare NAME takes the variable's value
    #[arg(long = "build-arg", value_name = "NAME=VALUE")]
    pub(crate) build_args: Vec<String>,

    /// The platform to build for
    #[arg(long, value_name = "OS/ARCH")]
    pub(crate) platform: Option<String>,

    #[command(flatten)]
    pub(crate) context: ContextArguments,

    #[command(flatten)]
    pub(crate) registry: RegistryArguments,
}

/// How findings are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// For people
    #[default]
    Text,
    /// For programs, as `docker build --call check,format=json` writes them
    Json,
    /// A report for GitLab's Code Quality
    #[value(name = "codequality")]
    CodeQuality,
}

/// What is asked of a build instead of building.
#[derive(Debug, Default, Args)]
pub(crate) struct CallArguments {
    /// Check the Dockerfile and build nothing: short for `--call check`
    #[arg(long, conflicts_with = "call", help_heading = "Questions")]
    pub(crate) check: bool,

    /// What to do: `build`, `check`, `outline` or `targets`; with `,format=json` for programs
    #[arg(long, value_name = "METHOD", help_heading = "Questions")]
    pub(crate) call: Option<String>,
}

impl CheckArguments {
    /// The build that is checked.
    pub(crate) fn build(&self) -> BuildArguments {
        let mut context = self.context.clone();
        context.context.get_or_insert_with(|| ".".into());
        BuildArguments {
            file: self.file.clone(),
            target: self.target.clone(),
            build_args: self.build_args.clone(),
            platforms: self.platform.clone().into_iter().collect(),
            context,
            registry: self.registry.clone(),
            ..BuildArguments::default()
        }
    }
}
