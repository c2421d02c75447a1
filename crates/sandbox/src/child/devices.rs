//! /dev as a container has it: a handful of harmless devices, terminals and memory of its own.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use ktrust_rootfs::Root;
use rustix::fs::{CWD, FileType, Mode};
use rustix::io::Errno;
use rustix::mount::{MountFlags, mount, mount_bind};

use super::mounts::{ANYBODYS, Target, target, tmpfs};
use crate::error::{Error, Result};

/// Name, major and minor number.
const DEVICES: [(&str, u32, u32); 6] =
    [("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0)];

const LINKS: [(&str, &str); 6] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("ptmx", "pts/ptmx"),
    ("core", "/proc/kcore"),
];

/// Docker's size of /dev/shm.
const SHARED_MEMORY: u64 = 64 << 20;

/// Makes the tree's /dev.
pub(super) fn make(root: &Root) -> Result<()> {
    // The one memory with devices in it.
    let memory = target(root, "dev")?;
    mount("tmpfs", memory.path(), "tmpfs", MountFlags::NOSUID, Some(c"mode=0755,size=64m"))
        .map_err(Error::path("mount", &shown("")))?;
    // Looked up anew: what is on top now.
    let mounted = target(root, "dev")?;
    let directory = mounted.path();
    for (name, major, minor) in DEVICES {
        device(&directory, name, rustix::fs::makedev(major, minor))?;
    }
    for (name, to) in LINKS {
        symlink(to, directory.join(name)).map_err(Error::path("link", &shown(name)))?;
    }
    for name in ["pts", "shm", "mqueue"] {
        fs::create_dir(directory.join(name)).map_err(Error::path("create", &shown(name)))?;
    }
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    tmpfs(&target(root, "dev/shm")?, Some(SHARED_MEMORY), ANYBODYS, flags)?;
    terminals(&target(root, "dev/pts")?)?;
    message_queues(&target(root, "dev/mqueue")?)
}

fn shown(name: &str) -> PathBuf {
    Path::new("/dev").join(name)
}

/// A device node, or the builder's own bound over an empty file where the kernel makes none.
fn device(directory: &Path, name: &str, device: u64) -> Result<()> {
    let path = directory.join(name);
    match rustix::fs::mknodat(CWD, &path, FileType::CharacterDevice, Mode::from_raw_mode(0o666), device) {
        // The umask is not the mode's.
        Ok(()) => fs::set_permissions(&path, fs::Permissions::from_mode(0o666))
            .map_err(Error::path("open up", &shown(name))),
        Err(Errno::PERM) => {
            File::create(&path).map_err(Error::path("create", &shown(name)))?;
            mount_bind(shown(name), &path).map_err(Error::path("bind", &shown(name)))
        }
        Err(error) => Err(Error::path("create", &shown(name))(error)),
    }
}

fn terminals(target: &Target) -> Result<()> {
    let flags = MountFlags::NOSUID | MountFlags::NOEXEC;
    mount("devpts", target.path(), "devpts", flags, Some(c"newinstance,ptmxmode=0666,mode=0620,gid=5"))
        .map_err(Error::path("mount", &shown("pts")))
}

/// Not every kernel has them, and hardly any build needs them.
fn message_queues(target: &Target) -> Result<()> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    match mount("mqueue", target.path(), "mqueue", flags, None) {
        Ok(()) | Err(Errno::NODEV | Errno::PERM) => Ok(()),
        Err(error) => Err(Error::path("mount", &shown("mqueue"))(error)),
    }
}
