//! ktrust against the outside corpora, which lie beside this repository and not in it.

mod bases;
mod build;
mod list;
mod parser;

use std::path::PathBuf;

use anyhow::{Result, ensure};

use crate::shell::{repository, step};

/// Runs every corpus that there is a runner for; a missing one is a failure, not a pass.
pub(crate) fn run() -> Result<()> {
    let corpora = corpora();
    ensure!(
        corpora.is_dir(),
        "not run: there are no corpora at {}; KTRUST_CORPORA may say where they are",
        corpora.display()
    );
    step("Dockerfile corpora", || parser::run(&corpora))?;
    step("build corpus", || build::run(&corpora))
}

fn corpora() -> PathBuf {
    std::env::var_os("KTRUST_CORPORA").map_or_else(|| repository().join("../shared/corpora"), PathBuf::from)
}
