//! What the three programs say and how they end.
//!
//! One rule keeps the output usable by people and by scripts: *data goes to standard output, everything
//! else to standard error*. Libraries never print; they return errors and report progress through small
//! traits of their own, and only the programs, through this crate, decide how that looks.
//!
//! - [`Exit`] is the documented table of exit codes, part of ktrust's interface.
//! - [`Diagnose`] is what an error of a program must know: its exit code and its cures.
//! - [`conclude`] turns a program's result into its last words and its exit code.
//! - [`Printer`] is the one writer, with GitLab's collapsible sections where they are understood.

#![forbid(unsafe_code)]

mod diagnostic;
mod exit;
mod printer;

pub use diagnostic::{Diagnose, conclude, render};
pub use exit::Exit;
pub use printer::{Printer, Section, Style};
