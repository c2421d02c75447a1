//! Other people's tools, each in a known version, and what they say to our results.

use anyhow::{Result, ensure};

use crate::shell::{self, cargo, step};
use crate::tools::{self, Cosign};

const COSIGN: [(Cosign, &str); 2] = [(Cosign::Two, "cosign 2"), (Cosign::Three, "cosign 3")];

/// Names every peer with its version and runs the tests that need them. A peer that cannot be had is
/// named too, and then this fails: what did not run has not passed.
pub(crate) fn run() -> Result<()> {
    step("tools", tools::install)?;
    let mut missing = Vec::new();
    for (peer, name) in COSIGN {
        match tools::cosign(peer)? {
            Some((program, version)) => eprintln!("    {name}: {version}, {}", program.display()),
            None => missing.push(name),
        }
    }
    ensure!(missing.is_empty(), "not run, because they could not be had: {}", missing.join(", "));
    step("signatures, both ways", || {
        let test = ["test", "--locked", "--package", "ktrust-tests", "--test", "sign", "--", "cosign"];
        shell::run(cargo().args(test))
    })
}
