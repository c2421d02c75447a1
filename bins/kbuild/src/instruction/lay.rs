//! FROM a context: its files are the root file system.

use std::path::Path;

use ktrust_rootfs::{Choice, CopyOptions, Destination, copy_tree};

use crate::builder::{Builder, Stage};
use crate::context::Context;
use crate::error::Error;

/// Makes the files of a context the first layer of a stage.
pub(crate) fn lay(builder: &Builder<'_>, stage: &mut Stage, context: &Context) -> Result<(), Error> {
    builder.change(stage, String::new(), |builder, workspace| {
        let select = |path: &Path, is_dir: bool| {
            Ok(if context.shows(path, is_dir)? { Choice::Take } else { Choice::Skip })
        };
        let options = CopyOptions { owner: context.owner(), select: Some(&select), ..CopyOptions::default() };
        let root = Destination { path: Path::new("/"), is_directory: true };
        let copied = copy_tree(context.root(), Path::new("/"), workspace.root(), &root, &options)?;
        builder.progress.refused(&copied.refused);
        Ok(())
    })?;
    // No instruction made it: it gets its line when the image is finished.
    stage.draft.config.history.pop();
    Ok(())
}
