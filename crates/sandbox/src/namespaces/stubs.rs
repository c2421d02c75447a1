//! Mount points that the tree lacks: made for one command, and gone without a trace after it.

use std::path::{Path, PathBuf};

use ktrust_rootfs::{Attributes, Kind, Metadata, Owner, Root, Time};

use crate::error::Result;
use crate::message::MountTask;

/// Always there in a container; where the tree lacks them they stay, as with BuildKit.
const PERMANENT: [&str; 3] = ["proc", "sys", "dev"];

/// What was made, in order.
#[derive(Debug, Default)]
pub(super) struct Stubs(Vec<Stub>);

#[derive(Debug)]
struct Stub {
    path: PathBuf,
    kind: Kind,
    /// Time of the directory that it was made in, before and after.
    parent: PathBuf,
    before: Time,
    after: Time,
}

/// Makes what the mounts need, and turns each target into the path where it really is. Targets inside of
/// other mounts are left alone: what leads to them is there only once those are mounted.
pub(super) fn create(root: &Root, mounts: &mut [MountTask]) -> Result<Stubs> {
    for path in PERMANENT {
        root.create_dir_all(Path::new(path), Owner::default(), 0o755)?;
    }
    let mut covered: Vec<PathBuf> = PERMANENT.map(PathBuf::from).to_vec();
    let mut stubs = Stubs::default();
    for mount in mounts {
        let target = root.resolve(Path::new(&mount.target))?;
        if covered.iter().any(|above| target.starts_with(above)) {
            continue;
        }
        match stubs.make_for(root, mount, &target) {
            Ok(made) => mount.is_stub = made,
            Err(error) => {
                stubs.remove(root)?;
                return Err(error);
            }
        }
        mount.target = target.clone().into();
        covered.push(target);
    }
    Ok(stubs)
}

impl Stubs {
    /// Makes the mount point and tells whether it was missing.
    fn make_for(&mut self, root: &Root, mount: &MountTask, target: &Path) -> Result<bool> {
        let missing = root.metadata(target)?.is_none();
        if mount.source.is_directory()? {
            self.directories(root, target)?;
        } else {
            self.file(root, target)?;
        }
        Ok(missing)
    }

    fn file(&mut self, root: &Root, path: &Path) -> Result<()> {
        self.directories(root, path.parent().unwrap_or(Path::new("")))?;
        match root.metadata(path)? {
            Some(_) => Ok(()),
            None => self.make(root, path, Kind::File),
        }
    }

    fn directories(&mut self, root: &Root, path: &Path) -> Result<()> {
        let mut missing: Vec<&Path> = Vec::new();
        for directory in path.ancestors().filter(|path| !path.as_os_str().is_empty()) {
            if root.metadata(directory)?.is_some() {
                break;
            }
            missing.push(directory);
        }
        missing.into_iter().rev().try_for_each(|directory| self.make(root, directory, Kind::Directory))
    }

    fn make(&mut self, root: &Root, path: &Path, kind: Kind) -> Result<()> {
        let parent = path.parent().unwrap_or(Path::new("")).to_owned();
        let before = modified(root, &parent)?;
        if kind == Kind::Directory {
            root.create_dir_all(path, Owner::default(), 0o755)?;
        } else {
            root.write(path, b"", &Attributes { mode: 0o644, ..Attributes::default() })?;
        }
        let after = modified(root, &parent)?;
        self.0.push(Stub { path: path.to_owned(), kind, parent, before, after });
        Ok(())
    }

    /// Removes what was made and is still empty, and takes back the times of the directories around it,
    /// unless the command changed those itself.
    pub(super) fn remove(&self, root: &Root) -> Result<()> {
        self.0.iter().rev().try_for_each(|stub| stub.remove(root))
    }
}

impl Stub {
    fn remove(&self, root: &Root) -> Result<()> {
        let now = match root.metadata(&self.parent)? {
            Some(parent) if parent.is_dir() => parent.modified,
            _ => return Ok(()),
        };
        match root.metadata(&self.path)? {
            Some(found) if found.is_dir() && self.kind == Kind::Directory => {
                if !root.remove_if_empty(&self.path)? {
                    return Ok(());
                }
            }
            Some(found) if is_untouched_file(&found) && self.kind == Kind::File => {
                root.remove_all(&self.path)?;
            }
            _ => return Ok(()),
        }
        let time = if now == self.after { self.before } else { now };
        Ok(root.set_modified(&self.parent, time)?)
    }
}

fn is_untouched_file(found: &Metadata) -> bool {
    found.kind == Kind::File && found.size == 0
}

fn modified(root: &Root, path: &Path) -> Result<Time> {
    let found = root.metadata(path)?.ok_or_else(|| ktrust_rootfs::Error::Missing(path.to_owned()))?;
    Ok(found.modified)
}
