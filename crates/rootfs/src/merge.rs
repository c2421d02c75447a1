//! A finished tree goes into a directory that may have files already.

use std::path::Path;

use crate::error::Result;
use crate::metadata::{Attributes, Kind, Metadata};
use crate::place::Place;
use crate::root::Root;

/// Moves everything in `from` into `to`, which must be on one file system.
///
/// A file is replaced in one step, so that each name has its old or its new content, whenever this is
/// interrupted. Directories are merged; what stands in the way of one, or what is a directory where a file
/// is to be, is removed. Everything else in `to` stays. Links in `to` are replaced and never followed.
pub fn move_into(from: &Root, to: &Root) -> Result<()> {
    contents(&from.dir(Path::new(""))?, &to.dir(Path::new(""))?)
}

fn contents(from: &Place, to: &Place) -> Result<()> {
    let (source_dir, names) = from.names()?;
    let dest_dir = to.open_dir()?;
    for name in names {
        let (source, dest) = (from.child(&source_dir, &name), to.child(&dest_dir, &name));
        one(&source, &source.existing()?, &dest)?;
    }
    Ok(())
}

fn one(source: &Place, metadata: &Metadata, dest: &Place) -> Result<()> {
    let (is, was) = (metadata.is_dir(), dest.metadata()?.map(|found| found.is_dir()));
    if let (true, Some(true)) = (is, was) {
        contents(source, dest)?;
        let attributes = Attributes {
            mode: metadata.mode,
            owner: metadata.owner,
            modified: Some(metadata.modified),
            xattrs: source.xattrs()?,
        };
        return dest.apply(Kind::Directory, &attributes).map(drop);
    }
    if was.is_some_and(|was| was || is) {
        dest.remove_all()?;
    }
    source.rename(dest)
}
