//! `kbuild` builds images from Dockerfiles without a daemon and without privileges.
//!
//! `parse → plan → resolve → execute → publish`: [`source`] reads the Dockerfile, [`plan`] finds the stages
//! that are needed and refuses what we cannot do, [`base`] resolves images by digest, [`builder`] executes
//! [`instruction`]s in a [`ktrust_sandbox::Sandbox`], [`output`] writes the result and [`record`] the files
//! that name it.

#![forbid(unsafe_code)]

mod agent;
mod base;
mod build;
mod builder;
mod caches;
mod check;
mod cli;
mod context;
mod debug;
mod error;
mod image;
mod index;
mod instruction;
mod output;
mod owner;
mod plan;
mod probe;
mod product;
mod progress;
mod push;
mod record;
mod remote;
mod scope;
mod secrets;
mod settings;
mod sharing;
mod source;
mod stop;
mod support;
mod time;
mod transfer;
mod work;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;
use ktrust_console::{Printer, conclude};
use ktrust_pipeline::{layered, registry_client, style};
use ktrust_sandbox as sandbox;

use crate::cli::{BuildArguments, CheckArguments, Cli, Command, DebugCommand};
use crate::error::Error;
use crate::settings::{BuildSettings, Call};

/// Runs the program.
pub fn main() -> ExitCode {
    // The sandbox starts this program again for the parts that need a process of their own.
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if let Some(code) = sandbox::child_main(&arguments) {
        return code;
    }
    let cli = Cli::parse();
    match run(cli) {
        Ok(Some(code)) => code,
        Ok(None) => conclude::<Error>(Ok(())),
        Err(error) => conclude(Err(error)),
    }
}

/// Runs a command; `Some` is the exit code of the same program in its namespaces, which did the work.
fn run(cli: Cli) -> Result<Option<ExitCode>, Error> {
    let environment = layered(cli.common.env_file.as_deref())?;
    let printer = Printer::new(style(&cli.common, &*environment));
    match cli.command {
        Command::Build(arguments) => build_command(&arguments, &printer, &*environment),
        Command::Check(arguments) => check_command(&arguments, &printer, &*environment).map(|()| None),
        Command::Index(arguments) => {
            let client = registry_client(&*environment, &arguments.files.registry)?;
            index::index(&arguments, &client, &printer, &*environment).map(|()| None)
        }
        Command::Push(arguments) => {
            let client = registry_client(&*environment, &arguments.files.registry)?;
            push::push(&arguments, &client, &printer, &*environment).map(|()| None)
        }
        Command::Debug { command: DebugCommand::Ast { file } } => debug::ast(&file, &printer).map(|()| None),
    }
}

fn build_command(
    arguments: &BuildArguments,
    printer: &Printer,
    environment: &dyn ktrust_pipeline::Environment,
) -> Result<Option<ExitCode>, Error> {
    let settings = BuildSettings::resolve(arguments, environment)?;
    if let Some(call) = Call::of_build(&arguments.call)? {
        let client = registry_client(environment, &arguments.registry)?;
        return check::call(&settings, &call, &client, printer, environment).map(|()| None);
    }
    // Before any thread is started: a process with threads cannot enter a user namespace.
    if let sandbox::Entered::Exited(code) = sandbox::enter()? {
        return Ok(Some(code.into()));
    }
    let client = registry_client(environment, &arguments.registry)?;
    build::build(settings, &client, printer, environment)?;
    Ok(None)
}

fn check_command(
    arguments: &CheckArguments,
    printer: &Printer,
    environment: &dyn ktrust_pipeline::Environment,
) -> Result<(), Error> {
    let settings = BuildSettings::resolve(&arguments.build(), environment)?;
    let client = registry_client(environment, &arguments.registry)?;
    check::call(&settings, &Call::of_check(arguments), &client, printer, environment)
}
