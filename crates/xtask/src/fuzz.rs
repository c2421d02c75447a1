//! A bounded run of the fuzz targets of `fuzz/`.
//!
//! Without a sanitizer, so that the stable compiler of this repository is enough; there is no unsafe code
//! in what is fuzzed. What a run finds worth keeping stays in `fuzz/corpus`, which is not committed.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};

use crate::shell::{self, repository, step};
use crate::tools;

/// Each target, and the longest input that it gets. Deep nesting and long lines have tests of their own.
const TARGETS: [(&str, u32); 6] = [
    ("dockerfile", 4096),
    ("lexer", 1024),
    ("dockerignore", 512),
    ("glob", 256),
    ("unpack", 16_384),
    ("layer", 256),
];

/// An input that takes longer than this, in seconds, is a finding.
const SLOW: u32 = 10;

/// How long, and what.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How long each target runs
    #[arg(long, default_value_t = 10)]
    seconds: u32,
    /// One target in place of all
    #[arg(value_parser = TARGETS.map(|(name, _)| name))]
    target: Option<String>,
}

/// Builds the targets and runs them one after the other; a finding is a failure.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let program = step("cargo-fuzz", tools::fuzz)?;
    step("fuzz targets", || shell::run(fuzz(&program, "build").args(&arguments.target)))?;
    let wanted = |name: &str| arguments.target.as_deref().is_none_or(|target| target == name);
    let mut failed = Vec::new();
    for (name, longest) in TARGETS.into_iter().filter(|(name, _)| wanted(name)) {
        if let Err(error) = step(name, || target(&program, name, longest, arguments.seconds)) {
            eprintln!("{error:#}");
            failed.push(name);
        }
    }
    ensure!(failed.is_empty(), "inputs were found that fail, see fuzz/artifacts: {}", failed.join(", "));
    Ok(())
}

fn fuzz(program: &Path, command: &str) -> Command {
    let mut fuzz = Command::new(program);
    fuzz.current_dir(repository()).args(["fuzz", command, "--sanitizer", "none"]);
    fuzz.args(["--target", "x86_64-unknown-linux-gnu"]).env_remove("CARGO_TARGET_DIR");
    fuzz
}

fn target(program: &Path, name: &str, longest: u32, seconds: u32) -> Result<()> {
    let directory = repository().join("fuzz");
    let corpus = directory.join("corpus").join(name);
    std::fs::create_dir_all(&corpus)?;
    let mut fuzz = fuzz(program, "run");
    fuzz.arg(name).arg(corpus).arg(directory.join("seeds").join(name)).arg("--");
    fuzz.arg(format!("-max_total_time={seconds}")).arg(format!("-timeout={SLOW}"));
    fuzz.arg(format!("-max_len={longest}")).args(["-rss_limit_mb=1024", "-print_final_stats=1"]);
    let words = directory.join("dictionaries").join(name).with_extension("dict");
    if words.is_file() {
        fuzz.arg(format!("-dict={}", words.display()));
    }
    // Trees that live for a millisecond are best kept in memory.
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() {
        fuzz.env("TMPDIR", memory);
    }
    let log = directory.join("artifacts").join(name).with_extension("log");
    std::fs::create_dir_all(log.parent().expect("a log lies in a directory"))?;
    let status = fuzz.stderr(File::create(&log)?).status()?;
    report(&String::from_utf8_lossy(&std::fs::read(&log)?), status.success());
    ensure!(status.success(), "{name} failed ({status}), see {}", log.display());
    Ok(())
}

/// Of thousands of lines, how much was reached and how many inputs were tried; all the end of a failure.
fn report(log: &str, success: bool) {
    const SAID: [&str; 3] = ["DONE", "number_of_executed_units", "slowest_unit_time_sec"];
    let lines: Vec<&str> = log.lines().collect();
    let end = lines.len().saturating_sub(if success { 0 } else { 40 });
    let figures = lines[..end].iter().filter(|line| SAID.iter().any(|said| line.contains(said)));
    figures.chain(&lines[end..]).for_each(|line| eprintln!("    {line}"));
}
