//! WORKDIR: the configuration keeps the path as text, the directory is made where links lead.

use std::path::Path;

use ktrust_dockerfile::path;
use ktrust_rootfs::{Accounts, Owner, Root};

use crate::builder::{Builder, Stage};
use crate::error::Error;

/// Mode of directories that are made.
const MODE: u32 = 0o755;

/// The path that the configuration gets: an absolute one as it is written, another one cleaned, as BuildKit
/// has it.
fn absolute(current: &str, given: &str) -> String {
    match given {
        "" if current.is_empty() => "/".to_owned(),
        "" => current.to_owned(),
        given if given.starts_with('/') => given.to_owned(),
        given => path::resolve("/", &path::join([current, given])),
    }
}

/// Applies WORKDIR. It always makes a layer, maybe an empty one, unless the directory is `/`.
pub(crate) fn workdir(builder: &Builder<'_>, stage: &mut Stage, given: &str) -> Result<(), Error> {
    let target = absolute(&stage.draft.config.config.working_dir, given);
    stage.draft.config.config.working_dir.clone_from(&target);
    let history = format!("WORKDIR {target}");
    if target == "/" {
        stage.draft.add_empty(history);
        return Ok(());
    }
    let user = stage.draft.config.config.user.clone();
    let user = (!user.is_empty()).then(|| crate::owner::read(&user, stage.draft.is_empty())).transpose()?;
    builder.change(stage, history, |_, workspace| {
        let root = workspace.root();
        root.create_dir_all(Path::new(&target), owner(root, user.as_ref())?, MODE)?;
        Ok(())
    })
}

/// Directories belong to the current USER; a name that the image does not know is silently root.
fn owner(root: &Root, user: Option<&ktrust_dockerfile::Owner>) -> Result<Option<Owner>, Error> {
    user.map(|user| Ok(crate::owner::resolve(user, &Accounts::of(root)?))).transpose()
}

#[cfg(test)]
mod tests {
    use super::absolute;

    #[test]
    fn only_relative_paths_are_cleaned() {
        assert_eq!(absolute("/a", "b/../c/"), "/a/c");
        assert_eq!(absolute("/a", "/x//y/../z/"), "/x//y/../z/");
        assert_eq!(absolute("/a/", ""), "/a/");
        assert_eq!(absolute("/a//b/", "."), "/a/b");
        assert_eq!((absolute("", ""), absolute("", "a")), ("/".into(), "/a".into()));
    }
}
