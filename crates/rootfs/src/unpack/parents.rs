//! The directory that the present entry is in, kept open, because neighbours follow each other.

use std::fs;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::metadata::Owner;
use crate::path::{normal, split};
use crate::place::Place;
use crate::root::Root;

/// The last directory that was looked up.
#[derive(Debug, Default)]
pub(super) struct Parents {
    last: Option<Parent>,
}

#[derive(Debug)]
struct Parent {
    path: PathBuf,
    directory: Arc<OwnedFd>,
    /// Where it is on the host, links resolved: the same for every way that leads there.
    real: PathBuf,
}

impl Parents {
    /// The place that a path names, and where it really is. Missing directories on the way are made,
    /// 0755 and root's.
    pub(super) fn place(&mut self, root: &Root, path: &Path) -> Result<(Place, PathBuf)> {
        let path = normal(path);
        let (directory, name) = split(&path);
        let parent = match self.last.take().filter(|last| last.path == directory) {
            Some(parent) => parent,
            None => open(root, directory)?,
        };
        let place = Place::new(Arc::clone(&parent.directory), name, &path);
        let real = parent.real.join(name);
        self.last = Some(parent);
        Ok((place, real))
    }

    /// To be called when a directory or link was replaced: paths may lead elsewhere now.
    pub(super) fn forget(&mut self) {
        self.last = None;
    }
}

fn open(root: &Root, path: &Path) -> Result<Parent> {
    let directory = match root.open_dir(path) {
        Err(Error::Missing(_)) => {
            root.create_dir_all(path, Owner::default(), 0o755)?;
            root.open_dir(path)?
        }
        other => other?,
    };
    let real = fs::read_link(format!("/proc/self/fd/{}", directory.as_raw_fd()))
        .map_err(Error::io("locate", path))?;
    Ok(Parent { path: path.to_owned(), directory, real })
}
