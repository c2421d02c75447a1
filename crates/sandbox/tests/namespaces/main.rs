//! Commands in namespaces, for real: overlays, mounts, processes.
//!
//! A test target with its own `main`, because the sandbox starts the program that it is in again.

#![allow(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used)]

mod base;
mod changes;
mod lifetime;
mod process;
mod view;

use std::ffi::OsString;
use std::panic;
use std::process::ExitCode;

/// A test and its name.
type Test = (&'static str, fn());

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if let Some(exit) = ktrust_sandbox::child_main(&arguments) {
        return exit;
    }
    match ktrust_sandbox::enter() {
        Ok(ktrust_sandbox::Entered::Here) => run(&arguments[1..]),
        Ok(ktrust_sandbox::Entered::Exited(code)) => code.into(),
        Err(error) => {
            eprintln!("these tests need namespaces: {error}; {}", error.hint().unwrap_or_default());
            ExitCode::FAILURE
        }
    }
}

/// Runs what the arguments select, as the standard harness does.
fn run(arguments: &[OsString]) -> ExitCode {
    if arguments.first().is_some_and(|word| word == lifetime::HOLD) {
        return lifetime::hold();
    }
    let words: Vec<_> =
        arguments.iter().filter_map(|word| word.to_str()).filter(|word| !word.starts_with('-')).collect();
    let tests: Vec<Test> = [process::TESTS, lifetime::TESTS, view::TESTS, changes::TESTS].concat();
    let selected =
        tests.iter().filter(|(name, _)| words.is_empty() || words.iter().any(|word| name.contains(word)));
    if arguments.iter().any(|word| word == "--list") {
        selected.for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    let failed: Vec<_> = selected.filter(|(name, test)| !passes(name, *test)).map(|(name, _)| name).collect();
    println!("{} failed: {failed:?}", failed.len());
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn passes(name: &str, test: fn()) -> bool {
    let passed = panic::catch_unwind(test).is_ok();
    println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
    passed
}
