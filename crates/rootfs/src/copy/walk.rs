//! The walk through a source, name by name.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Choice, Copied, CopyOptions};
use crate::error::{Error, Result};
use crate::metadata::{Attributes, Kind, Metadata};
use crate::place::Place;
use crate::unpack::{Refused, RefusedPart, is_refusal};

/// The state of one source's copy.
pub(super) struct Walk<'a> {
    options: &'a CopyOptions<'a>,
    /// Where the first name of a file with several went.
    links: HashMap<(u64, u64), Place>,
    /// The directories from the source down to the present one.
    levels: Vec<Level>,
    pub(super) copied: Copied,
}

/// A directory that is being walked.
struct Level {
    source: Place,
    metadata: Metadata,
    name: OsString,
    /// Its copy, opened, once it is made.
    made: Option<(Place, Arc<OwnedFd>)>,
    /// Made now, on the way to something below and not for its own sake.
    is_new_parent: bool,
}

impl Level {
    fn new(source: &Place, metadata: &Metadata, name: &OsStr) -> Self {
        let (source, name) = (source.clone(), name.to_owned());
        Self { source, metadata: *metadata, name, made: None, is_new_parent: false }
    }

    fn at(mut self, dest: &Place) -> Result<Self> {
        self.made = Some((dest.clone(), dest.open_dir()?));
        Ok(self)
    }
}

impl<'a> Walk<'a> {
    pub(super) fn new(options: &'a CopyOptions<'a>) -> Self {
        Self { options, links: HashMap::new(), levels: Vec::new(), copied: Copied::default() }
    }

    /// Copies what was named as the source.
    pub(super) fn source(&mut self, source: &Place, metadata: &Metadata, dest: &Place) -> Result<()> {
        if !metadata.is_dir() {
            return self.node(source, metadata, dest);
        }
        self.copied.entries += 1;
        let is_new = make(dest)?;
        self.levels.push(Level::new(source, metadata, OsStr::new("")).at(dest)?);
        self.contents(source, Path::new(""))?;
        // An existing destination keeps what it has but for the time.
        if is_new { self.apply(source, metadata, dest) } else { dest.set_modified(metadata.modified) }
    }

    fn contents(&mut self, source: &Place, relative: &Path) -> Result<()> {
        let (directory, names) = source.names()?;
        names.iter().try_for_each(|name| {
            let place = source.child(&directory, name);
            let metadata = place.existing()?;
            self.name(&place, &metadata, name, &relative.join(name))
        })
    }

    fn name(&mut self, source: &Place, metadata: &Metadata, name: &OsStr, relative: &Path) -> Result<()> {
        let choose = self.options.select;
        let choice = choose.map_or(Ok(Choice::Take), |select| select(relative, metadata.is_dir()))?;
        match (choice, metadata.is_dir()) {
            (Choice::Skip, _) | (Choice::Through, false) => Ok(()),
            (Choice::Take, false) => {
                let dest = self.dest(name)?;
                self.node(source, metadata, &dest)
            }
            (Choice::Take, true) => self.directory(source, metadata, name, relative),
            (Choice::Through, true) => self.through(source, metadata, name, relative),
        }
    }

    fn directory(
        &mut self,
        source: &Place,
        metadata: &Metadata,
        name: &OsStr,
        relative: &Path,
    ) -> Result<()> {
        let dest = self.dest(name)?;
        make(&dest)?;
        self.copied.entries += 1;
        self.levels.push(Level::new(source, metadata, name).at(&dest)?);
        self.contents(source, relative)?;
        self.levels.pop();
        self.apply(source, metadata, &dest)
    }

    /// A directory that is made when something in it is taken.
    fn through(&mut self, source: &Place, metadata: &Metadata, name: &OsStr, relative: &Path) -> Result<()> {
        self.levels.push(Level::new(source, metadata, name));
        self.contents(source, relative)?;
        match self.levels.pop() {
            // Its time is set when nothing more comes into it.
            Some(Level { made: Some((dest, _)), is_new_parent: true, .. }) => {
                dest.set_modified(metadata.modified)
            }
            _ => Ok(()),
        }
    }

    /// The place of a name in the present directory, which is made now if it was not wanted before.
    fn dest(&mut self, name: &OsStr) -> Result<Place> {
        let made = self.levels.iter().take_while(|level| level.made.is_some()).count();
        for index in made..self.levels.len() {
            self.parent(index)?;
        }
        match self.levels.last().and_then(|level| level.made.as_ref()) {
            Some((place, open)) => Ok(place.child(open, name)),
            None => Err(Error::Missing(PathBuf::from(name))),
        }
    }

