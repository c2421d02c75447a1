//! A tree in memory that layers are applied to: names and metadata, no content.

use std::collections::{BTreeMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::metadata::{Attributes, Kind, Time};
use crate::path::{normal, split};
use crate::tar::{Entry, EntryKind};
use crate::unpack::whiteout::Whiteout;

/// A file, whatever its names.
pub(super) type Id = usize;

/// Layer and number of an entry in it.
pub(super) type Origin = (usize, usize);

/// Links that a path may lead through, as in Linux.
const LINKS_MOST: usize = 40;

/// The tree. Its root is the node 0.
pub(super) struct Tree {
    nodes: Vec<Node>,
    /// Names that the present layer made, by their directory: its whiteouts do not reach them.
    made: HashSet<(Id, OsString)>,
}

struct Node {
    entry: Entry,
    children: Option<BTreeMap<OsString, Id>>,
    origin: Option<Origin>,
}

impl Default for Tree {
    fn default() -> Self {
        Self { nodes: vec![Node::directory(0o755)], made: HashSet::new() }
    }
}

impl Node {
    /// A directory that no entry describes.
    fn directory(mode: u32) -> Self {
        let attributes = Attributes { mode, modified: Some(Time::default()), ..Attributes::default() };
        let entry = Entry {
            kind: EntryKind::Node(Kind::Directory),
            path: Vec::new(),
            link: Vec::new(),
            attributes,
            size: 0,
            device: (0, 0),
            sparse: None,
        };
        Self { entry, children: Some(BTreeMap::new()), origin: None }
    }
}

impl Tree {
    pub(super) fn begin_layer(&mut self) {
        self.made.clear();
    }

    pub(super) fn is_directory(&self, id: Id) -> bool {
        self.nodes[id].children.is_some()
    }

    pub(super) fn is_file(&self, id: Id) -> bool {
        self.nodes[id].entry.kind == EntryKind::Node(Kind::File)
    }

    /// The entry that made the file, with whatever path that had.
    pub(super) fn entry(&self, id: Id) -> Entry {
        self.nodes[id].entry.clone()
    }

    pub(super) fn origin(&self, id: Id) -> Option<Origin> {
        self.nodes[id].origin
    }

    /// Visits every name, sorted, a directory before what is in it.
    pub(super) fn walk(&self, visit: &mut dyn FnMut(&Path, Id)) {
        let mut open = vec![(PathBuf::new(), 0)];
        while let Some((path, id)) = open.pop() {
            visit(&path, id);
            let children = self.nodes[id].children.iter().flatten().rev();
            open.extend(children.map(|(name, child)| (path.join(name), *child)));
        }
    }

    /// Applies one entry of a layer.
    pub(super) fn apply(&mut self, entry: Entry, origin: Origin) -> Result<()> {
        let path = normal(Path::new(OsStr::from_bytes(&entry.path)));
        if path.as_os_str().is_empty() {
            if entry.kind == EntryKind::Node(Kind::Directory) {
                self.nodes[0].entry = entry;
            }
            return Ok(());
        }
        let (directory, name) = split(&path);
        let parent = self.make_directory(directory)?;
        match Whiteout::of(name) {
            None => self.add(parent, name, entry, origin, &path),
            Some(Whiteout::Name(hidden)) => {
                self.remove(parent, hidden);
                Ok(())
            }
            Some(Whiteout::Opaque) => {
                self.clear(parent);
                Ok(())
            }
            Some(Whiteout::Ignored) => Ok(()),
        }
    }

    fn add(&mut self, parent: Id, name: &OsStr, entry: Entry, origin: Origin, path: &Path) -> Result<()> {
        let existing = self.child(parent, name);
        let id = match entry.kind {
            EntryKind::HardLink => {
                let id = self.link_target(&entry, path)?;
                once_more(&mut self.nodes[id].entry, entry.attributes);
                id
            }
            EntryKind::Node(Kind::Directory) => match existing.filter(|id| self.is_directory(*id)) {
                Some(id) => {
                    self.nodes[id].entry = entry;
                    id
                }
                None => self.node(Node { entry, children: Some(BTreeMap::new()), origin: None }),
            },
            EntryKind::Node(_) => self.node(Node { entry, children: None, origin: Some(origin) }),
        };
        self.put(parent, name, id);
        self.made.insert((parent, name.to_owned()));
        Ok(())
    }

    /// What a hard link is one more name of: its last component is not followed.
    fn link_target(&self, entry: &Entry, path: &Path) -> Result<Id> {
        let target = normal(Path::new(OsStr::from_bytes(&entry.link)));
        let (directory, name) = split(&target);
        let found = self.find(directory)?.and_then(|parent| self.child(parent, name));
        let id = found.ok_or_else(|| Error::Missing(target.clone()))?;
        if self.is_directory(id) {
            return Err(Error::IsADirectory(path.to_owned()));
        }
        Ok(id)
    }

    fn node(&mut self, node: Node) -> Id {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    fn child(&self, parent: Id, name: &OsStr) -> Option<Id> {
        self.nodes[parent].children.as_ref()?.get(name).copied()
    }

    fn put(&mut self, parent: Id, name: &OsStr, id: Id) {
        if let Some(children) = &mut self.nodes[parent].children {
            children.insert(name.to_owned(), id);
        }
    }

    /// Removes a name but for what this layer made below it; tells whether it is gone.
    fn remove(&mut self, parent: Id, name: &OsStr) {
        let Some(id) = self.child(parent, name) else { return };
        self.clear(id);
        let empty = self.nodes[id].children.as_ref().is_none_or(BTreeMap::is_empty);
        if empty
            && !self.made.contains(&(parent, name.to_owned()))
            && let Some(children) = &mut self.nodes[parent].children
        {
            children.remove(name);
        }
    }

    /// Removes what is in a directory but for what this layer made.
    fn clear(&mut self, directory: Id) {
        let names: Vec<OsString> =
            self.nodes[directory].children.iter().flat_map(BTreeMap::keys).cloned().collect();
        for name in names {
            self.remove(directory, &name);
        }
    }

    /// The directory at a path, links followed; missing ones are made.
    fn make_directory(&mut self, path: &Path) -> Result<Id> {
        let mut way = Way::new(path);
        while let Some(name) = way.next() {
            if !self.step(&mut way, &name, path)? {
                let id = self.node(Node::directory(0o755));
                self.put(way.here(), &name, id);
                way.at.push(id);
            }
        }
        Ok(way.here())
    }

    /// The directory at a path, links followed, if it is there.
    fn find(&self, path: &Path) -> Result<Option<Id>> {
        let mut way = Way::new(path);
        while let Some(name) = way.next() {
            if !self.step(&mut way, &name, path)? {
                return Ok(None);
            }
        }
        Ok(Some(way.here()))
    }

    /// Goes on by one component; false when nothing is there.
    fn step(&self, way: &mut Way, name: &OsStr, path: &Path) -> Result<bool> {
        if name == ".." {
            way.up();
            return Ok(true);
        }
        let Some(id) = self.child(way.here(), name) else { return Ok(false) };
        let entry = &self.nodes[id].entry;
        if self.is_directory(id) {
            way.at.push(id);
        } else if entry.kind == EntryKind::Node(Kind::Symlink) {
            way.follow(&entry.link).ok_or_else(|| Error::LinkLoop(path.to_owned()))?;
        } else {
            return Err(Error::NotADirectory(path.to_owned()));
        }
        Ok(true)
    }
}

/// An entry for a further name says again what the file is, as when it is unpacked: the last word counts, and
/// a change of owner takes capabilities away.
fn once_more(file: &mut Entry, given: Attributes) {
    let known = &mut file.attributes;
    let mode = if file.kind == EntryKind::Node(Kind::Symlink) { known.mode } else { given.mode };
    if (known.mode, known.owner) != (mode, given.owner) {
        known.xattrs.retain(|(name, _)| name != b"security.capability");
    }
    known.xattrs.retain(|(name, _)| given.xattrs.iter().all(|(other, _)| other != name));
    known.xattrs.extend(given.xattrs);
    (known.mode, known.owner) = (mode, given.owner);
    known.modified = given.modified.or(known.modified);
}

/// A way through the tree: where it is, and the components that are still to be walked, next one last.
struct Way {
    at: Vec<Id>,
    rest: Vec<OsString>,
    links: usize,
}

impl Way {
    fn new(path: &Path) -> Self {
        let mut way = Self { at: vec![0], rest: Vec::new(), links: 0 };
        way.push(path.as_os_str().as_bytes());
        way
    }

    fn push(&mut self, path: &[u8]) {
        let parts = path.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".");
        self.rest.extend(parts.rev().map(|part| OsString::from_vec(part.to_vec())));
    }

    fn next(&mut self) -> Option<OsString> {
        self.rest.pop()
    }

    fn here(&self) -> Id {
        self.at.last().copied().unwrap_or_default()
    }

    /// To the directory above; the root is above itself.
    fn up(&mut self) {
        if self.at.len() > 1 {
            self.at.pop();
        }
    }

    /// Goes where a link says; `None` after too many.
    fn follow(&mut self, target: &[u8]) -> Option<()> {
        if target.starts_with(b"/") {
            self.at.truncate(1);
        }
        self.links += 1;
        self.push(target);
        (self.links <= LINKS_MOST).then_some(())
    }
}
