//! How one tree differs from the one below it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::metadata::{Kind, Metadata};
use crate::place::Place;
use crate::root::Root;

mod lower;

use lower::Lower;

/// One difference. Paths are relative to the root and normal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// The path is new or has other content or metadata.
    Upsert(PathBuf),
    /// The directory hides everything that was in it. Follows its `Upsert`.
    Opaque(PathBuf),
    /// The path is gone.
    Remove(PathBuf),
}

impl Change {
    /// The path concerned.
    pub fn path(&self) -> &Path {
        match self {
            Self::Upsert(path) | Self::Opaque(path) | Self::Remove(path) => path,
        }
    }
}

/// The changes that an overlay's upper directory holds, sorted by path, parents first.
///
/// Overlayfs copies a file up when it is opened for writing, and a directory when something in it changes:
/// what is exactly as in `lowers` (bottom first) and has no change below is left out. The upper directory
/// must come from a mount with `redirect_dir` and `metacopy` off.
pub fn changes_of_upper(upper: &Root, lowers: &[PathBuf]) -> Result<Vec<Change>> {
    let mut walk = Walk { lower: Lower::open(lowers)?, changes: BTreeMap::new() };
    walk.directory(&upper.dir(Path::new(""))?, false)?;
    Ok(walk.changes.into_iter().flat_map(Found::changes).collect())
}

/// A difference while the tree is walked.
enum Found {
    Present { opaque: bool },
    Gone,
}

impl Found {
    fn changes((path, found): (PathBuf, Self)) -> Vec<Change> {
        match found {
            Self::Gone => vec![Change::Remove(path)],
            Self::Present { opaque: false } => vec![Change::Upsert(path)],
            Self::Present { opaque: true } => vec![Change::Upsert(path.clone()), Change::Opaque(path)],
        }
    }
}

struct Walk {
    lower: Lower,
    changes: BTreeMap<PathBuf, Found>,
}

impl Walk {
    /// Walks the names in a directory; tells whether any of them is a change. `hidden` says that nothing
    /// of the lower directories shows through, so that what equals them has to be said all the same.
    fn directory(&mut self, place: &Place, hidden: bool) -> Result<bool> {
        let (directory, names) = place.names()?;
        let mut changed = false;
        for name in names {
            changed |= self.name(&place.child(&directory, &name), hidden)?;
        }
        Ok(changed)
    }

    fn name(&mut self, place: &Place, hidden: bool) -> Result<bool> {
        let metadata = place.existing()?;
        let found = match metadata.kind {
            _ if metadata.is_overlay_whiteout() => Found::Gone,
            Kind::Directory => {
                let opaque = place.is_overlay_opaque()?;
                let changed = self.directory(place, hidden || opaque)? || opaque || hidden;
                if !changed && self.is_unchanged(place, &metadata)? {
                    return Ok(false);
                }
                Found::Present { opaque }
            }
            _ if !hidden && self.is_unchanged(place, &metadata)? => return Ok(false),
            _ => Found::Present { opaque: false },
        };
        self.changes.insert(place.path().to_owned(), found);
        Ok(true)
    }

    fn is_unchanged(&self, place: &Place, metadata: &Metadata) -> Result<bool> {
        self.lower.has_equal(place, metadata)
    }
}
