//! The init: builds the root, starts the step, waits for it, reports.

use std::os::unix::net::UnixStream;

use rustix::process::{Signal, WaitStatus};

use super::{mounts, reaper, step, watcher};
use crate::error::{Error, Result};
use crate::message::{Report, Task};
use crate::syscalls::{self, Fork};

/// Runs the task. It reports by itself, so that the watcher has nothing to add.
pub(super) fn main(task: &Task, builder: &UnixStream) {
    match run(task) {
        Ok(Some(status)) => watcher::report(builder, &outcome(status)),
        // The step itself, which could not be started and said so.
        Ok(None) => {}
        Err(error) => watcher::report(builder, &error.into()),
    }
}

fn run(task: &Task) -> Result<Option<WaitStatus>> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(Error::system("bind to the watcher"))?;
    reaper::adopt_orphans()?;
    mounts::build_root(task)?;
    let (mut failure_read, failure_write) = std::io::pipe().map_err(Error::system("create a pipe"))?;
    match syscalls::fork().map_err(Error::system("fork"))? {
        Fork::Child => {
            drop(failure_read);
            step::start(task, failure_write);
            Ok(None)
        }
        Fork::Parent(pid) => {
            drop(failure_write);
            let failure = step::failure(&mut failure_read);
            let status = reaper::wait_for(pid)?;
            if !task.own_pids {
                reaper::kill_descendants()?;
            }
            failure.map_or(Ok(Some(status)), Err)
        }
    }
}

fn outcome(status: WaitStatus) -> Report {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => Report::Exited(code as u8),
        (None, Some(signal)) => Report::Signalled(signal),
        (None, None) => Report::Exited(1),
    }
}
