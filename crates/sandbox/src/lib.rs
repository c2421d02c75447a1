//! Where RUN runs: a root file system that is not the builder's, and a process in it.
//!
//! [`Sandbox`] is the one trait; a build step works on a [`Workspace`], whose root is live between and
//! during commands and whose changes become a layer at the end. [`Namespaces`] is the mechanism for
//! machines and pods that allow mounts: overlayfs, own mount, PID, IPC and UTS namespaces, `pivot_root`.
//!
//! Namespaces cannot be entered by a program with threads, so the program that uses this crate starts
//! with two calls, before anything else:
//!
//! ```no_run
//! # fn main() -> std::process::ExitCode {
//! let arguments: Vec<_> = std::env::args_os().collect();
//! if let Some(exit) = ktrust_sandbox::child_main(&arguments) {
//!     return exit; // this is a helper process that the sandbox started
//! }
//! match ktrust_sandbox::enter() {
//!     Ok(ktrust_sandbox::Entered::Here) => { /* the build */ }
//!     Ok(ktrust_sandbox::Entered::Exited(code)) => return code.into(), // it ran in a child
//!     Err(error) => { /* say it, with its hint */ }
//! }
//! # std::process::ExitCode::SUCCESS
//! # }
//! ```
//!
//! All unsafe code is in the `syscalls` module.

mod cancel;
mod child;
mod command;
mod enter;
mod error;
mod limit;
mod message;
mod namespaces;
#[expect(unsafe_code, reason = "the one place for calls that the compiler cannot check")]
mod syscalls;
mod workspace;

pub use cancel::Cancel;
pub use child::child_main;
pub use command::{Command, Exit, Mount, MountKind, Network, Output};
pub use enter::{Entered, enter};
pub use error::{Error, ErrorKind, Result};
pub use ktrust_rootfs::Identity;
pub use limit::{Limit, Resource};
pub use namespaces::Namespaces;
pub use workspace::{Finished, Sandbox, Workspace};
