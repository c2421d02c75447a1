//! WORKDIR: the configuration keeps the path as text, the directory is made where links lead.

use std::path::Path;

use ktrust_dockerfile::path;
use ktrust_rootfs::Accounts;

use super::directory;
use crate::builder::{Builder, Stage};
use crate::error::Error;

/// Mode of directories that are made.
const MODE: u32 = 0o755;

/// Applies WORKDIR. It always makes a layer, maybe an empty one, unless the directory is `/`.
pub(crate) fn workdir(builder: &mut Builder<'_>, stage: &mut Stage, given: &str) -> Result<(), Error> {
    let target =
        if given.is_empty() { directory(stage).to_owned() } else { path::resolve(directory(stage), given) };
    stage.draft.config.config.working_dir.clone_from(&target);
    let history = format!("WORKDIR {target}");
    if target == "/" {
        stage.draft.add_empty(history);
        return Ok(());
    }
    let user = stage.draft.config.config.user.clone();
    builder.change(stage, history, |_, workspace| {
        let root = workspace.root();
        // Directories belong to the current USER; a name that the image does not know is silently root.
        let owner = Accounts::of(root)?.owner(&user);
        root.create_dir_all(Path::new(&target), owner, MODE)?;
        Ok(())
    })
}
