//! Programs of crates.io: cargo-deny, which keeps licences, sources and banned crates, and cargo-fuzz.

use anyhow::Result;

use super::cached;
use crate::shell::{cargo, run};

const DENY: &str = "0.20.2";
const FUZZ: &str = "0.13.2";

/// Installs cargo-deny.
pub(crate) fn deny() -> Result<()> {
    install("cargo-deny", DENY)
}

/// Installs cargo-fuzz.
pub(crate) fn fuzz() -> Result<()> {
    install("cargo-fuzz", FUZZ)
}

/// Builds it unoptimised: that is a quarter of the time, and it runs for a second.
fn install(name: &str, version: &str) -> Result<()> {
    cached(name, version, |place| {
        let mut install = cargo();
        install.args(["install", name, "--locked", "--debug", "--quiet", "--version", version, "--root"]);
        install.arg(place).arg("--target-dir").arg(place.join("target"));
        // Not this repository's flags: the tool is for the machine it runs on.
        run(install.current_dir("/").env_remove("CARGO_TARGET_DIR").env("CARGO_PROFILE_DEV_DEBUG", "false"))?;
        std::fs::remove_dir_all(place.join("target"))?;
        Ok(None)
    })
}
