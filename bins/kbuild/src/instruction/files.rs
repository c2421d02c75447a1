//! What COPY and ADD share: which files are meant, where they go, and how the layer is made.

mod history;
mod origin;
mod patterns;
mod target;

use ktrust_rootfs::Root;

use crate::builder::{Builder, Stage};
use crate::error::Error;
pub(super) use history::History;
pub(super) use origin::{Found, Origin};
pub(super) use patterns::Patterns;
pub(super) use target::{Flags, Target};

/// Makes the layer of a COPY or ADD. A linked one is made in an empty directory: what lies below has no part
/// in it, neither as a place to follow links in nor as directories that are there already.
pub(super) fn layer(
    builder: &Builder<'_>,
    stage: &mut Stage,
    history: String,
    is_linked: bool,
    edit: impl FnOnce(&Root) -> Result<(), Error>,
) -> Result<(), Error> {
    if is_linked {
        return builder.change_apart(stage, history, edit);
    }
    builder.change(stage, history, |_, workspace| edit(workspace.root()))
}
