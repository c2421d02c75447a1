//! What every mechanism offers.

use std::path::{Path, PathBuf};

use ktrust_rootfs::{Change, Root};

use crate::command::{Command, Exit, Output};
use crate::error::Result;

/// A way to run commands in a file system of their own.
pub trait Sandbox: Send + Sync {
    /// A tree that shows `lower` (directories, bottom first, never modified; none for an empty tree) and
    /// takes changes. `scratch` is an empty directory for its own use, on a file system with room for them.
    fn workspace(&self, lower: &[PathBuf], scratch: &Path) -> Result<Box<dyn Workspace>>;

    /// The mechanism's name for messages and for `--isolation`.
    fn name(&self) -> &'static str;
}

/// One live tree. Dropping it gives up the changes.
pub trait Workspace: Send {
    /// The tree as it is now; changes made through it belong to the layer.
    fn root(&self) -> &Root;

    /// Runs a command to its end. Whatever it started has ended too when this returns.
    fn run(&mut self, command: &Command, output: &mut dyn Output) -> Result<Exit>;

    /// Ends the work and tells what changed.
    fn finish(self: Box<Self>) -> Result<Finished>;
}

/// The outcome of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// A directory below the scratch directory that holds every path in `changes`: open it as the root for
    /// packing, and give it as the next `lower` to go on from here.
    pub layer_dir: PathBuf,
    /// What changed, sorted, parents first.
    pub changes: Vec<Change>,
}
