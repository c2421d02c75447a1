//! What several layers show together, as one stream and without a file system.
//!
//! A root file system that is written out as a tar must have what this machine could not make: foreign
//! owners, device nodes, attributes that need privileges. So the layers are read twice. The first time
//! their headers alone become a tree in memory, by the rules by which [`crate::unpack()`] changes a
//! directory; the second time the content of what is left passes through, so that its order is the layers'.
//!
//! A file comes before its other names, and no name twice. Directories come last, the inner ones first: GNU
//! tar gives a directory its time when it meets the first name outside of it, and what is put into it later
//! would change that.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::metadata::{Attributes, Kind, Owner};
use crate::root::Root;
use crate::tar::reader::Reader;
use crate::tar::sparse::Filled;
use crate::tar::writer::Writer;
use crate::tar::{Entry, EntryKind};
use crate::unpack::{Apply, UnpackOptions, Unpacked};

mod tree;

use tree::{Id, Tree};

/// The tree that a number of layers show.
#[derive(Default)]
pub struct Flat {
    tree: Tree,
}

/// Opens a layer, by its number from the bottom, uncompressed and from its start.
pub type OpenLayer<'a> = dyn FnMut(usize) -> Result<Box<dyn Read + Send>> + 'a;

/// The names of each file.
type Files = BTreeMap<Id, Vec<PathBuf>>;

/// Of a layer's entries those that are left, by number: what they are, and their names.
type Wanted<'a> = BTreeMap<usize, (Attributes, &'a Vec<PathBuf>)>;

/// A file by the number of its entry, and its names.
type Origin<'a> = (usize, Id, &'a Vec<PathBuf>);

/// Takes an entry and its content.
type Sink<'a> = dyn FnMut(&Entry, &mut dyn Read) -> Result<()> + 'a;

impl Flat {
    /// Looks at `count` layers, bottom first. Each is read to its end.
    pub fn read(count: usize, open: &mut OpenLayer<'_>) -> Result<Self> {
        let mut flat = Self::default();
        for number in 0..count {
            flat.tree.begin_layer();
            let mut archive = reader(open(number)?);
            let mut index = 0;
            while let Some(entry) = archive.next()? {
                flat.tree.apply(entry, (number, index))?;
                index += 1;
            }
        }
        Ok(flat)
    }

    /// Adds the tree to an archive, below the directory `prefix`, which may be empty. The layers must be
    /// the ones that were looked at.
    pub fn write<W: Write>(
        &self,
        open: &mut OpenLayer<'_>,
        prefix: &Path,
        out: &mut TreeArchive<W>,
    ) -> Result<()> {
        self.each(open, prefix, &mut |entry, content| out.append(entry, content))
    }

    /// Makes the tree's files below a root, all owned by `owner`. A file that was there is replaced.
    pub fn extract(&self, open: &mut OpenLayer<'_>, root: &Root, owner: Owner) -> Result<Unpacked> {
        let mut apply = Apply::new(root, UnpackOptions { whiteouts: false, owner: Some(owner) });
        self.each(open, Path::new(""), &mut |entry, content| apply.entry(entry, content))?;
        apply.finish()
    }

    /// Every path that is no directory.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        self.tree.walk(&mut |path, id| {
            if !self.tree.is_directory(id) {
                files.push(path.to_owned());
            }
        });
        files
    }

    fn each(&self, open: &mut OpenLayer<'_>, prefix: &Path, sink: &mut Sink<'_>) -> Result<()> {
        let (files, directories) = self.without_content(prefix, sink)?;
        let mut by_layer: BTreeMap<usize, Vec<Origin<'_>>> = BTreeMap::new();
        for (id, paths) in &files {
            if let Some((layer, index)) = self.tree.origin(*id) {
                by_layer.entry(layer).or_default().push((index, *id, paths));
            }
        }
        for (number, files) in by_layer {
            let entry = |(index, id, paths)| (index, (self.tree.entry(id).attributes, paths));
            stream(reader(open(number)?), &files.into_iter().map(entry).collect(), sink)?;
        }
        directories.iter().rev().try_for_each(|entry| sink(entry, &mut io::empty()))
    }

    /// Links and nodes, in order; yields the names of each file, and the directories.
    fn without_content(&self, prefix: &Path, sink: &mut Sink<'_>) -> Result<(Files, Vec<Entry>)> {
        let (mut files, mut directories) = (Files::new(), Vec::new());
        let mut seen: BTreeMap<Id, PathBuf> = BTreeMap::new();
        let mut result = Ok(());
        self.tree.walk(&mut |path, id| {
            if result.is_err() {
                return;
            }
            let path = prefix.join(path);
            if self.tree.is_file(id) {
                files.entry(id).or_default().push(path);
                return;
            }
            let mut entry = self.tree.entry(id);
            if self.tree.is_directory(id) {
                // The root itself has a line only where a layer says what it is.
                if !(path.as_os_str().is_empty() && entry.path.is_empty()) {
                    entry.path = name_of(&path);
                    directories.push(entry);
                }
                return;
            }
            match seen.get(&id) {
                Some(first) => entry = link_to(&entry, first),
                None => drop(seen.insert(id, path.clone())),
            }
            entry.path = path.as_os_str().as_bytes().to_vec();
            result = sink(&entry, &mut io::empty());
        });
        result.map(|()| (files, directories))
    }
}

