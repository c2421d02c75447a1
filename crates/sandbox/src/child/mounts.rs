//! The step's file system: the workspace's tree with /proc, /sys and /dev, and nothing of the builder's.

use std::fs;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use ktrust_rootfs::{Attributes, Owner, Root};
use rustix::io::Errno;
use rustix::mount::{
    MountFlags, UnmountFlags, mount, mount_bind, mount_bind_recursive, mount_move, mount_remount, unmount,
};
use secrecy::ExposeSecret;

use super::devices;
use crate::error::{Error, Result};
use crate::message::{Hidden, MountTask, Source, Task};
use crate::syscalls;

/// What tells about the machine and is of no use to a step, as runc hides it.
const HIDDEN: [&str; 12] = [
    "proc/acpi",
    "proc/asound",
    "proc/interrupts",
    "proc/kcore",
    "proc/keys",
    "proc/latency_stats",
    "proc/sched_debug",
    "proc/scsi",
    "proc/timer_list",
    "proc/timer_stats",
    "sys/firmware",
    "sys/devices/virtual/powercap",
];
/// What root could change for the whole machine.
const READ_ONLY: [&str; 5] = ["proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger"];

/// Builds the root and moves into it.
pub(super) fn build_root(task: &Task) -> Result<()> {
    let path = Path::new(&task.root);
    // pivot_root wants a mount point, and one that nobody else has.
    mount_bind_recursive(path, path).map_err(Error::path("bind", path))?;
    let root = Root::open(path)?;
    proc(&root, task.own_pids)?;
    sys(&root, task.own_network)?;
    devices::make(&root)?;
    HIDDEN.iter().try_for_each(|path| hide(&root, path))?;
    READ_ONLY.iter().try_for_each(|path| read_only(&root, path))?;
    extras(&root, task)?;
    pivot(path)
}

/// A path to mount on: an open handle, found inside the root.
pub(super) struct Target {
    handle: OwnedFd,
    name: PathBuf,
}

impl Target {
    pub(super) fn path(&self) -> PathBuf {
        path_of(&self.handle)
    }
}

/// A path that leads to an open handle.
fn path_of(handle: &OwnedFd) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", handle.as_raw_fd()))
}

pub(super) fn target(root: &Root, path: impl AsRef<Path>) -> Result<Target> {
    let name = Path::new("/").join(path);
    Ok(Target { handle: root.handle(&name)?, name })
}

fn proc(root: &Root, own_pids: bool) -> Result<()> {
    let target = target(root, "proc")?;
    if own_pids {
        return fresh_proc(&target.path());
    }
    mount_bind_recursive("/proc", target.path()).map_err(Error::path("mount", &target.name))
}

/// Mounts the present PID namespace's /proc.
pub(super) fn fresh_proc(on: &Path) -> Result<()> {
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount("proc", on, "proc", flags, None).map_err(Error::path("mount", Path::new("/proc")))
}

/// The kernel's objects. Its network interfaces are those of the namespace that mounts it, so a network of
/// its own needs a mount of its own; where that is not allowed, the machine's are seen (and of no use).
fn sys(root: &Root, own_network: bool) -> Result<()> {
    let on = target(root, "sys")?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC | MountFlags::RDONLY;
    if !own_network || mount("sysfs", on.path(), "sysfs", flags, None).is_err() {
        return bind(Path::new("/sys"), &on, false);
    }
    if Path::new(CGROUPS).is_dir() && root.is_dir(Path::new(CGROUPS))? {
        bind(Path::new(CGROUPS), &target(root, CGROUPS)?, false)?;
    }
    Ok(())
}

/// Control groups: a file system of their own below /sys.
const CGROUPS: &str = "/sys/fs/cgroup";

/// Binds a file or directory of the builder's, with what is mounted below it.
pub(super) fn bind(source: &Path, target: &Target, writable: bool) -> Result<()> {
    mount_bind_recursive(source, target.path()).map_err(Error::path("bind", source))?;
    if writable { Ok(()) } else { make_read_only(&target.name, &top(target)?) }
}

/// The mount that now lies over the target: its own handle still means what is below.
fn top(target: &Target) -> Result<PathBuf> {
    let path = fs::read_link(target.path()).map_err(Error::path("locate", &target.name))?;
    Ok(path)
}

/// Read-only with everything below; on kernels before 5.12 the one mount alone.
fn make_read_only(name: &Path, path: &Path) -> Result<()> {
    match syscalls::set_mount_read_only(path) {
        Err(error) if matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EPERM)) => {
            let flags = MountFlags::BIND | MountFlags::RDONLY | current_flags(path);
            mount_remount(path, flags, "").map_err(Error::path("make read-only", name))
        }
        other => other.map_err(Error::path("make read-only", name)),
    }
}

/// Flags that a remount in a user namespace must not drop.
fn current_flags(path: &Path) -> MountFlags {
    let flags = rustix::fs::statvfs(path).map_or(0, |found| found.f_flag.bits());
    let pairs = [
        (libc::ST_NOSUID, MountFlags::NOSUID),
        (libc::ST_NODEV, MountFlags::NODEV),
        (libc::ST_NOEXEC, MountFlags::NOEXEC),
    ];
    pairs.iter().filter(|(bit, _)| flags & *bit != 0).fold(MountFlags::empty(), |all, (_, flag)| all | *flag)
}

