//! Other people's tools, each in a known version, and what they say to our results.

use anyhow::{Result, ensure};

use crate::shell::{self, cargo, step};
use crate::tools::{self, Cosign};

/// A peer, and the words that select its tests.
const COSIGN: [(Cosign, &str, &str); 2] =
    [(Cosign::Two, "cosign 2", "cosign_2"), (Cosign::Three, "cosign 3", "cosign_3")];

/// Runs the tests of each peer that can be had; one that cannot is named, and then this fails.
pub(crate) fn run() -> Result<()> {
    step("tools", tools::install)?;
    let mut missing = Vec::new();
    for (peer, name, filter) in COSIGN {
        let Some((_, version)) = tools::cosign(peer)? else {
            missing.push(name);
            continue;
        };
        step(&format!("{name}: {version}"), || {
            let test = ["test", "--locked", "--package", "ktrust-tests", "--test", "sign", "--", filter];
            shell::run(cargo().args(test))
        })?;
    }
    ensure!(missing.is_empty(), "not run, because they could not be had: {}", missing.join(", "));
    Ok(())
}
