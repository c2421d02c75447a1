//! Packages of the distribution.

use std::process::Command;

use anyhow::{Result, bail};

use crate::shell::{run, which};

/// A program, and the package that brings it.
const PROGRAMS: [(&str, &str); 11] = [
    ("file", "file"),
    ("git", "git"),
    ("npm", "npm"),
    ("openssl", "openssl"),
    ("podman", "podman"),
    ("python3", "python3"),
    ("rsync", "rsync"),
    ("runc", "runc"),
    ("setfattr", "attr"),
    ("skopeo", "skopeo"),
    ("umoci", "umoci"),
];

/// Installs the packages whose programs are missing.
pub(crate) fn install() -> Result<()> {
    install_missing(&PROGRAMS)?;
    if has_venv() { Ok(()) } else { apt_install(&["python3-venv"]) }
}

/// Installs the packages of those programs that are missing.
pub(super) fn install_missing(programs: &[(&str, &str)]) -> Result<()> {
    let missing = programs.iter().filter(|(program, _)| which(program).is_none());
    let packages: Vec<&str> = missing.map(|(_, package)| *package).collect();
    if packages.is_empty() { Ok(()) } else { apt_install(&packages) }
}

/// Whether Python can make a virtual environment: Debian splits that off.
fn has_venv() -> bool {
    Command::new("python3")
        .args(["-c", "import ensurepip, venv"])
        .output()
        .is_ok_and(|out| out.status.success())
}

/// Installs packages, as root or through sudo.
pub(crate) fn apt_install(packages: &[&str]) -> Result<()> {
    eprintln!("    apt-get install {} …", packages.join(" "));
    apt_update()?;
    let install = ["install", "-y", "-q", "--no-install-recommends"];
    run(apt_get(&install)?.args(packages))
}

/// Renews the lists of packages.
pub(crate) fn apt_update() -> Result<()> {
    run(&mut apt_get(&["update", "-q"])?)
}

fn apt_get(arguments: &[&str]) -> Result<Command> {
    if which("apt-get").is_none() {
        bail!("this system has no apt-get: see crates/xtask/src/tools/ for what is needed, and install it");
    }
    let mut command = if is_root() {
        Command::new("apt-get")
    } else if which("sudo").is_some() {
        let mut sudo = Command::new("sudo");
        sudo.args(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        sudo
    } else {
        bail!("packages are missing, and this is neither root nor is there sudo");
    };
    // Another apt-get may be at work: wait for it.
    command.args(["-o", "DPkg::Lock::Timeout=600"]).args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    Ok(command)
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
