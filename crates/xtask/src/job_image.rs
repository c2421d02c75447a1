//! The contexts from which kbuild builds the job images (`images/*/Dockerfile`).
//!
//! A job image is `scratch` with everything below `/ktrust`, so that it can get out of the way of
//! the image that it builds; links at the top lead to where GitLab's runner and kaniko's users look:
//! `/bin/sh`, `/busybox/sh`, `/kaniko/executor`, `/kaniko/.docker`. It must work for every user id, so
//! whatever is written to is open to all, like `/tmp`.
//!
//! An archive carries what a checkout or an artifact would lose: links, owners, the sticky bit.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::Command;

use tar::{Builder, EntryType, Header};

/// Links at the top of the image, and where they lead.
const TOP: [(&str, &str); 4] =
    [("bin", "ktrust/bin"), ("busybox", "ktrust/bin"), ("kaniko", "ktrust"), ("tmp", "ktrust/tmp")];

/// Directories that everybody may write in.
const OPEN: [&str; 3] = ["ktrust/.docker", "ktrust/home", "ktrust/tmp"];

/// Writes the context of the job image of `name` into the new directory `context`: the program, and
/// `base.tar` with the static `busybox` and the links.
pub fn lay_out(name: &str, program: &Path, busybox: &Path, context: &Path) -> io::Result<()> {
    fs::create_dir_all(context)?;
    fs::copy(program, context.join(name))?;
    let mut base = Builder::new(File::create(context.join("base.tar"))?);
    for (path, mode) in
        [("ktrust", 0o755), ("ktrust/bin", 0o755)].into_iter().chain(OPEN.map(|path| (path, 0o1777)))
    {
        base.append_data(&mut header(EntryType::Directory, mode, 0), path, io::empty())?;
    }
    for (path, target) in TOP {
        link(&mut base, path, target)?;
    }
    let shell = fs::read(busybox)?;
    let mut file = header(EntryType::Regular, 0o755, shell.len() as u64);
    base.append_data(&mut file, "ktrust/bin/busybox", shell.as_slice())?;
    for command in commands(busybox)? {
        link(&mut base, &format!("ktrust/bin/{command}"), "busybox")?;
    }
    if name == "kbuild" {
        link(&mut base, "ktrust/executor", "bin/kbuild")?;
    }
    base.into_inner()?.sync_all()
}

/// What busybox can be called as.
fn commands(busybox: &Path) -> io::Result<Vec<String>> {
    let output = Command::new(busybox).arg("--list").output()?;
    let listed = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(listed.lines().filter(|command| *command != "busybox").map(str::to_owned).collect())
}

fn link(archive: &mut Builder<File>, path: &str, target: &str) -> io::Result<()> {
    archive.append_link(&mut header(EntryType::Symlink, 0o777, 0), path, target)
}

/// Owned by root, of the year 1970: two runs give the same bytes.
fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header
}
