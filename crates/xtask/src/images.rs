//! The contexts from which kbuild builds the job images.

use anyhow::Result;

/// Where they go.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

/// Lays them out.
pub(crate) fn run(_arguments: &Arguments) -> Result<()> {
    Ok(())
}
