//! The parsers against the outside corpora, which lie beside this repository and not in it.

use std::path::PathBuf;

use anyhow::{Result, ensure};

use crate::shell::{self, cargo, repository, step};

/// Runs every test that wants `KTRUST_CORPORA`; a missing corpus is a failure, not a pass.
pub(crate) fn run() -> Result<()> {
    let corpora = corpora();
    ensure!(
        corpora.is_dir(),
        "not run: there are no corpora at {}; KTRUST_CORPORA may say where they are",
        corpora.display()
    );
    step("Dockerfile corpora", || {
        let test = [
            "test",
            "--locked",
            "--package",
            "ktrust-dockerfile",
            "--test",
            "conformance",
            "--",
            "--ignored",
        ];
        shell::run(cargo().args(test).env("KTRUST_CORPORA", &corpora))
    })
}

fn corpora() -> PathBuf {
    std::env::var_os("KTRUST_CORPORA").map_or_else(|| repository().join("../shared/corpora"), PathBuf::from)
}
