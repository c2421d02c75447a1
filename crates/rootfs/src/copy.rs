//! COPY of one source: a file to a name, or a directory's contents into a directory.
//!
//! The rules are BuildKit's (its `fsutil/copy`, checked against the real thing): a directory is merged, its
//! sub-directories take the source's metadata even where they exist, the destination itself keeps its own
//! but for the time. Links are copied as links, hard links within the source stay hard links.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::metadata::{Attributes, Kind, Metadata, Owner};
use crate::mode::ModeChange;
use crate::place::Place;
use crate::root::Root;
use crate::unpack::{Refused, RefusedPart, is_refusal};

/// What a filter says about a path below the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// Copy it; names in a directory are asked for one by one.
    Include,
    /// Leave it out, with everything below it.
    Skip,
    /// A directory that is wanted only if something below it is.
    IfNeeded,
}

/// Decides on a path relative to the source directory.
pub type FilterFn<'a> = &'a (dyn Fn(&Path, Kind) -> Filter + Sync);

/// How COPY changes what it copies.
#[derive(Clone, Default)]
pub struct CopyOptions<'a> {
    /// Owner of everything, directories made on the way included; the source's when `None`. Context files
    /// are copied with `0:0`.
    pub owner: Option<Owner>,
    /// Change of mode of files and directories.
    pub mode: Option<ModeChange>,
    /// Decides what is copied; everything when `None`. Not asked about the source itself.
    pub filter: Option<FilterFn<'a>>,
    /// Copy a link that is named as the source as a link, instead of what it leads to.
    pub keep_source_link: bool,
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

/// Copies what is at `source` to `dest`. A directory's contents are merged into `dest`, which is made if it
/// is missing; anything else gets the name `dest`. Links in `dest` are followed inside `to`, a last one too.
pub fn copy_tree(
    from: &Root,
    source: &Path,
    to: &Root,
    dest: &Path,
    options: &CopyOptions<'_>,
) -> Result<Copied> {
    let source = if options.keep_source_link { crate::normal(source) } else { from.resolve(source)? };
    let source = from.place(&source)?;
    let metadata = source.existing()?;
    let dest = to.resolve(dest)?;
    let directory = if metadata.is_dir() { Some(dest.as_path()) } else { dest.parent() };
    let parent_mode = options.mode.as_ref().map_or(0o755, ModeChange::for_parents);
    to.create_dir_all(directory.unwrap_or(Path::new("")), options.owner.unwrap_or_default(), parent_mode)?;
    let mut copy = Copy { options, links: HashMap::new(), copied: Copied::default() };
    let dest = to.place(&dest)?;
    if metadata.is_dir() {
        copy.top(&source, &metadata, &dest)?;
    } else {
        copy.node(&source, &metadata, &dest)?;
    }
    Ok(copy.copied)
}

struct Copy<'a, 'f> {
    options: &'a CopyOptions<'f>,
    /// Where the first name of an inode with several went.
    links: HashMap<(u64, u64), Place>,
    copied: Copied,
}

impl Copy<'_, '_> {
    /// The source directory itself: its contents, and its time.
    fn top(&mut self, source: &Place, metadata: &Metadata, dest: &Place) -> Result<()> {
        self.copied.entries += 1;
        self.contents(source, dest, Path::new(""))?;
        dest.set_modified(metadata.modified)
    }

    fn contents(&mut self, source: &Place, dest: &Place, relative: &Path) -> Result<()> {
        let (source_dir, names) = source.names()?;
        let dest_dir = dest.open_dir()?;
        for name in names {
            let (from, to) = (source.child(&source_dir, &name), dest.child(&dest_dir, &name));
            let metadata = from.existing()?;
            let relative = relative.join(&name);
            match (self.wants(&from, &metadata, &relative)?, metadata.is_dir()) {
                (false, _) => {}
                (true, true) => self.directory(&from, &metadata, &to, &relative)?,
                (true, false) => self.node(&from, &metadata, &to)?,
            }
        }
        Ok(())
    }

    fn wants(&self, place: &Place, metadata: &Metadata, relative: &Path) -> Result<bool> {
        match self.options.filter.map_or(Filter::Include, |filter| filter(relative, metadata.kind)) {
            Filter::Include => Ok(true),
            Filter::IfNeeded if metadata.is_dir() => self.wants_any_in(place, relative),
            Filter::Skip | Filter::IfNeeded => Ok(false),
        }
    }

    fn wants_any_in(&self, place: &Place, relative: &Path) -> Result<bool> {
        let (directory, names) = place.names()?;
        for name in names {
            let child = place.child(&directory, &name);
            if self.wants(&child, &child.existing()?, &relative.join(&name))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn directory(
        &mut self,
        source: &Place,
        metadata: &Metadata,
        dest: &Place,
        relative: &Path,
    ) -> Result<()> {
        match dest.metadata()? {
            None => dest.create_dir()?,
            Some(found) if found.is_dir() => {}
            Some(_) => return Err(Error::NotADirectory(dest.path().to_owned())),
        }
        self.copied.entries += 1;
        self.contents(source, dest, relative)?;
        self.apply(source, metadata, dest)
    }

    /// Anything but a directory.
    fn node(&mut self, source: &Place, metadata: &Metadata, dest: &Place) -> Result<()> {
        match dest.metadata()? {
            Some(found) if found.is_dir() => return Err(Error::IsADirectory(dest.path().to_owned())),
            Some(_) => dest.remove_all()?,
            None => {}
        }
        self.copied.entries += 1;
        if let Some(first) = metadata.shared_inode().and_then(|inode| self.links.get(&inode)) {
            return dest.create_hard_link(first);
        }
        if !self.create(source, metadata, dest)? {
            return Ok(());
        }
        if let Some(inode) = metadata.shared_inode() {
            self.links.insert(inode, dest.clone());
        }
        self.apply(source, metadata, dest)
    }

    /// Makes the file; false if it is a device and that is not possible here.
    fn create(&mut self, source: &Place, metadata: &Metadata, dest: &Place) -> Result<bool> {
        match metadata.kind {
            Kind::Symlink => dest.create_symlink(&source.read_link()?)?,
            Kind::File => self.copied.bytes += copy_content(source, dest)?,
            Kind::CharDevice | Kind::BlockDevice => match dest.create_node(metadata.kind, metadata.device) {
                Err(error) if is_refusal(&error) => {
                    self.refuse(dest.path().to_owned(), RefusedPart::Device);
                    return Ok(false);
                }
                other => other?,
            },
            kind => dest.create_node(kind, (0, 0))?,
        }
        Ok(true)
    }

    fn apply(&mut self, source: &Place, metadata: &Metadata, dest: &Place) -> Result<()> {
        let changed = self.options.mode.as_ref().map(|change| change.apply(metadata.mode, metadata.is_dir()));
        let attributes = Attributes {
            mode: changed.unwrap_or(metadata.mode),
            owner: self.options.owner.unwrap_or(metadata.owner),
            modified: Some(metadata.modified),
            xattrs: source.xattrs()?,
        };
        for name in dest.apply(metadata.kind, &attributes)? {
            self.refuse(dest.path().to_owned(), RefusedPart::Attribute(name));
        }
        Ok(())
    }

    fn refuse(&mut self, path: PathBuf, what: RefusedPart) {
        self.copied.refused.push(Refused { path, what });
    }
}

/// Copies the bytes inside the kernel where the file systems allow it.
fn copy_content(source: &Place, dest: &Place) -> Result<u64> {
    let (mut source, mut file) = (source.open_file()?, dest.create_file()?);
    io::copy(&mut source, &mut file).map_err(Error::io("write", dest.path()))
}
