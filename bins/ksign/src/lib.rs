//! `ksign` signs images and verifies signatures, in the forms that cosign and admission controllers read.
//!
//! Three steps, one module each: [`cli`] is what was typed, [`settings`] what it means (flag, then
//! variable, then default), and one file per command does it with plain values. What the commands share
//! is in [`keys`] and [`images`].

#![forbid(unsafe_code)]

mod cli;
mod error;
mod exits;
mod generate_key_pair;
mod images;
mod keys;
mod settings;
mod sign;
mod tree;
mod verify;

use std::process::ExitCode;

use clap::Parser as _;
use ktrust_console::{Printer, conclude};
use ktrust_pipeline::until_signal;

use crate::cli::{Cli, Command};
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
        Command::GenerateKeyPair(arguments) => generate_key_pair::run(&arguments, environment, &printer),
        Command::Sign(arguments) => {
            let settings = settings::Sign::resolve(&arguments, environment)?;
            sign::run(&settings, &printer).await
        }
        Command::Verify(arguments) => {
            let settings = settings::Verify::resolve(&arguments, environment)?;
            verify::run(&settings, &printer).await
        }
        Command::Tree(arguments) => {
            let settings = settings::Tree::resolve(&arguments, environment)?;
            tree::run(&settings, &printer).await
        }
    }
}
