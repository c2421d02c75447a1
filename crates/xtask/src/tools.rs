//! The tools of others that tests use: where they are kept, and how they come.
//!
//! They come from package registries only (Debian, npm, `PyPI`, crates.io, Go's proxy), in versions
//! named here. What can be unpacked into the cache is, so that a developer's machine gets neither a
//! new service nor a replaced program; the rest is installed by apt-get.

mod crates;
mod deb;
mod node;
mod python;
mod system;

use std::fs::{self, File};
use std::path::PathBuf;

use anyhow::{Context, Result};

pub(crate) use deb::{Cosign, cosign};

/// Installs what is missing of all the tools that `cargo xtask test` needs.
pub(crate) fn install() -> Result<()> {
    let _lock = lock()?;
    system::install()?;
    deb::install()?;
    node::install()?;
    python::install()?;
    crates::deny()?;
    for cosign in [Cosign::Two, Cosign::Three] {
        deb::install_cosign(cosign)?;
    }
    report()
}

/// The static busybox, fetched if it is missing.
pub(crate) fn busybox() -> Result<PathBuf> {
    let _lock = lock()?;
    deb::busybox()
}

/// cargo-deny, which [`install`] brought.
pub(crate) fn deny() -> Result<PathBuf> {
    Ok(directory("cargo-deny")?.join("bin/cargo-deny"))
}

/// Installs the packages of those programs that are missing.
pub(crate) fn require(programs: &[(&str, &str)]) -> Result<()> {
    let _lock = lock()?;
    system::install_missing(programs)
}

/// The cache's directory `name` as `version`, filled now if it is not there.
pub(crate) fn cached_directory(
    name: &str,
    version: &str,
    fill: impl FnOnce(&PathBuf) -> Result<()>,
) -> Result<PathBuf> {
    let _lock = lock()?;
    cached(name, version, |fresh| fill(fresh).map(|()| None))?;
    directory(name)
}

/// cargo-fuzz, installed if it is missing: only a fuzz run needs it.
pub(crate) fn fuzz() -> Result<PathBuf> {
    let _lock = lock()?;
    crates::fuzz()?;
    Ok(directory("cargo-fuzz")?.join("bin/cargo-fuzz"))
}

/// Path of the tool's directory in the cache.
fn directory(tool: &str) -> Result<PathBuf> {
    Ok(cache()?.join(tool))
}

fn cache() -> Result<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("KTRUST_TOOLS")
        .or_else(|| Some(set("XDG_CACHE_HOME")?.join("ktrust/tools")))
        .or_else(|| Some(set("HOME")?.join(".cache/ktrust/tools")))
        .context("none of KTRUST_TOOLS, XDG_CACHE_HOME and HOME is set: where should tools be kept?")
}

/// Held while tools are installed, so that two runs do not install over each other.
fn lock() -> Result<File> {
    let cache = cache()?;
    fs::create_dir_all(&cache).with_context(|| format!("{} cannot be made", cache.display()))?;
    let file = File::create(cache.join("lock"))?;
    file.lock()?;
    Ok(file)
}

/// Installs `tool` unless the cache has it as `version`: `fill` gets an empty directory, which takes
/// the tool's place only when it is complete, and may return what was found where that differs.
fn cached(tool: &str, version: &str, fill: impl FnOnce(&PathBuf) -> Result<Option<String>>) -> Result<()> {
    let place = directory(tool)?;
    let stamp = |directory: &PathBuf| directory.join("wanted");
    if fs::read_to_string(stamp(&place)).is_ok_and(|have| have == version) {
        return Ok(());
    }
    eprintln!("    {tool} {version} …");
    let fresh = place.with_extension("new");
    remove(&fresh)?;
    fs::create_dir_all(&fresh)?;
    let found = fill(&fresh).with_context(|| format!("{tool} {version} cannot be installed"))?;
    fs::write(fresh.join("found"), found.unwrap_or_else(|| version.to_owned()))?;
    fs::write(stamp(&fresh), version)?;
    remove(&place)?;
    fs::rename(&fresh, &place).with_context(|| format!("{} cannot be put in place", place.display()))
}

fn remove(directory: &PathBuf) -> Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} cannot be removed", directory.display()))
        }
        _ => Ok(()),
    }
}

/// Says which version of each tool the cache holds.
fn report() -> Result<()> {
    let mut names: Vec<_> =
        fs::read_dir(cache()?)?.filter_map(Result::ok).map(|entry| entry.path()).collect();
    names.sort();
    for path in names {
        if let (Ok(found), Some(name)) = (fs::read_to_string(path.join("found")), path.file_name()) {
            eprintln!("    {}: {}", name.display(), found.trim());
        }
    }
    Ok(())
}
