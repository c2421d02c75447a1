//! check-jsonschema, which carries GitLab's schema of `.gitlab-ci.yml`.

use std::fs;
use std::process::Command;

use anyhow::Result;

use super::{cached, directory};
use crate::shell::run;

const CHECK_JSONSCHEMA: &str = "check-jsonschema==0.39.0";

/// Installs it in a virtual environment, which is made in place since its programs know their path.
pub(crate) fn install() -> Result<()> {
    let home = directory("python")?;
    cached("python-packages", CHECK_JSONSCHEMA, |_| {
        if home.exists() {
            fs::remove_dir_all(&home)?;
        }
        run(Command::new(python()).args(["-m", "venv"]).arg(&home))?;
        let pip = ["install", "-q", "--disable-pip-version-check", CHECK_JSONSCHEMA];
        run(Command::new(home.join("bin/pip")).args(pip))?;
        Ok(None)
    })
}

/// The system's Python rather than a version manager's shim.
fn python() -> &'static str {
    if fs::exists("/usr/bin/python3").unwrap_or(false) { "/usr/bin/python3" } else { "python3" }
}
