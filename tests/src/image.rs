//! An image in a layout, looked at from outside: no code of ours reads it.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use flate2::read::GzDecoder;
use serde_json::Value;

use crate::tamper::blob;

/// One image of an OCI layout, read as a whole: the layout may go away.
#[derive(Debug)]
pub struct Image {
    contents: Vec<Vec<(String, Entry)>>,
    /// Of the manifest.
    pub digest: String,
    /// The manifest.
    pub manifest: Value,
    /// The configuration.
    pub config: Value,
}

/// One entry of the flattened tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// `-` file, `d` directory, `l` symbolic link, `h` hard link, `c` `b` `p` the special files.
    pub kind: char,
    /// Permissions with the special bits.
    pub mode: u32,
    /// Owner and group.
    pub owner: (u64, u64),
    /// A file's content or a link's target.
    pub content: Vec<u8>,
    /// Seconds since 1970.
    pub modified: u64,
}

impl Image {
    /// Opens the image with this tag.
    pub fn open(layout: &Path, tag: &str) -> Self {
        let index = json(&layout.join("index.json"));
        let entries = index["manifests"].as_array().expect("an index");
        let named = |entry: &&Value| entry["annotations"]["org.opencontainers.image.ref.name"] == tag;
        let entry = entries.iter().find(named).unwrap_or_else(|| panic!("no tag {tag} in {index}"));
        let digest = entry["digest"].as_str().expect("a digest").to_owned();
        let manifest = json(&blob(layout, &digest));
        let config = json(&blob(layout, manifest["config"]["digest"].as_str().expect("a configuration")));
        let mut image = Self { contents: Vec::new(), digest, manifest, config };
        image.contents = image.layers().iter().map(|digest| contents(&blob(layout, digest))).collect();
        image
    }

    /// The digests of the layers, bottom first.
    pub fn layers(&self) -> Vec<String> {
        let layers = self.manifest["layers"].as_array().expect("layers");
        layers.iter().map(|layer| layer["digest"].as_str().expect("a digest").to_owned()).collect()
    }

    /// The entries of one layer, as they stand in it.
    pub fn layer(&self, index: usize) -> Vec<(String, Entry)> {
        self.contents[index].clone()
    }

    /// All layers in order, whiteouts applied.
    pub fn tree(&self) -> BTreeMap<String, Entry> {
        let mut tree = BTreeMap::new();
        for index in 0..self.layers().len() {
            let entries = self.layer(index);
            for (path, _) in &entries {
                whiteout(&mut tree, path);
            }
            let kept = entries.into_iter().filter(|(path, _)| !is_whiteout(path));
            tree.extend(kept);
        }
        tree
    }

    /// The content of a file.
    pub fn text(&self, path: &str) -> String {
        let tree = self.tree();
        let entry = tree.get(path).unwrap_or_else(|| panic!("no {path} among {:?}", tree.keys()));
        String::from_utf8(entry.content.clone()).expect("text")
    }
}

fn contents(blob: &Path) -> Vec<(String, Entry)> {
    let file = std::fs::File::open(blob).unwrap_or_else(|error| panic!("{}: {error}", blob.display()));
    let mut archive = tar::Archive::new(GzDecoder::new(file));
    archive.entries().expect("a tar").map(|entry| read(&mut entry.expect("an entry"))).collect()
}

fn json(path: &Path) -> Value {
    let text = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn read(entry: &mut tar::Entry<'_, GzDecoder<std::fs::File>>) -> (String, Entry) {
    use tar::EntryType;
    let header = entry.header();
    let kind = match header.entry_type() {
        EntryType::Directory => 'd',
        EntryType::Symlink => 'l',
        EntryType::Link => 'h',
        EntryType::Char => 'c',
        EntryType::Block => 'b',
        EntryType::Fifo => 'p',
        _ => '-',
    };
    let mode = header.mode().expect("a mode");
    // Empty in the archives of some writers, which means 0.
    let owner = (header.uid().unwrap_or_default(), header.gid().unwrap_or_default());
    let modified = header.mtime().expect("a time");
    let path = String::from_utf8_lossy(&entry.path_bytes()).trim_end_matches('/').to_owned();
    let mut content = entry.link_name_bytes().map(std::borrow::Cow::into_owned).unwrap_or_default();
    if kind == '-' {
        content.clear();
        entry.read_to_end(&mut content).expect("content");
    }
    (path, Entry { kind, mode, owner, content, modified })
}

fn is_whiteout(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.starts_with(".wh."))
}

fn whiteout(tree: &mut BTreeMap<String, Entry>, path: &str) {
    let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
    let Some(hidden) = name.strip_prefix(".wh.") else { return };
    let below = |path: &str, root: &str| path.strip_prefix(root).is_some_and(|rest| rest.starts_with('/'));
    if hidden == ".wh..opq" {
        tree.retain(|path, _| !below(path, parent));
    } else {
        let hidden = if parent.is_empty() { hidden.to_owned() } else { format!("{parent}/{hidden}") };
        tree.retain(|path, _| *path != hidden && !below(path, &hidden));
    }
}
