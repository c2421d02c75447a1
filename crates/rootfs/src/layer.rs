//! Changes become a layer: a tar stream that depends on nothing but the tree.
//!
//! Entries are sorted by path, each once, with the directories above a change; ids are numeric; times are
//! whole seconds. So the same tree gives the same digest on every machine.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::change::Change;
use crate::error::{Error, Result};
use crate::metadata::{Attributes, Kind, Metadata, Time};
use crate::path::normal;
use crate::place::Place;
use crate::root::Root;
use crate::tar::writer::Writer;
use crate::tar::{Entry, EntryKind};

/// What may differ between two layers of one tree.
#[derive(Debug, Clone, Copy, Default)]
pub struct LayerOptions {
    /// Latest modification time in the layer, in seconds since the epoch (`SOURCE_DATE_EPOCH`); later ones
    /// become it, earlier ones stay.
    pub clamp: Option<i64>,
}

/// What went into a layer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LayerStats {
    /// Tar members, deletions included.
    pub entries: u64,
    /// Bytes of file content.
    pub bytes: u64,
    /// Sockets: they have no form in an archive and were left out.
    pub skipped_sockets: Vec<PathBuf>,
}

/// Writes the changes as an uncompressed layer. Files are read from `root`: the changed tree, or the upper
/// directory that holds the changes.
pub fn write_layer(
    root: &Root,
    changes: &[Change],
    options: &LayerOptions,
    out: impl Write,
) -> Result<LayerStats> {
    let mut layer = Layer {
        tar: Writer::new(out),
        options: *options,
        inodes: HashMap::new(),
        stats: LayerStats::default(),
    };
    let mut parent: Option<(PathBuf, Place)> = None;
    for (path, parts) in plan(changes) {
        let place = in_directory(root, &path, &mut parent)?;
        layer.path(&path, parts, &place)?;
    }
    layer.tar.finish().and_then(|mut out| out.flush()).map_err(Error::Write)?;
    Ok(layer.stats)
}

/// What is written for one path.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Parts {
    upsert: bool,
    opaque: bool,
    remove: bool,
}

/// Each path once, in order, with every directory above a change.
fn plan(changes: &[Change]) -> BTreeMap<PathBuf, Parts> {
    let mut plan: BTreeMap<PathBuf, Parts> = BTreeMap::new();
    for change in changes {
        let path = normal(change.path());
        for above in path.ancestors().skip(1) {
            plan.entry(above.to_owned()).or_default().upsert = true;
        }
        let parts = plan.entry(path).or_default();
        match change {
            Change::Upsert(_) => parts.upsert = true,
            Change::Opaque(_) => (parts.upsert, parts.opaque) = (true, true),
            Change::Remove(_) => parts.remove = true,
        }
    }
    // The root directory's own metadata has no place in a layer: no reader applies it.
    let root_is_opaque = plan.remove(Path::new("")).is_some_and(|parts| parts.opaque);
    if root_is_opaque {
        plan.insert(PathBuf::new(), Parts { opaque: true, ..Parts::default() });
    }
    plan
}

/// The place of a path, its directory kept open from one to the next.
fn in_directory(root: &Root, path: &Path, last: &mut Option<(PathBuf, Place)>) -> Result<Place> {
    let (directory, name) = crate::path::split(path);
    if let Some((known, sibling)) = last.as_ref().filter(|(known, _)| known == directory) {
        return Ok(sibling.beside(name, &known.join(name)));
    }
    let place = root.place(path)?;
    *last = Some((directory.to_owned(), place.clone()));
    Ok(place)
}

struct Layer<W> {
    tar: Writer<W>,
    options: LayerOptions,
    /// Files with several names: the first name is the file, the others are links to it.
    inodes: HashMap<(u64, u64), Vec<u8>>,
    stats: LayerStats,
}

impl<W: Write> Layer<W> {
    fn path(&mut self, path: &Path, parts: Parts, place: &Place) -> Result<()> {
        if parts.remove && !parts.upsert {
            self.mark(path, path.file_name())?;
        }
        if parts.upsert {
            self.upsert(path, place)?;
        }
        if parts.opaque {
            self.mark(&path.join("x"), Some(OsStr::new(".wh..opq")))?;
        }
        Ok(())
    }

