//! cargo-deny, which keeps licences, sources and banned crates.

use anyhow::Result;

use super::cached;
use crate::shell::{cargo, run};

const VERSION: &str = "0.20.2";

/// Builds it unoptimised: that is a quarter of the time, and it runs for a second.
pub(crate) fn install() -> Result<()> {
    cached("cargo-deny", VERSION, |place| {
        let mut install = cargo();
        install.args([
            "install",
            "cargo-deny",
            "--locked",
            "--debug",
            "--quiet",
            "--version",
            VERSION,
            "--root",
        ]);
        install.arg(place).arg("--target-dir").arg(place.join("target"));
        // Not this repository's flags: the tool is for the machine it runs on.
        run(install.current_dir("/").env_remove("CARGO_TARGET_DIR").env("CARGO_PROFILE_DEV_DEBUG", "false"))?;
        std::fs::remove_dir_all(place.join("target"))?;
        Ok(None)
    })
}
