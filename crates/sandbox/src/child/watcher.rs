//! The watcher: enters the namespaces, starts the init, and ends everything when the builder hangs up.

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{Mode, OFlags};
use rustix::process::{DumpableBehavior, Pid, PidfdFlags, Signal, WaitOptions};
use rustix::thread::UnshareFlags;
use zeroize::Zeroizing;

use super::{init, mounts, reaper};
use crate::error::{Error, Result};
use crate::message::{Report, Task};
use crate::syscalls::{self, Fork};

/// Runs one task, which comes over the socket that is the standard input.
pub(super) fn run() -> ExitCode {
    let Ok(mut builder) = take_socket() else {
        return ExitCode::FAILURE;
    };
    match task(&mut builder).and_then(|task| watch(&task, &builder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&builder, &error.into());
            ExitCode::FAILURE
        }
    }
}

/// Moves the socket away from the standard input, which the step must not have, and puts nothing there.
fn take_socket() -> Result<UnixStream> {
    let socket = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3)
        .map_err(Error::system("take the socket"))?;
    let null = rustix::fs::open("/dev/null", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty());
    let null = null.map_err(Error::system("open /dev/null"))?;
    rustix::stdio::dup2_stdin(&null).map_err(Error::system("empty the standard input"))?;
    Ok(UnixStream::from(socket))
}

fn task(builder: &mut UnixStream) -> Result<Task> {
    let mut text = Zeroizing::new(Vec::new());
    builder.read_to_end(&mut text).map_err(Error::system("read the task"))?;
    serde_json::from_slice(&text).map_err(std::io::Error::from).map_err(Error::system("read the task"))
}

/// Sends how it ended. The first report counts; a builder that is gone needs none.
pub(super) fn report(mut builder: &UnixStream, report: &Report) {
    if let Ok(text) = serde_json::to_vec(report) {
        let _ = builder.write_all(&[&text[..], b"\n"].concat());
    }
}

fn watch(task: &Task, builder: &UnixStream) -> Result<()> {
    protect()?;
    enter_namespaces(task)?;
    match syscalls::fork().map_err(Error::system("fork"))? {
        Fork::Child => {
            init::main(task, builder);
            Ok(())
        }
        Fork::Parent(init) => {
            wait_or_kill(init, builder)?;
            if task.own_pids { Ok(()) } else { reaper::kill_descendants() }
        }
    }
}

/// Keeps the step's processes from this one's memory, and orphans with this one.
fn protect() -> Result<()> {
    // A session of its own: a terminal's signals go to the builder, which decides.
    rustix::process::setsid().map_err(Error::system("start a session"))?;
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(Error::system("protect the helper"))?;
    reaper::adopt_orphans()
}

fn enter_namespaces(task: &Task) -> Result<()> {
    let mut flags = UnshareFlags::NEWNS | UnshareFlags::NEWIPC | UnshareFlags::NEWUTS;
    flags.set(UnshareFlags::NEWPID, task.own_pids);
    flags.set(UnshareFlags::NEWNET, task.own_network);
    syscalls::unshare(flags).map_err(Error::system("enter namespaces"))?;
    if task.own_network {
        match syscalls::loopback_up() {
            // Pods with CAP_SYS_ADMIN alone may make a network but not change it: then it has nothing at all.
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {}
            other => other.map_err(Error::system("start the loopback interface"))?,
        }
    }
    rustix::system::sethostname(task.hostname.as_bytes()).map_err(Error::system("set the host name"))
}

/// Waits for the init to end; kills it when the builder closes its end of the socket.
fn wait_or_kill(init: Pid, builder: &UnixStream) -> Result<()> {
    let handle =
        rustix::process::pidfd_open(init, PidfdFlags::empty()).map_err(Error::system("watch a process"))?;
    // No event is asked for: only a hang-up wakes, which comes when the builder closed or died.
    let mut fds =
        [PollFd::new(&handle, PollFlags::IN), PollFd::from_borrowed_fd(builder.as_fd(), PollFlags::empty())];
    while let Err(rustix::io::Errno::INTR) = poll(&mut fds, None) {}
    if fds[0].revents().is_empty() {
        // Gone already is as good as killed.
        let _ = rustix::process::pidfd_send_signal(&handle, Signal::KILL);
    }
    rustix::process::waitpid(Some(init), WaitOptions::empty())
        .map_err(Error::system("wait for a process"))
        .map(drop)
}

/// Succeeds if a PID namespace can have a /proc of its own.
pub(super) fn probe() -> ExitCode {
    match try_own_proc() {
        Ok(true) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn try_own_proc() -> Result<bool> {
    syscalls::unshare(UnshareFlags::NEWNS | UnshareFlags::NEWPID).map_err(Error::NamespacesForbidden)?;
    match syscalls::fork().map_err(Error::system("fork"))? {
        Fork::Child => mounts::fresh_proc("/proc".as_ref()).map(|()| true),
        Fork::Parent(child) => {
            let waited = rustix::process::waitpid(Some(child), WaitOptions::empty());
            let status = waited.map_err(Error::system("wait for a process"))?;
            Ok(status.is_some_and(|(_, status)| status.exit_status() == Some(0)))
        }
    }
}
