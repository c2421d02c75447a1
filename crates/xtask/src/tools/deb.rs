//! Programs taken out of Debian packages, without installing the packages.
//!
//! `docker-registry` would start a service, `busybox-static` would replace `busybox`, and `cosign` is
//! in newer Debian suites than most machines run. apt-get still checks every signature: newer suites
//! get a state directory of their own, and the system's sources are never touched.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use super::{cached, directory, system};
use crate::shell::{output, run, which};

/// Where Debian is, if the system's own sources do not say.
const DEBIAN: &str = "http://deb.debian.org/debian";
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// The major versions of cosign that people have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cosign {
    /// 2.x: writes and reads `.sig` tags.
    Two,
    /// 3.x: bundles as referrers by default.
    Three,
}

impl Cosign {
    fn name(self) -> &'static str {
        match self {
            Self::Two => "cosign-2",
            Self::Three => "cosign-3",
        }
    }

    /// The suite that has it, and the least upstream version that counts.
    fn suite(self) -> (&'static str, &'static str) {
        match self {
            Self::Two => ("trixie", "2.5.0"),
            Self::Three => ("sid", "3.1.1"),
        }
    }

    /// The Go module to fall back to.
    fn module(self) -> &'static str {
        match self {
            Self::Two => "github.com/sigstore/cosign/v2/cmd/cosign@v2.6.3",
            Self::Three => "github.com/sigstore/cosign/v3/cmd/cosign@v3.1.2",
        }
    }
}

/// The program and its version, if the cache has it.
pub(crate) fn cosign(which: Cosign) -> Result<Option<(PathBuf, String)>> {
    let place = directory(which.name())?;
    let program = place.join("bin/cosign");
    let found = fs::read_to_string(place.join("found")).unwrap_or_default();
    Ok(program.is_file().then(|| (program, found.trim().to_owned())))
}

/// Installs cosign from Debian, or from source where that fails and Go is there.
pub(crate) fn install_cosign(which: Cosign) -> Result<()> {
    let (suite, least) = which.suite();
    cached(which.name(), &format!("{least} or later"), |place| {
        from_suite(suite, least, place).or_else(|why| {
            eprintln!("    cosign from Debian {suite}: {why:#}");
            from_source(which.module(), place)
        })
    })
}

/// Unpacks the distribution's own `docker-registry` and `busybox-static`.
pub(crate) fn install() -> Result<()> {
    own("docker-registry", "docker-registry", "usr/bin/docker-registry")?;
    busybox().map(drop)
}

/// The static busybox.
pub(crate) fn busybox() -> Result<PathBuf> {
    own("busybox-static", "busybox", "bin/busybox")?;
    Ok(directory("busybox-static")?.join("bin/busybox"))
}

/// Keeps one program of a package of the system's own suite.
fn own(package: &str, program: &str, inside: &str) -> Result<()> {
    cached(package, "the system's", |place| {
        let download =
            |place: &Path| output(Command::new("apt-get").args(["download", package]).current_dir(place));
        if download(place).is_err() {
            // The lists may be missing or old.
            system::apt_update()?;
            download(place)?;
        }
        keep(place, program, &[inside, &format!("usr/{inside}")]).map(Some)
    })
}

fn from_suite(suite: &str, least: &str, place: &Path) -> Result<Option<String>> {
    let state = place.join("apt");
    fs::create_dir_all(state.join("lists/partial"))?;
    fs::create_dir_all(state.join("cache/archives/partial"))?;
    if !Path::new(KEYRING).is_file() {
        system::apt_install(&["debian-archive-keyring"])?;
    }
    let source = format!("deb [signed-by={KEYRING}] {} {suite} main\n", mirror());
    fs::write(state.join("sources.list"), source)?;
    run(apt(&state).args(["update", "-q"]).current_dir(place))?;
    output(apt(&state).args(["download", "cosign"]).current_dir(place))?;
    let version = keep(place, "cosign", &["usr/bin/cosign"])?;
    fs::remove_dir_all(state)?;
    let same_major = version.split('.').next() == least.split('.').next();
    let enough = Command::new("dpkg").args(["--compare-versions", &version, "ge", least]).status()?.success();
    ensure!(same_major && enough, "the suite has {version}");
    Ok(Some(format!("{version} (Debian {suite})")))
}

/// apt-get with all its state below `state`.
fn apt(state: &Path) -> Command {
    let mut command = Command::new("apt-get");
    let at = state.display();
    for option in [
        format!("Dir::Etc::SourceList={at}/sources.list"),
        "Dir::Etc::SourceParts=/dev/null".to_owned(),
        format!("Dir::State::Lists={at}/lists"),
        format!("Dir::Cache={at}/cache"),
        "Acquire::Languages=none".to_owned(),
        // The cache may lie where apt's own user cannot look.
        "APT::Sandbox::User=root".to_owned(),
    ] {
        command.args(["-o", &option]);
    }
    command
}

/// Unpacks the one package in `place`, keeps its program as `bin/NAME`, and returns its version.
fn keep(place: &Path, name: &str, inside: &[&str]) -> Result<String> {
    let package = fs::read_dir(place)?.filter_map(Result::ok).map(|entry| entry.path());
    let package = package.into_iter().find(|path| path.extension().is_some_and(|kind| kind == "deb"));
    let package = package.context("apt-get left no package")?;
    let version = output(Command::new("dpkg-deb").args(["-f"]).arg(&package).arg("Version"))?;
    let unpacked = place.join("unpacked");
    run(Command::new("dpkg-deb").arg("-x").arg(&package).arg(&unpacked))?;
    let Some(program) = inside.iter().map(|path| unpacked.join(path)).find(|path| path.is_file()) else {
        bail!("{} holds no program {name}", package.display());
    };
    fs::create_dir_all(place.join("bin"))?;
    fs::rename(program, place.join("bin").join(name))?;
    fs::remove_dir_all(unpacked)?;
    fs::remove_file(package)?;
    Ok(version.trim().to_owned())
}

fn from_source(module: &str, place: &Path) -> Result<Option<String>> {
    ensure!(which("go").is_some(), "no Go compiler to build {module} with");
    run(Command::new("go").args(["install", module]).env("GOBIN", place.join("bin")))?;
    Ok(Some(format!("{module} (built here)")))
}

/// The mirror that the system itself uses for Debian, so that a site's own mirror is respected.
fn mirror() -> String {
    let mut files: Vec<PathBuf> = vec!["/etc/apt/sources.list".into()];
    files.extend(fs::read_dir("/etc/apt/sources.list.d").into_iter().flatten().flatten().map(|e| e.path()));
    let texts = files.iter().filter_map(|file| fs::read_to_string(file).ok());
    let words = texts.flat_map(|text| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
    words
        .filter(|word| word.starts_with("http"))
        .map(|word| word.trim_end_matches('/').to_owned())
        .find(|word| word.ends_with("/debian"))
        .unwrap_or_else(|| DEBIAN.to_owned())
}