    /// An empty file beside `path` that means a deletion. Its time is the epoch: it has no other.
    fn mark(&mut self, path: &Path, hidden: Option<&OsStr>) -> Result<()> {
        let mut name = OsString::from(".wh.");
        name.push(hidden.unwrap_or_default());
        let attributes = Attributes { modified: Some(Time::default()), ..Attributes::default() };
        let path = path.with_file_name(name);
        self.append(&path, entry(EntryKind::Node(Kind::File), bytes(&path), attributes), io::empty())
    }

    fn upsert(&mut self, path: &Path, place: &Place) -> Result<()> {
        let metadata = place.existing()?;
        if place.name().as_bytes().starts_with(b".wh.") {
            return Err(Error::ReservedName(path.to_owned()));
        }
        if metadata.kind == Kind::Socket {
            self.stats.skipped_sockets.push(path.to_owned());
            return Ok(());
        }
        if let Some(original) = metadata.shared_inode().and_then(|inode| self.inodes.get(&inode)) {
            let link = original.clone();
            // With all attributes: who applies the owner once more takes the capabilities away by that.
            let attributes = self.attributes(path, place, &metadata)?;
            let linked = Entry { link, ..entry(EntryKind::HardLink, bytes(path), attributes) };
            return self.append(path, linked, io::empty());
        }
        if let Some(inode) = metadata.shared_inode() {
            self.inodes.insert(inode, bytes(path));
        }
        self.node(path, place, &metadata)
    }

    fn node(&mut self, path: &Path, place: &Place, metadata: &Metadata) -> Result<()> {
        let attributes = self.attributes(path, place, metadata)?;
        let mut node = entry(EntryKind::Node(metadata.kind), bytes(path), attributes);
        match metadata.kind {
            Kind::File => {
                node.size = metadata.size;
                return self.append(path, node, place.open_file()?);
            }
            Kind::Directory => node.path.push(b'/'),
            Kind::Symlink => node.link = bytes(&place.read_link()?),
            Kind::CharDevice | Kind::BlockDevice => node.device = metadata.device,
            Kind::Fifo | Kind::Socket => {}
        }
        self.append(path, node, io::empty())
    }

    fn attributes(&self, path: &Path, place: &Place, metadata: &Metadata) -> Result<Attributes> {
        let xattrs = place.xattrs()?;
        if let Some((name, _)) = xattrs.iter().find(|(name, _)| name.contains(&b'=')) {
            let name = String::from_utf8_lossy(name).into_owned();
            return Err(Error::AttributeName { path: path.to_owned(), name });
        }
        let seconds = metadata.modified.seconds;
        let seconds = self.options.clamp.map_or(seconds, |latest| seconds.min(latest));
        Ok(Attributes {
            mode: metadata.mode,
            owner: metadata.owner,
            modified: Some(Time::from_seconds(seconds)),
            xattrs,
        })
    }

    fn append(&mut self, path: &Path, entry: Entry, content: impl io::Read) -> Result<()> {
        self.stats.entries += 1;
        self.stats.bytes += entry.size;
        match self.tar.append(&entry, content) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::Changed(path.to_owned())),
            Err(error) => Err(Error::Write(error)),
        }
    }
}

fn entry(kind: EntryKind, path: Vec<u8>, attributes: Attributes) -> Entry {
    Entry { kind, path, link: Vec::new(), attributes, size: 0, device: (0, 0), sparse: None }
}

fn bytes(path: &Path) -> Vec<u8> {
    path.as_os_str().as_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_once_with_the_directories_above() {
        let changes =
            [Change::Upsert("a/b/c".into()), Change::Upsert("a/b".into()), Change::Remove("a/d".into())];
        let plan = plan(&changes);
        let paths: Vec<_> = plan.keys().map(|path| path.to_str().unwrap()).collect();
        assert_eq!(paths, ["a", "a/b", "a/b/c", "a/d"]);
        assert_eq!(plan[Path::new("a/d")], Parts { remove: true, ..Parts::default() });
    }
}
