//! The programs as they are shipped.

use std::fs;

use anyhow::Result;

use crate::shell::{self, built, cargo, step};

/// The three programs.
pub(crate) const PROGRAMS: [&str; 3] = ["kbuild", "ksign", "kdeploy"];

/// Builds the programs in a profile of Cargo.toml, and shows where they are and how large.
pub(crate) fn build(profile: &str) -> Result<()> {
    let mut build = cargo();
    build.args(["build", "--locked", "--profile", profile]);
    for program in PROGRAMS {
        build.args(["--package", &format!("ktrust-{program}"), "--bin", program]);
    }
    shell::run(&mut build)?;
    for program in PROGRAMS {
        let path = built(profile).join(program);
        eprintln!("    {} ({} kB)", path.display(), fs::metadata(&path)?.len() / 1000);
    }
    Ok(())
}

/// Builds what is released.
pub(crate) fn run() -> Result<()> {
    step("programs", || build("dist"))
}
