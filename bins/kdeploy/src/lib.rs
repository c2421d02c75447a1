//! `kdeploy` verifies images, pins them in manifests, and writes the policies that keep others out.
//!
//! Three steps, one module each: [`cli`] is what was typed, [`settings`] what it means (flag, then
//! variable, then default), and one file per command does it with plain values. What commands share is in
//! [`images`] (which image), [`expected`] (who must have signed it) and [`manifests`] (where it is used).

#![forbid(unsafe_code)]

mod apply;
mod cli;
mod error;
mod exits;
mod expected;
mod images;
mod junit;
mod manifests;
mod pin;
mod policy;
mod record;
mod settings;
mod verify;

use std::process::ExitCode;

use clap::Parser as _;
use ktrust_console::{Printer, conclude};
use ktrust_pipeline::until_signal;

use crate::cli::{Cli, Command, PolicyCommand};
use crate::error::Error;

/// Runs the program.
pub fn main() -> ExitCode {
    // clap prints help and mistakes itself, and ends with 0 or 2, as the table of exit codes says.
    conclude(until_signal(dispatch(Cli::parse())))
}

async fn dispatch(cli: Cli) -> Result<(), Error> {
    let environment = ktrust_pipeline::layered(cli.common.env_file.as_deref())?;
    let environment = environment.as_ref();
    let printer = Printer::new(ktrust_pipeline::style(&cli.common, environment));
    match cli.command {
        Command::Policy { command: PolicyCommand::Generate(arguments) } => {
            policy::run(&settings::Generate::resolve(&arguments, environment)?, &printer)
        }
        Command::Verify(arguments) => {
            let settings = settings::Verify::resolve(&arguments, environment)?;
            verify::run(&settings, &printer).await
        }
        Command::Pin(arguments) => pin::run(&settings::Pin::resolve(&arguments, environment)?, &printer),
        Command::Apply(arguments) => {
            let settings = settings::Apply::resolve(&arguments, environment)?;
            apply::run(&settings, &printer).await
        }
    }
}
