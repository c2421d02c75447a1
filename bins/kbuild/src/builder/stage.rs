//! A stage, finished or in the making.

use std::path::PathBuf;
use std::sync::Arc;

use ktrust_oci::Platform;

use crate::base::Base;
use crate::image::Draft;
use crate::scope::Scope;

/// A stage, finished or in the making.
#[derive(Clone)]
pub(crate) struct Stage {
    pub(crate) draft: Draft,
    pub(crate) scope: Scope,
    pub(crate) tree: Tree,
    /// Whether this stage had a CMD, which an ENTRYPOINT after it then keeps.
    pub(crate) has_cmd: bool,
    /// Its place in the Dockerfile.
    pub(crate) index: usize,
    /// The stage's name or number, for messages.
    pub(crate) title: String,
    /// What its base image was chosen for.
    pub(crate) platform: Platform,
}

impl Stage {
    pub(super) fn fresh(draft: Draft, tree: Tree, platform: Platform) -> Self {
        let scope = Scope::of_image(&draft.config.config.env);
        Self { draft, scope, tree, has_cmd: false, index: 0, title: String::new(), platform }
    }
}

/// Where a stage's files are.
#[derive(Clone)]
pub(crate) enum Tree {
    /// An image that is not unpacked, because no step has needed it yet, and directories above it.
    Packed(Arc<Base>, Vec<PathBuf>),
    /// Directories, bottom first.
    Unpacked(Vec<PathBuf>),
}

impl Tree {
    /// Puts a directory on top.
    pub(super) fn push(&mut self, directory: PathBuf) {
        match self {
            Self::Packed(_, directories) | Self::Unpacked(directories) => directories.push(directory),
        }
    }
}
