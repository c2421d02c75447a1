//! The whole chain on this machine, with no server.

use anyhow::{Result, bail};

/// Runs it.
pub(crate) fn run() -> Result<()> {
    bail!("not written yet")
}