/// A directory's path as it stands in an archive.
fn name_of(path: &Path) -> Vec<u8> {
    let name = path.as_os_str().as_bytes();
    let name = if name.is_empty() { b"." } else { name };
    [name, b"/"].concat()
}

fn reader(layer: Box<dyn Read + Send>) -> Reader<impl Read> {
    Reader::new(io::BufReader::with_capacity(256 * 1024, layer))
}

/// Passes on the entries that are wanted, by number, each under its names.
fn stream<R: Read>(mut archive: Reader<R>, wanted: &Wanted<'_>, sink: &mut Sink<'_>) -> Result<()> {
    let mut index = 0;
    while let Some(mut entry) = archive.next()? {
        if let Some((attributes, paths)) = wanted.get(&index)
            && let Some((first, others)) = paths.split_first()
        {
            // Those of the tree: a further name may have said others.
            entry.attributes = attributes.clone();
            entry.path = first.as_os_str().as_bytes().to_vec();
            sink(&entry, &mut archive.content())?;
            for other in others {
                let mut link = link_to(&entry, first);
                link.path = other.as_os_str().as_bytes().to_vec();
                sink(&link, &mut io::empty())?;
            }
        }
        index += 1;
    }
    Ok(())
}

/// One more name for what is at `first`.
fn link_to(entry: &Entry, first: &Path) -> Entry {
    let attributes = Attributes { xattrs: Vec::new(), ..entry.attributes.clone() };
    Entry {
        kind: EntryKind::HardLink,
        link: first.as_os_str().as_bytes().to_vec(),
        attributes,
        size: 0,
        device: (0, 0),
        sparse: None,
        path: Vec::new(),
    }
}

/// An archive that is being written: of trees, or of plain files.
pub struct TreeArchive<W: Write> {
    tar: Writer<W>,
}

impl<W: Write> TreeArchive<W> {
    /// Begins an archive.
    pub fn new(out: W) -> Self {
        Self { tar: Writer::new(out) }
    }

    /// Adds a directory, 0755, of root and of 1970.
    pub fn directory(&mut self, name: &str) -> Result<()> {
        self.plain(Kind::Directory, &format!("{name}/"), 0o755, 0, io::empty())
    }

    /// Adds a file, 0644, of root and of 1970. The content must have `size` bytes.
    pub fn file(&mut self, name: &str, size: u64, content: impl Read) -> Result<()> {
        self.plain(Kind::File, name, 0o644, size, content)
    }

    /// Writes the end mark and yields what was written to.
    pub fn finish(self) -> Result<W> {
        self.tar.finish().map_err(Error::Write)
    }

    fn plain(&mut self, kind: Kind, name: &str, mode: u32, size: u64, mut content: impl Read) -> Result<()> {
        let entry = Entry {
            kind: EntryKind::Node(kind),
            path: name.as_bytes().to_vec(),
            link: Vec::new(),
            attributes: Attributes { mode, ..Attributes::default() },
            size,
            device: (0, 0),
            sparse: None,
        };
        self.append(&entry, &mut content)
    }

    fn append(&mut self, entry: &Entry, content: &mut dyn Read) -> Result<()> {
        let whole = match &entry.sparse {
            Some(extents) => self.tar.append(entry, Filled::new(content, extents, entry.size)),
            None => self.tar.append(entry, content),
        };
        if whole.map_err(Error::Write)? {
            Ok(())
        } else {
            Err(Error::Changed(OsStr::from_bytes(&entry.path).into()))
        }
    }
}
