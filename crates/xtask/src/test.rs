//! Everything that a change must pass, on a machine that has this repository alone.

use std::process::Command;

use anyhow::Result;

use crate::shell::{self, built, cargo, step};
use crate::{component, dist, tools};

/// What to leave out while working.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only run the tests: no formatting, lint or licence checks
    #[arg(long)]
    only_tests: bool,
    /// Arguments of `cargo test`, in place of `--workspace`
    #[arg(last = true)]
    rest: Vec<String>,
}

/// What needs no test run.
fn check() -> Result<()> {
    step("format", || shell::run(cargo().args(["fmt", "--all", "--check"])))?;
    let lints = "clippy --workspace --all-targets --locked -- -D warnings";
    step("lints", || shell::run(cargo().args(lints.split(' '))))?;
    step("component", component::check)?;
    let deny = "check --hide-inclusion-graph bans licenses sources";
    step("licences, bans, sources", || {
        shell::run(Command::new(tools::deny()?).current_dir(shell::repository()).args(deny.split(' ')))
    })
}

/// Installs, checks, builds the programs, tests.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    step("tools", tools::install)?;
    if !arguments.only_tests {
        check()?;
    }
    step("programs", || dist::build("release"))?;
    step("static, small, quick", || dist::check("release"))?;
    step("tests", || {
        let mut test = cargo();
        test.args(["test", "--locked", "--no-fail-fast"]);
        if arguments.rest.is_empty() {
            test.arg("--workspace");
        }
        for program in dist::PROGRAMS {
            test.env(program.to_uppercase(), built("release").join(program));
        }
        shell::run(test.args(&arguments.rest))
    })
}
