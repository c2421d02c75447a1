//! The helper process: this program started again, alone and without threads, to become a build step.
//!
//! The *watcher* enters the namespaces and lives until the builder hangs up or all is over. Its child, the
//! *init*, builds the root and starts the *step*, reaps what it leaves behind, and reports. With a PID
//! namespace the init is its process 1, so that its end is the end of everything in it; without one,
//! watcher and init are subreapers and kill their descendants.

mod devices;
mod init;
mod mounts;
mod reaper;
mod step;
mod watcher;

use std::ffi::OsString;
use std::process::ExitCode;

/// First argument of a helper.
pub(crate) const ARGUMENT: &str = "__sandbox";
/// Second argument: run a step.
pub(crate) const RUN: &str = "run";
/// Second argument: try whether a PID namespace with a fresh /proc is possible.
pub(crate) const PROBE: &str = "probe";

/// Runs as a helper if the arguments (with the program's name in front) say so. To be called first in
/// `main`, before any thread is started.
pub fn child_main(arguments: &[OsString]) -> Option<ExitCode> {
    let is = |position: usize, text: &str| arguments.get(position).is_some_and(|argument| argument == text);
    if !is(1, ARGUMENT) {
        return None;
    }
    Some(match is(2, PROBE) {
        true => watcher::probe(),
        false if is(2, RUN) => watcher::run(),
        false => ExitCode::from(2),
    })
}
