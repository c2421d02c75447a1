//! COPY of one source: a file to a name, or a directory's contents into a directory.
//!
//! The rules are BuildKit's (its `fsutil/copy`, checked against the real thing): a directory is merged, its
//! sub-directories take the source's metadata even where they exist, the destination itself keeps its own
//! but for the time. Links are copied as links, hard links within the source stay hard links.

use std::path::Path;

use crate::error::Result;
use crate::metadata::Owner;
use crate::root::Root;
use crate::unpack::Refused;

mod walk;

use walk::Walk;

/// What a selection says about a path below the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Copy it; names in a directory are asked for one by one.
    Take,
    /// A directory that is made only when something below it is taken; other files are left out.
    Through,
    /// Leave it out, with everything below it.
    Skip,
}

/// Decides on a path relative to the source directory, told whether a directory is there.
pub type Selection<'a> = &'a (dyn Fn(&Path, bool) -> Result<Choice> + Sync);

/// The permission bits that a file or directory (`true`) with these bits gets.
pub type ModeChange<'a> = &'a (dyn Fn(u32, bool) -> u32 + Sync);

/// How COPY changes what it copies.
#[derive(Clone, Copy, Default)]
pub struct CopyOptions<'a> {
    /// Owner of everything, directories made on the way included; the source's when `None`. Context files
    /// are copied with `0:0`.
    pub owner: Option<Owner>,
    /// Owner of directories made on the way; the kernel's choice when `None`: the caller, and the group of
    /// the directory above where that is setgid.
    pub parents: Option<Owner>,
    /// Mode of directories made on the way, 0755 when `None`. Special bits are not among it.
    pub parent_mode: Option<u32>,
    /// Change of mode of files and directories.
    pub mode: Option<ModeChange<'a>>,
    /// Decides what is copied; everything when `None`. Not asked about the source itself.
    pub select: Option<Selection<'a>>,
    /// A directory that is made for a directory source takes its metadata, as one below it does.
    pub whole_directory: bool,
}

/// Where COPY writes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Destination<'a> {
    /// The path; links in it are followed inside the root, a last one too.
    pub path: &'a Path,
    /// A directory is meant, also where none is: the path was written with a slash at its end.
    pub is_directory: bool,
}

/// What was copied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Copied {
    /// Files, directories, links and nodes.
    pub entries: u64,
    /// Bytes of file content.
    pub bytes: u64,
    /// What the kernel did not allow here: worth a warning.
    pub refused: Vec<Refused>,
}

/// Copies what `source` leads to. A directory's contents are merged into the destination; anything else goes
/// into a destination that is a directory, by the name that it has in `source`, and is called like the
/// destination otherwise. Missing directories are made.
pub fn copy_tree(
    from: &Root,
    source: &Path,
    to: &Root,
    destination: &Destination<'_>,
    options: &CopyOptions<'_>,
) -> Result<Copied> {
    let place = from.place(&from.resolve(source)?)?;
    let metadata = place.existing()?;
    let mode = options.parent_mode.unwrap_or(0o755) & 0o777;
    let make = |directory: &Path| to.create_dir_all(directory, options.parents, mode);
    let above = if destination.is_directory { Some(destination.path) } else { destination.path.parent() };
    make(above.unwrap_or(Path::new("")))?;
    let mut dest = to.resolve(destination.path)?;
    let existing = to.metadata(&dest)?;
    if !metadata.is_dir() && existing.is_some_and(|found| found.is_dir()) {
        // Links are not followed from here on: what has the name is replaced.
        dest.push(source.file_name().unwrap_or_default());
    }
    let becomes = metadata.is_dir() && existing.is_none() && !options.whole_directory;
    make(if becomes { &dest } else { dest.parent().unwrap_or(Path::new("")) })?;
    let mut walk = Walk::new(options);
    walk.source(&place, &metadata, &to.place(&dest)?)?;
    Ok(walk.copied)
}
