//! WORKDIR: the configuration keeps the path as text, the directory is made where links lead.

use std::path::Path;

use ktrust_dockerfile::path;
use ktrust_rootfs::{Accounts, Owner, Root};

use super::directory;
use crate::builder::{Builder, Stage};
use crate::error::Error;

/// Mode of directories that are made.
const MODE: u32 = 0o755;

/// The path that the configuration gets: cleaned, but a slash at the end stays, as in BuildKit.
fn absolute(current: &str, given: &str) -> String {
    if given.is_empty() {
        return current.to_owned();
    }
    let mut target = path::resolve(current, given);
    if given.ends_with('/') && target != "/" {
        target.push('/');
    }
    target
}

/// Applies WORKDIR. It always makes a layer, maybe an empty one, unless the directory is `/`.
pub(crate) fn workdir(builder: &Builder<'_>, stage: &mut Stage, given: &str) -> Result<(), Error> {
    let target = absolute(directory(stage), given);
    stage.draft.config.config.working_dir.clone_from(&target);
    let history = format!("WORKDIR {target}");
    if target == "/" {
        stage.draft.add_empty(history);
        return Ok(());
    }
    let user = stage.draft.config.config.user.clone();
    builder.change(stage, history, |_, workspace| {
        let root = workspace.root();
        root.create_dir_all(Path::new(&target), owner(root, &user)?, MODE)?;
        Ok(())
    })
}

/// Directories belong to the current USER; a name that the image does not know is silently root.
fn owner(root: &Root, user: &str) -> Result<Option<Owner>, Error> {
    if user.is_empty() {
        return Ok(None);
    }
    let owner = ktrust_dockerfile::Owner::parse(user);
    Ok(Some(crate::owner::resolve(&owner, &Accounts::of(root)?)))
}

#[cfg(test)]
mod tests {
    use super::absolute;

    #[test]
    fn cleaned_but_for_the_last_slash() {
        assert_eq!(absolute("/a", "b/../c"), "/a/c");
        assert_eq!(absolute("/a", "/x//y/"), "/x/y/");
        assert_eq!(absolute("/a/", ""), "/a/");
        assert_eq!(absolute("/", "//"), "/");
    }
}
