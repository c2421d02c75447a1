//! FROM a context: its files are the root file system.

use std::path::Path;

use ktrust_rootfs::{CopyOptions, Filter, Kind, copy_tree};

use crate::builder::{Builder, Stage};
use crate::context::Context;
use crate::error::Error;

/// Makes the files of a context the first layer of a stage.
pub(crate) fn lay(builder: &Builder<'_>, stage: &mut Stage, context: &Context) -> Result<(), Error> {
    builder.change(stage, String::new(), |builder, workspace| {
        let filter = |path: &Path, kind: Kind| {
            let may_hold = kind == Kind::Directory && context.may_hold_visible(path);
            match context.is_visible(path) {
                true => Filter::Include,
                false if may_hold => Filter::IfNeeded,
                false => Filter::Skip,
            }
        };
        let options = CopyOptions { owner: context.owner(), filter: Some(&filter), ..CopyOptions::default() };
        let root = Path::new("/");
        builder.progress.refused(&copy_tree(context.root(), root, workspace.root(), root, &options)?.refused);
        Ok(())
    })?;
    // No instruction made it: it gets its line when the image is finished.
    stage.draft.config.history.pop();
    Ok(())
}