/// Covers what is there: a file with /dev/null, a directory with an empty one.
fn hide(root: &Root, path: &str) -> Result<()> {
    let Some(found) = root.stat(Path::new(path))? else {
        return Ok(());
    };
    let target = target(root, path)?;
    let covered = if found.is_dir() {
        mount("tmpfs", target.path(), "tmpfs", MountFlags::RDONLY, Some(c"size=0k"))
    } else {
        mount_bind("/dev/null", target.path())
    };
    covered.map_err(Error::path("hide", &target.name))
}

fn read_only(root: &Root, path: &str) -> Result<()> {
    if root.stat(Path::new(path))?.is_none() {
        return Ok(());
    }
    let target = target(root, path)?;
    bind(&target.path(), &target, false)
}

/// The command's own mounts, in order.
fn extras(root: &Root, task: &Task) -> Result<()> {
    let memory = Path::new(&task.memory);
    mount("tmpfs", memory, "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, Some(c"mode=0700"))
        .map_err(Error::path("mount", memory))?;
    for (number, extra) in task.mounts.iter().enumerate() {
        let path = root.resolve(Path::new(&extra.target))?;
        let mode = make_target(root, extra, &path)?;
        let target = target(root, &path)?;
        match &extra.source {
            Source::Bind { source, path, writable } => {
                let from = Root::open(Path::new(source))?.handle(Path::new(path))?;
                bind(&path_of(&from), &target, *writable)?;
            }
            Source::Tmpfs { size, writable } => {
                let flags =
                    if *writable { MountFlags::NOSUID } else { MountFlags::NOSUID | MountFlags::RDONLY };
                tmpfs(&target, *size, mode, flags)?;
            }
            Source::File { content, mode, uid, gid } => {
                file(&target, &memory.join(number.to_string()), content, *mode, (*uid, *gid))?;
            }
        }
    }
    Ok(())
}

/// Makes the mount point where it is still missing: in another mount of the same command, where only this
/// namespace can make it. Yields the mode that a directory in memory gets there, which is that of the
/// directory that it hides, as runc has it.
fn make_target(root: &Root, mount: &MountTask, path: &Path) -> Result<u32> {
    match root.stat(path)? {
        Some(_) if mount.is_stub => return Ok(ANYBODYS),
        Some(found) => return Ok(found.mode),
        None => {}
    }
    let is_directory = mount.source.is_directory()?;
    let directory = if is_directory { path } else { path.parent().unwrap_or(path) };
    root.create_dir_all(directory, Owner::default(), 0o755)?;
    if !is_directory {
        root.write(path, b"", &Attributes { mode: 0o644, ..Attributes::default() })?;
    }
    Ok(ANYBODYS)
}

/// Everybody may write, nobody may remove what is somebody else's.
pub(super) const ANYBODYS: u32 = 0o1777;

/// Memory as a directory.
pub(super) fn tmpfs(target: &Target, size: Option<u64>, mode: u32, flags: MountFlags) -> Result<()> {
    let size = size.map(|size| format!(",size={size}")).unwrap_or_default();
    let options = std::ffi::CString::new(format!("mode={mode:o}{size}"))
        .map_err(Error::system("name mount options"))?;
    mount("tmpfs", target.path(), "tmpfs", flags, Some(options.as_c_str()))
        .map_err(Error::path("mount", &target.name))
}

/// A file in memory: made in a file system that only this mount namespace sees, and bound from there.
fn file(target: &Target, path: &Path, content: &Hidden, mode: u32, owner: (u32, u32)) -> Result<()> {
    fs::write(path, content.0.expose_secret())
        .and_then(|()| std::os::unix::fs::chown(path, Some(owner.0), Some(owner.1)))
        .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(mode)))
        .map_err(Error::path("make a file for", &target.name))?;
    bind(path, target, false)
}

/// Makes the tree the root and lets go of the old one.
fn pivot(path: &Path) -> Result<()> {
    rustix::process::chdir(path).map_err(Error::path("enter", path))?;
    // New root and place for the old one may be the same: the old one then lies on top (pivot_root(2)).
    match rustix::process::pivot_root(".", ".") {
        Ok(()) => unmount(".", UnmountFlags::DETACH).map_err(Error::system("leave the builder's root"))?,
        // Docker's seccomp profile never allows it, not even with CAP_SYS_ADMIN.
        Err(Errno::PERM | Errno::NOSYS) => cover_root(path)?,
        Err(error) => return Err(Error::path("pivot to", path)(error)),
    }
    rustix::process::chdir("/").map_err(Error::system("enter the root"))
}

/// Moves the tree over the root, as an initial RAM disk does at its end. The old root stays below, where no
/// path leads: `..` of the new one is the new one.
fn cover_root(path: &Path) -> Result<()> {
    mount_move(".", "/").map_err(Error::path("move to the root", path))?;
    rustix::process::chroot(".").map_err(Error::path("change root to", path))
}
