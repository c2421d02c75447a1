//! The programs as they are shipped.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::shell::{self, built, cargo, step};

/// The three programs.
pub(crate) const PROGRAMS: [&str; 3] = ["kbuild", "ksign", "kdeploy"];

/// Bytes that a stripped program may have.
const SIZE_LIMIT: u64 = 20_000_000;

/// How long `--help` may take.
const START_LIMIT: Duration = Duration::from_millis(20);

/// Builds the programs in a profile of Cargo.toml.
pub(crate) fn build(profile: &str) -> Result<()> {
    let mut build = cargo();
    build.args(["build", "--locked", "--profile", profile]);
    for program in PROGRAMS {
        build.args(["--package", &format!("ktrust-{program}"), "--bin", program]);
    }
    shell::run(&mut build)
}

/// What a program promises before it does anything: it needs no library, is small, and starts at once.
pub(crate) fn check(profile: &str) -> Result<()> {
    for program in PROGRAMS {
        let path = built(profile).join(program);
        let kind = shell::output(Command::new("file").arg("--brief").arg(&path))?;
        ensure!(kind.contains("static"), "{program} is not static: {kind}");
        let size = fs::metadata(&path)?.len();
        ensure!(size < SIZE_LIMIT, "{program} has {size} bytes");
        let start = fastest_start(&path)?;
        ensure!(start < START_LIMIT, "{program} --help takes {start:?}");
        eprintln!("    {program}: static, {} kB, --help in {start:.1?}", size / 1000);
    }
    Ok(())
}

/// The best of some tries: what the machine does besides is not the program's fault.
fn fastest_start(program: &Path) -> Result<Duration> {
    let mut fastest = Duration::MAX;
    for _ in 0..10 {
        let started = Instant::now();
        shell::output(Command::new(program).arg("--help"))?;
        fastest = fastest.min(started.elapsed());
    }
    Ok(fastest)
}

/// Builds what is released.
pub(crate) fn run() -> Result<()> {
    step("programs", || build("dist"))?;
    step("static, small, quick", || check("dist"))?;
    for program in PROGRAMS {
        println!("{}", built("dist").join(program).display());
    }
    Ok(())
}
