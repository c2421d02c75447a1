//! The parsers against BuildKit's own tables.

use std::path::Path;

use anyhow::Result;

use crate::shell::{cargo, run as shell};

/// Runs every test that wants `KTRUST_CORPORA`.
pub(super) fn run(corpora: &Path) -> Result<()> {
    let test = "test --locked --package ktrust-dockerfile --test conformance -- --ignored";
    shell(cargo().args(test.split(' ')).env("KTRUST_CORPORA", corpora))
}
