//! The developers' commands: `cargo xtask --help`.
//!
//! Whatever needs more than cargo starts here, and installs what it needs: one word for a person
//! and for CI alike.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this program talks to a developer")]
#![expect(clippy::disallowed_methods, reason = "a developer's tool reads the developer's environment")]

mod component;
mod conformance;
mod demo;
mod dist;
mod fuzz;
mod images;
mod peers;
mod shell;
mod test;
mod tools;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Developers' commands of ktrust.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build, sign, verify, refuse, pin: the whole chain on this machine, with no server
    Demo,
    /// Install what tests need, then check format, lints, tests, licences
    Test(test::Arguments),
    /// Hold parsers and builds against the corpora of `../shared`
    Conformance,
    /// Hold ktrust against other people's tools, each in a known version
    Peers,
    /// Feed the parsers and the unpacking of archives with made-up input
    Fuzz(fuzz::Arguments),
    /// Build the programs as they are shipped
    Dist,
    /// Make templates/pipeline.yml and component.yml from the templates of the three jobs
    Component(component::Arguments),
    /// Lay out the contexts from which kbuild builds the job images
    Images(images::Arguments),
    /// Write the reference pages of docs/ from the code
    Docs,
    /// Install the tools that tests need, and nothing else
    Tools,
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Demo => demo::run(),
        Command::Test(arguments) => test::run(&arguments),
        Command::Conformance => conformance::run(),
        Command::Peers => peers::run(),
        Command::Fuzz(arguments) => fuzz::run(&arguments),
        Command::Dist => dist::run(),
        Command::Component(arguments) => component::run(&arguments),
        Command::Images(arguments) => images::run(&arguments),
        Command::Docs => docs(),
        Command::Tools => tools::install(),
    }
}

/// The pages are rendered by the test that compares them, so that neither can go its own way.
fn docs() -> Result<()> {
    let test = ["test", "--quiet", "--package", "ktrust-tests", "--test", "architecture"];
    shell::run(shell::cargo().args(test).args(["--", "--ignored", "pages::write_pages"]))
}