    /// Makes a directory whose parent is made. One that is there gets the mode of its source, no more.
    fn parent(&mut self, index: usize) -> Result<()> {
        let above = index.checked_sub(1).and_then(|above| self.levels[above].made.clone());
        let Some((place, open)) = above else { return Ok(()) };
        let level = &self.levels[index];
        let (source, metadata, dest) =
            (level.source.clone(), level.metadata, place.child(&open, &level.name));
        let is_new_parent = make(&dest)?;
        if is_new_parent {
            self.copied.entries += 1;
            self.apply(&source, &metadata, &dest)?;
        } else {
            dest.set_mode(metadata.mode)?;
        }
        let made = Some((dest.clone(), dest.open_dir()?));
        let level = &mut self.levels[index];
        (level.made, level.is_new_parent) = (made, is_new_parent);
        Ok(())
    }

    /// Anything but a directory.
    fn node(&mut self, source: &Place, metadata: &Metadata, dest: &Place) -> Result<()> {
        match dest.metadata()? {
            Some(found) if found.is_dir() => return Err(Error::IsADirectory(dest.path().to_owned())),
            Some(_) => dest.remove_all()?,
            None => {}
        }
        self.copied.entries += 1;
        let inode = metadata.shared_inode().filter(|_| metadata.kind == Kind::File);
        if let Some(first) = inode.and_then(|inode| self.links.get(&inode)) {
            return dest.create_hard_link(first);
        }
        if !self.create(source, metadata, dest)? {
            return Ok(());
        }
        if let Some(inode) = inode {
            self.links.insert(inode, dest.clone());
        }
        self.apply(source, metadata, dest)
    }

    /// Makes the file; false if it is a device and that is not possible here.
    fn create(&mut self, source: &Place, metadata: &Metadata, dest: &Place) -> Result<bool> {
        match metadata.kind {
            Kind::Symlink => dest.create_symlink(&source.read_link()?)?,
            Kind::File => self.copied.bytes += copy_content(source, dest)?,
            // No archive can hold a socket. An empty file stands for it, as in BuildKit.
            Kind::Socket => drop(dest.create_file()?),
            Kind::CharDevice | Kind::BlockDevice => return self.device(metadata, dest),
            kind => dest.create_node(kind, (0, 0))?,
        }
        Ok(true)
    }

    fn device(&mut self, metadata: &Metadata, dest: &Place) -> Result<bool> {
        // The device 0:0 would mean a deletion.
        let refused = metadata.is_overlay_whiteout()
            || match dest.create_node(metadata.kind, metadata.device) {
                Err(error) if is_refusal(&error) => true,
                other => other.map(|()| false)?,
            };
        if refused {
            self.refuse(dest, RefusedPart::Device);
        }
        Ok(!refused)
    }

    fn apply(&mut self, source: &Place, metadata: &Metadata, dest: &Place) -> Result<()> {
        let mode = self.options.mode.map(|change| change(metadata.mode, metadata.is_dir()));
        let attributes = Attributes {
            mode: mode.unwrap_or(metadata.mode),
            owner: self.options.owner.unwrap_or(metadata.owner),
            modified: Some(metadata.modified),
            xattrs: source.xattrs()?,
        };
        let kind = if metadata.kind == Kind::Socket { Kind::File } else { metadata.kind };
        for name in dest.apply(kind, &attributes)? {
            self.refuse(dest, RefusedPart::Attribute(name));
        }
        Ok(())
    }

    fn refuse(&mut self, dest: &Place, what: RefusedPart) {
        self.copied.refused.push(Refused { path: dest.path().to_owned(), what });
    }
}

/// Makes a directory; false if it is there already.
fn make(dest: &Place) -> Result<bool> {
    match dest.metadata()? {
        None => dest.create_dir().map(|()| true),
        Some(found) if found.is_dir() => Ok(false),
        Some(_) => Err(Error::NotADirectory(dest.path().to_owned())),
    }
}

/// Copies the bytes inside the kernel where the file systems allow it.
fn copy_content(source: &Place, dest: &Place) -> Result<u64> {
    let (mut source, mut file) = (source.open_file()?, dest.create_file()?);
    io::copy(&mut source, &mut file).map_err(Error::io("write", dest.path()))
}
