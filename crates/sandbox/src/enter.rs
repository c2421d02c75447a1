//! The builder moves into namespaces in which it may mount and own files.

mod ids;

use std::fs;
use std::io;
use std::os::fd::OwnedFd;

use rustix::mount::{MountPropagationFlags, mount_change};
use rustix::process::{DumpableBehavior, Pid, Signal, WaitOptions, WaitStatus};
use rustix::thread::{CapabilitySet, Gid, Uid, UnshareFlags};

use crate::error::{Error, Result};
use crate::syscalls::{self, Fork};
use ids::Mapping;

/// Where the program goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entered {
    /// In this process, which has a mount namespace of its own now.
    Here,
    /// It went on in a child, which ended with this code (128 and the number for a signal).
    Exited(u8),
}

/// Gives this process a private mount namespace, in which mounts die with it.
///
/// With `CAP_SYS_ADMIN` that is one call. Otherwise the process forks, and the child goes on in a user
/// namespace with at least 65,536 ids: root with `CAP_SETUID` maps its own, others the ranges of /etc/subuid
/// through newuidmap. The parent passes signals on and waits. To be called before any thread is started.
pub fn enter() -> Result<Entered> {
    if !syscalls::is_single_threaded() {
        return Err(Error::Threads);
    }
    if has(CapabilitySet::SYS_ADMIN) {
        private_mounts(UnshareFlags::NEWNS)?;
        return Ok(Entered::Here);
    }
    in_user_namespace(&ids::mapping()?)
}

/// Whether the effective set has the capability.
pub(crate) fn has(capability: CapabilitySet) -> bool {
    rustix::thread::capabilities(None).is_ok_and(|sets| sets.effective.contains(capability))
}

fn private_mounts(flags: UnshareFlags) -> Result<()> {
    syscalls::unshare(flags).map_err(Error::NamespacesForbidden)?;
    let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    mount_change("/", private).map_err(Error::system("make mounts private"))?;
    // Other processes, build steps among them, must not read this one's memory and environment.
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(Error::system("protect the process"))
}

fn in_user_namespace(mapping: &Mapping) -> Result<Entered> {
    let (unshared_read, unshared_write) = pipe()?;
    let (mapped_read, mapped_write) = pipe()?;
    syscalls::block_signals();
    match syscalls::fork().map_err(Error::system("fork"))? {
        Fork::Child => {
            drop((unshared_read, mapped_write));
            become_root(unshared_write, &mapped_read)
        }
        Fork::Parent(child) => {
            drop((unshared_write, mapped_read));
            let outcome = if received(&unshared_read)? { mapping.write(child) } else { Ok(()) };
            if outcome.is_ok() {
                // A child that is gone is noticed by the wait.
                let _ = rustix::io::write(&mapped_write, b"m");
            }
            drop(mapped_write);
            let exited = wait(child);
            outcome.and(exited).map(Entered::Exited)
        }
    }
}

fn pipe() -> Result<(OwnedFd, OwnedFd)> {
    rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).map_err(Error::system("create a pipe"))
}

/// Waits for one byte: the other side has got so far. False when it gave up, and says why itself.
fn received(fd: &OwnedFd) -> Result<bool> {
    let count = rustix::io::read(fd, &mut [0; 1]).map_err(Error::system("wait for the other process"))?;
    Ok(count == 1)
}

/// In the child: new namespaces, then root in them.
fn become_root(unshared: OwnedFd, mapped: &OwnedFd) -> Result<Entered> {
    syscalls::unblock_signals();
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(Error::system("bind to the parent"))?;
    syscalls::unshare(UnshareFlags::NEWUSER | UnshareFlags::NEWNS).map_err(Error::NamespacesForbidden)?;
    rustix::io::write(&unshared, b"u").map_err(Error::system("tell the parent"))?;
    drop(unshared);
    if !received(mapped)? {
        return Ok(Entered::Exited(1));
    }
    let change =
        |result: rustix::io::Result<()>| result.map_err(Error::system("become root of the namespace"));
    change(rustix::thread::set_thread_groups(&[]))?;
    change(rustix::thread::set_thread_res_gid(Gid::ROOT, Gid::ROOT, Gid::ROOT))?;
    change(rustix::thread::set_thread_res_uid(Uid::ROOT, Uid::ROOT, Uid::ROOT))?;
    private_mounts(UnshareFlags::empty()).map(|()| Entered::Here)
}

/// In the parent: passes signals on until the child has ended.
fn wait(child: Pid) -> Result<u8> {
    loop {
        if let Some(code) = ended(child)? {
            return Ok(code);
        }
        let arrived = match syscalls::wait_signal() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other.map_err(Error::system("wait for signals"))?,
        };
        if let Some(signal) = Signal::from_named_raw(arrived.signal)
            .filter(|signal| *signal != Signal::CHILD && !arrived.from_kernel)
        {
            // It may have ended meanwhile, which the next round sees.
            let _ = rustix::process::kill_process(child, signal);
        }
    }
}

fn ended(child: Pid) -> Result<Option<u8>> {
    let status = rustix::process::waitpid(Some(child), WaitOptions::NOHANG)
        .map_err(Error::system("wait for the child"))?;
    Ok(status.and_then(|(_, status)| exit_code(status)))
}

/// The code as a shell reports it.
fn exit_code(status: WaitStatus) -> Option<u8> {
    let signalled = || status.terminating_signal().map(|signal| 128 + signal as u8);
    status.exit_status().map(|code| code as u8).or_else(signalled)
}

/// Whether this process is in the user namespace that the machine was started with, where overlayfs keeps
/// its marks in `trusted.` attributes. Its inode number is fixed (Linux, `include/uapi/linux/nsfs.h`).
pub(crate) fn is_initial_user_namespace() -> bool {
    fs::read_link("/proc/self/ns/user").is_ok_and(|link| link.as_os_str() == "user:[4026531837]")
}
