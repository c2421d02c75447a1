//! One member of an archive becomes one name in the tree.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::whiteout::{self, Whiteout};
use super::{Apply, RefusedPart, is_refusal};
use crate::error::{Error, Result};
use crate::metadata::{Attributes, Kind, Metadata};
use crate::path::normal;
use crate::place::Place;
use crate::tar::{Entry, EntryKind, Extent};

impl Apply<'_> {
    pub(crate) fn entry(&mut self, entry: &Entry, content: &mut dyn Read) -> Result<()> {
        self.report.entries += 1;
        let path = normal(Path::new(OsStr::from_bytes(&entry.path)));
        if path.as_os_str().is_empty() && !self.options.whiteouts {
            return Ok(()); // ADD keeps the destination as it is; a layer says what `/` is
        }
        // Directories that the archive does not name are root's, whoever owns the rest.
        let (place, real) = self.parents.place(self.root, &path)?;
        match path.file_name().and_then(Whiteout::of).filter(|_| self.options.whiteouts) {
            Some(mark) => self.whiteout(&mark, &path),
            None => self.node(entry, &place, real, content),
        }
    }

    fn whiteout(&mut self, mark: &Whiteout<'_>, path: &Path) -> Result<()> {
        let directory = path.parent().unwrap_or(Path::new(""));
        let target = match mark {
            Whiteout::Name(name) => directory.join(name),
            Whiteout::Opaque => directory.to_owned(),
            Whiteout::Ignored => return Ok(()),
        };
        self.parents.forget();
        if *mark == Whiteout::Opaque {
            // The directory may be a link: what it leads to is meant, as for the entries in it.
            let (any, real) = self.parents.place(self.root, path)?;
            let real = real.parent().unwrap_or(Path::new("/")).to_owned();
            return whiteout::clear(&any.directory(), &real, &self.made);
        }
        let (place, real) = self.parents.place(self.root, &target)?;
        self.parents.forget();
        whiteout::remove(&place, &real, &self.made)
    }

    fn node(&mut self, entry: &Entry, place: &Place, real: PathBuf, content: &mut dyn Read) -> Result<()> {
        let existing = place.metadata()?;
        match entry.kind {
            EntryKind::Node(Kind::Directory) => self.directory(entry, place, existing)?,
            // The root of the tree stays a directory.
            _ if place.is_root() => return Ok(()),
            EntryKind::HardLink => self.hard_link(entry, place, existing)?,
            EntryKind::Node(kind) => {
                self.clear_the_way(place, existing)?;
                self.create(kind, entry, place, content)?;
            }
        }
        self.made.insert(real);
        Ok(())
    }

    fn clear_the_way(&mut self, place: &Place, existing: Option<Metadata>) -> Result<()> {
        let Some(existing) = existing else {
            return Ok(());
        };
        if matches!(existing.kind, Kind::Directory | Kind::Symlink) {
            self.parents.forget();
        }
        if existing.is_dir() {
            let below = self.directory_times.range(place.path().to_owned()..).map(|(path, _)| path.clone());
            let below: Vec<PathBuf> = below.take_while(|path| path.starts_with(place.path())).collect();
            for path in below {
                self.directory_times.remove(&path);
            }
        }
        place.remove_all()
    }

    fn hard_link(&mut self, entry: &Entry, place: &Place, existing: Option<Metadata>) -> Result<()> {
        let target = normal(Path::new(OsStr::from_bytes(&entry.link)));
        let original = self.root.place(&target)?;
        let found = original.existing()?;
        if existing.is_none_or(|existing| (existing.dev, existing.ino) != (found.dev, found.ino)) {
            self.clear_the_way(place, existing)?;
            place.create_hard_link(&original)?;
        }
        self.once_more(entry, place, &found)
    }

    /// An entry for a further name says again what the file is, and the last word counts, as in containerd.
    /// Only what differs is set, since a change of owner takes capabilities away.
    fn once_more(&mut self, entry: &Entry, place: &Place, found: &Metadata) -> Result<()> {
        let mut given = self.attributes(entry);
        if found.kind == Kind::Symlink {
            given.mode = found.mode;
        }
        if (found.mode, found.owner) != (given.mode, given.owner) {
            return self.apply(place, found.kind, &given);
        }
        for name in place.set_xattrs(&given.xattrs)? {
            self.refuse(place.path(), RefusedPart::Attribute(name));
        }
        given.modified.map_or(Ok(()), |time| place.set_modified(time))
    }

    fn directory(&mut self, entry: &Entry, place: &Place, existing: Option<Metadata>) -> Result<()> {
        if !existing.is_some_and(|existing| existing.is_dir()) {
            self.clear_the_way(place, existing)?;
            place.create_dir()?;
        }
        let attributes = self.attributes(entry);
        if let Some(time) = attributes.modified {
            self.directory_times.insert(place.path().to_owned(), time);
        }
        self.apply(place, Kind::Directory, &attributes)
    }

    fn create(&mut self, kind: Kind, entry: &Entry, place: &Place, content: &mut dyn Read) -> Result<()> {
        match kind {
            Kind::File => {
                let file = place.create_file()?;
                self.report.bytes += write(file, entry, content, &mut self.buffer, place.path())?;
            }
            Kind::Symlink => place.create_symlink(Path::new(OsStr::from_bytes(&entry.link)))?,
            Kind::CharDevice | Kind::BlockDevice => {
                if !self.device(kind, entry, place)? {
                    return Ok(());
                }
            }
            _ => place.create_node(kind, (0, 0))?,
        }
        self.apply(place, kind, &self.attributes(entry))
    }

    /// Makes a device node; false if that is not possible here.
    fn device(&mut self, kind: Kind, entry: &Entry, place: &Place) -> Result<bool> {
        let whiteout = kind == Kind::CharDevice && entry.device == (0, 0);
        let refused = whiteout
            || match place.create_node(kind, entry.device) {
                Err(error) if is_refusal(&error) => true,
                other => other.map(|()| false)?,
            };
        if refused {
            self.refuse(place.path(), RefusedPart::Device);
        }
        Ok(!refused)
    }

    fn attributes(&self, entry: &Entry) -> Attributes {
        let owner = self.options.owner.unwrap_or(entry.attributes.owner);
        Attributes { owner, ..entry.attributes.clone() }
    }

    fn apply(&mut self, place: &Place, kind: Kind, attributes: &Attributes) -> Result<()> {
        for name in place.apply(kind, attributes)? {
            self.refuse(place.path(), RefusedPart::Attribute(name));
        }
        Ok(())
    }
}

/// Writes a file's content; holes of a sparse file stay holes. Yields the bytes written.
fn write(
    mut file: File,
    entry: &Entry,
    content: &mut dyn Read,
    buffer: &mut [u8],
    path: &Path,
) -> Result<u64> {
    let whole = [Extent { offset: 0, length: entry.size }];
    let extents = entry.sparse.as_deref().unwrap_or(&whole);
    let mut written = 0;
    for extent in extents {
        file.seek(SeekFrom::Start(extent.offset)).map_err(Error::io("write", path))?;
        copy(&mut file, content, extent.length, buffer, path)?;
        written += extent.length;
    }
    if entry.sparse.is_some() {
        file.set_len(entry.size).map_err(Error::io("write", path))?;
    }
    Ok(written)
}

/// Copies exactly so many bytes, telling a failing source from a failing disk.
fn copy(
    file: &mut File,
    content: &mut dyn Read,
    mut left: u64,
    buffer: &mut [u8],
    path: &Path,
) -> Result<()> {
    while left > 0 {
        let wanted = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        content.read_exact(&mut buffer[..wanted]).map_err(Error::Read)?;
        file.write_all(&buffer[..wanted]).map_err(Error::io("write", path))?;
        left -= wanted as u64;
    }
    Ok(())
}
