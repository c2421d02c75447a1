//! Where a path leads that may not exist yet.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use super::Root;
use crate::error::{Error, Result};
use crate::metadata::Kind;

/// As many links as Linux follows in one path is 40; BuildKit's resolver allows 255.
const MAX_LINKS: usize = 255;

impl Root {
    /// The path after all links, the last one too, were followed inside the root. From the first
    /// component on that does not exist, the rest is taken literally.
    pub fn resolve(&self, path: &Path) -> Result<PathBuf> {
        let mut pending = components(path);
        let mut resolved = PathBuf::new();
        let mut links = 0;
        while let Some(component) = pending.pop_front() {
            if component == ".." {
                resolved.pop();
                continue;
            }
            let next = resolved.join(&component);
            if self.metadata(&next)?.is_none_or(|found| found.kind != Kind::Symlink) {
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
