//! Where a path leads that may not exist yet.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use super::Root;
use crate::error::{Error, Result};
use crate::metadata::Kind;

/// As many links as Linux follows in one path is 40; BuildKit's resolver allows 255.
const MAX_LINKS: usize = 255;

/// Whether what is at a path counts as being there; told whether it is a directory.
pub type Sees<'a> = &'a dyn Fn(&Path, bool) -> Result<bool>;

impl Root {
    /// The path after all links, the last one too, were followed inside the root. From the first
    /// component on that does not exist, the rest is taken literally.
    pub fn resolve(&self, path: &Path) -> Result<PathBuf> {
        self.resolve_where(path, &|_, _| Ok(true))
    }

    /// The same in a part of the tree: links that are not seen are not followed.
    pub fn resolve_where(&self, path: &Path, sees: Sees<'_>) -> Result<PathBuf> {
        let mut pending = components(path);
        let mut resolved = PathBuf::new();
        let mut links = 0;
        while let Some(component) = pending.pop_front() {
            if component == ".." {
                resolved.pop();
                continue;
            }
            let next = resolved.join(&component);
            let is_link = self.metadata(&next)?.is_some_and(|found| found.kind == Kind::Symlink);
            if !is_link || !sees(&next, false)? {
                resolved = next;
                continue;
            }
            links += 1;
            if links > MAX_LINKS {
                return Err(Error::LinkLoop(path.to_owned()));
            }
            let target = self.read_link(&next)?;
            if target.is_absolute() {
                resolved.clear();
            }
            pending = components(&target).into_iter().chain(pending).collect();
        }
        Ok(resolved)
    }
}

/// Names and `..`, without `/` and `.`.
fn components(path: &Path) -> VecDeque<OsString> {
    path.components()
        .filter(|component| matches!(component, Component::Normal(_) | Component::ParentDir))
        .map(|component| component.as_os_str().to_owned())
        .collect()
}
