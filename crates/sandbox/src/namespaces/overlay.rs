//! One overlay mount.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::CWD;
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MoveMountFlags, UnmountFlags, fsconfig_create,
    fsconfig_set_flag, fsconfig_set_string, fsmount, fsopen, move_mount, unmount,
};

use super::Directories;
use crate::enter::is_initial_user_namespace;
use crate::error::{Error, Result};

/// Mounted until it is dropped.
#[derive(Debug)]
pub(super) struct Overlay {
    merged: Option<PathBuf>,
}

impl Overlay {
    /// Mounts the directories (bottom first) under the upper one.
    pub(super) fn mount(lowers: &[PathBuf], directories: &Directories) -> Result<Self> {
        let failed = |source: io::Error| Error::Overlay { scratch: directories.scratch.clone(), source };
        let open = |path: &PathBuf| File::open(path).map_err(Error::path("open", path));
        let lowers: Vec<File> = lowers.iter().map(open).collect::<Result<_>>()?;
        let (upper, work) = (open(&directories.upper)?, open(&directories.work)?);
        let mounted = configure(&lowers, &upper, &work).map_err(|error| failed(error.into()))?;
        move_mount(&mounted, "", CWD, &directories.merged, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)
            .map_err(|error| failed(error.into()))?;
        Ok(Self { merged: Some(directories.merged.clone()) })
    }

    /// Unmounts; lazily if something still holds a file in it.
    pub(super) fn unmount(&mut self) -> Result<()> {
        let Some(merged) = self.merged.take() else {
            return Ok(());
        };
        match unmount(&merged, UnmountFlags::empty()) {
            Err(Errno::BUSY) => unmount(&merged, UnmountFlags::DETACH),
            other => other,
        }
        .map_err(Error::path("unmount", &merged))
    }
}

impl Drop for Overlay {
    fn drop(&mut self) {
        // The namespace takes the mount with it in any case.
        let _ = self.unmount();
    }
}

/// A short path for an open directory: mount options are limited in length, in all and each.
fn short(file: &File) -> PathBuf {
    Path::new("/proc/self/fd").join(file.as_raw_fd().to_string())
}

/// The mount, attached nowhere yet.
fn configure(lowers: &[File], upper: &File, work: &File) -> Result<OwnedFd, Errno> {
    let overlay = fsopen("overlay", FsOpenFlags::FSOPEN_CLOEXEC)?;
    set_lowers(&overlay, lowers)?;
    fsconfig_set_string(&overlay, "upperdir", short(upper))?;
    fsconfig_set_string(&overlay, "workdir", short(work))?;
    // The upper directory has to be the whole difference: no file by reference to another place or layer.
    fsconfig_set_string(&overlay, "redirect_dir", "nofollow")?;
    fsconfig_set_string(&overlay, "metacopy", "off")?;
    fsconfig_set_string(&overlay, "index", "off")?;
    if !is_initial_user_namespace() {
        fsconfig_set_flag(&overlay, "userxattr")?;
    }
    // What a build writes is worthless after a crash, so a step's fsync need not wait for the disk.
    // Kernels before 5.10 do not have it.
    let _ = fsconfig_set_flag(&overlay, "volatile");
    fsconfig_create(&overlay)?;
    fsmount(&overlay, FsMountFlags::FSMOUNT_CLOEXEC, MountAttrFlags::empty())
}

/// One by one, topmost first, where the kernel can (6.8); else in one string of less than a page's length,
/// and before 6.5 of less than 256 bytes, through the old mount call's parser.
fn set_lowers(overlay: &OwnedFd, lowers: &[File]) -> Result<(), Errno> {
    let mut topmost_first = lowers.iter().rev();
    let Some(top) = topmost_first.next() else {
        return Err(Errno::INVAL);
    };
    match fsconfig_set_string(overlay, "lowerdir+", short(top)) {
        Err(Errno::INVAL) => {
            let paths: Vec<String> =
                lowers.iter().rev().map(|lower| short(lower).display().to_string()).collect();
            fsconfig_set_string(overlay, "lowerdir", paths.join(":"))
        }
        other => {
            other?;
            topmost_first.try_for_each(|lower| fsconfig_set_string(overlay, "lowerdir+", short(lower)))
        }
    }
}
