//! Modes and times of a checkout: the same whatever this machine's umask is.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

/// Gives directories 0755 and files 0644 or 0755. Submodules' `.git` files are removed unless histories are
/// kept: they name a directory of this machine.
pub(super) fn normalise(directory: &Path, keep_git: bool) -> io::Result<()> {
    fs::set_permissions(directory, Permissions::from_mode(0o755))?;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() {
            normalise(&path, keep_git)?;
        } else if kind.is_file() && !keep_git && entry.file_name() == ".git" {
            fs::remove_file(&path)?;
        } else if kind.is_file() {
            let mode = entry.metadata()?.permissions().mode();
            let execute = if mode & 0o100 == 0 { 0 } else { 0o111 };
            fs::set_permissions(&path, Permissions::from_mode(0o444 | (mode & 0o200) | execute))?;
        }
    }
    Ok(())
}

/// Gives everything one time, directories after what is in them.
pub(super) fn set_times(directory: &Path, seconds: i64) -> io::Result<()> {
    let time = UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            set_times(&entry.path(), seconds)?;
        } else if kind.is_file() {
            fs::File::open(entry.path())?.set_modified(time)?;
        }
    }
    fs::File::open(directory)?.set_modified(time)
}
