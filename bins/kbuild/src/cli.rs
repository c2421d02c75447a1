//! The command line: what was typed, nothing more. [`crate::settings`] says what it means.

mod build;
mod check;
mod context;
mod output;
mod publish;
mod run;

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use ktrust_pipeline::CommonArguments;

pub(crate) use self::build::BuildArguments;
pub(crate) use self::check::{CallArguments, CheckArguments, CheckFormat};
pub(crate) use self::context::ContextArguments;
pub(crate) use self::output::{OutputArguments, ResultArguments};
pub(crate) use self::publish::{IndexArguments, PushArguments};
pub(crate) use self::run::{Isolation, RunArguments};

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
    /// Say what in a Dockerfile is hardly meant, and build nothing
    Check(Box<CheckArguments>),
    /// Join pushed images into one index of several platforms
    Index(Box<IndexArguments>),
    /// Push a layout or an archive that was written before
    Push(Box<PushArguments>),
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
