//! Deletions in a layer: `.wh.NAME` deletes NAME, `.wh..wh..opq` everything that lower layers have in
//! the directory. What the same layer made stays, in whichever order the entries come (image spec,
//! layer.md, "Whiteouts").

use std::collections::HashSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::place::Place;

/// What a name in a layer asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Whiteout<'a> {
    /// Delete this neighbour.
    Name(&'a OsStr),
    /// Hide what lower layers have in this directory.
    Opaque,
    /// Another `.wh..wh.` name: AUFS's own book-keeping, without meaning for an image.
    Ignored,
}

impl<'a> Whiteout<'a> {
    pub(crate) fn of(name: &'a OsStr) -> Option<Self> {
        let hidden = name.as_bytes().strip_prefix(b".wh.")?;
        Some(match hidden {
            b".wh..opq" => Self::Opaque,
            // `.` and `..` are no neighbours: deleting them would delete the directory or its parent.
            b"" | b"." | b".." => Self::Ignored,
            _ if hidden.starts_with(b".wh.") => Self::Ignored,
            _ => Self::Name(OsStr::from_bytes(hidden)),
        })
    }
}

/// Removes what is at the place but for what this archive made.
pub(super) fn remove(place: &Place, real: &Path, made: &HashSet<PathBuf>) -> Result<()> {
    match place.metadata()? {
        None => Ok(()),
        Some(found) if found.is_dir() => {
            clear(place, real, made)?;
            if made.contains(real) { Ok(()) } else { place.remove_if_empty().map(drop) }
        }
        Some(_) if made.contains(real) => Ok(()),
        Some(_) => place.remove_all(),
    }
}

/// Removes what is in the directory at the place but for what this archive made.
pub(super) fn clear(place: &Place, real: &Path, made: &HashSet<PathBuf>) -> Result<()> {
    let (directory, names) = place.names()?;
    names.iter().try_for_each(|name| remove(&place.child(&directory, name), &real.join(name), made))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_delete() {
        let of = |name: &'static str| Whiteout::of(OsStr::new(name));
        assert_eq!(of(".wh.a"), Some(Whiteout::Name(OsStr::new("a"))));
        assert_eq!(of(".wh..hidden"), Some(Whiteout::Name(OsStr::new(".hidden"))));
        assert_eq!(of(".wh..wh..opq"), Some(Whiteout::Opaque));
        for name in [".wh.", ".wh..", ".wh...", ".wh..wh.plnk", ".wh..wh.aufs"] {
            assert_eq!(of(name), Some(Whiteout::Ignored), "{name}");
        }
        assert_eq!(of("a.wh.b"), None);
    }
}
