//! Nothing that a step started outlives it.

use std::fs;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus};

use crate::error::{Error, Result};

/// Makes this process the parent of descendants that lose theirs.
pub(super) fn adopt_orphans() -> Result<()> {
    // Any process id means "on" here.
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))
        .map_err(Error::system("adopt orphans"))
}

/// Waits for the child to end, and meanwhile for every orphan.
pub(super) fn wait_for(child: Pid) -> Result<WaitStatus> {
    loop {
        match rustix::process::waitpid(None, WaitOptions::empty()) {
            Ok(Some((pid, status))) if pid == child => return Ok(status),
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(Error::system("wait for a process")(error)),
        }
    }
}

/// Kills all children until none is left. Their own children become ours as they die.
pub(super) fn kill_descendants() -> Result<()> {
    loop {
        let children = children();
        for child in &children {
            // It may have died since.
            let _ = rustix::process::kill_process(*child, Signal::KILL);
        }
        // The list may miss a child while another exits: then look again instead of waiting.
        let options = if children.is_empty() { WaitOptions::NOHANG } else { WaitOptions::empty() };
        match rustix::process::waitpid(None, options) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(Errno::CHILD) => return Ok(()),
            Err(error) => return Err(Error::system("wait for a process")(error)),
        }
    }
}

/// The children of this process, which has one thread.
fn children() -> Vec<Pid> {
    let own = rustix::process::getpid().as_raw_nonzero();
    let listed = fs::read_to_string(format!("/proc/self/task/{own}/children")).unwrap_or_default();
    listed.split_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().ok()?)).collect()
}
