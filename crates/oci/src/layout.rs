//! OCI image layouts: images in a directory.
//!
//! Source: <https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md>. Several processes
//! may use one layout: blobs appear whole or not at all and are named by their content, and
//! `index.json` is changed under a lock on `index.json.lock` and replaced by renaming. Readers need no
//! lock.

use std::fs::{self, File};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

use serde_json::json;

mod validate;

use crate::file::{AtomicFile, write_atomic};
use crate::{Descriptor, Digest, Document, Error, Index, MAX_DOCUMENT_SIZE, Result, Verifier, VerifyReader};

/// The annotation that holds an image's tag in `index.json`.
pub const REF_NAME: &str = "org.opencontainers.image.ref.name";

const MARKER: &str = "oci-layout";
const INDEX: &str = "index.json";

/// An image layout. Cheap to clone; keeps nothing open.
#[derive(Clone, Debug)]
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    /// Opens a layout that exists.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self> {
        let root = path.into();
        let wrong = |problem| Error::NotALayout { path: root.clone(), problem };
        let marker = match fs::read(root.join(MARKER)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(wrong("the file `oci-layout` is missing"));
            }
            Err(error) => return Err(Error::io("read", &root.join(MARKER))(error)),
        };
        let marker: serde_json::Value =
            serde_json::from_slice(&marker).map_err(Error::json("file `oci-layout`"))?;
        match marker["imageLayoutVersion"].as_str() {
            Some(version) if version.starts_with("1.") => Ok(Self { root }),
            _ => Err(wrong("its `imageLayoutVersion` is not 1")),
        }
    }

    /// Opens a layout, or makes an empty one; directories above it are made too.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self> {
        let layout = Self { root: path.into() };
        let blobs = layout.root.join("blobs").join("sha256");
        fs::create_dir_all(&blobs).map_err(Error::io("create", &blobs))?;
        let _lock = layout.lock()?;
        if !layout.root.join(INDEX).exists() {
            layout.write_index(&Index::new(Vec::new()))?;
        }
        // The marker comes last: what has it is complete.
        if !layout.root.join(MARKER).exists() {
            write_atomic(
                layout.root.join(MARKER),
                json!({"imageLayoutVersion": "1.0.0"}).to_string().as_bytes(),
            )?;
        }
        Self::open(layout.root)
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// The entry points: tagged and untagged images.
    pub fn index(&self) -> Result<Index> {
        let path = self.root.join(INDEX);
        let bytes = fs::read(&path).map_err(Error::io("read", &path))?;
        serde_json::from_slice(&bytes).map_err(Error::json("`index.json`"))
    }

    /// All tags, in the order of the index.
    pub fn tags(&self) -> Result<Vec<String>> {
        Ok(self.index()?.manifests.iter().filter_map(tag_of).map(str::to_owned).collect())
    }

    /// The image with a tag; without one, the only image, or the one tagged `latest`. What is attached to
    /// an image under a tag made of its digest (signatures, attestations) is not counted as an image.
    pub fn resolve(&self, tag: Option<&str>) -> Result<Descriptor> {
        let index = self.index()?;
        let known = || index.manifests.iter().filter_map(tag_of).map(str::to_owned).collect();
        let find = |tag: &str| index.manifests.iter().find(|entry| tag_of(entry) == Some(tag)).cloned();
        let images: Vec<_> = index.manifests.iter().filter(|entry| !is_attachment(entry)).collect();
        match (tag, images.as_slice()) {
            (Some(tag), _) => find(tag).ok_or_else(|| Error::TagNotFound {
                path: self.root.clone(),
                tag: tag.to_owned(),
                known: known(),
            }),
            (None, [only]) => Ok((*only).clone()),
            (None, all) => find("latest").ok_or_else(|| Error::NoDefaultImage {
                path: self.root.clone(),
                count: all.len(),
                known: known(),
            }),
        }
    }

    /// Reads a manifest or an index and checks it.
    pub fn read_document(&self, digest: &Digest) -> Result<Document> {
        let path = self.blob_path(digest);
        let file = self.open_raw(digest)?;
        let mut bytes = Vec::new();
        file.take(MAX_DOCUMENT_SIZE + 1).read_to_end(&mut bytes).map_err(Error::io("read", &path))?;
        if bytes.len() as u64 > MAX_DOCUMENT_SIZE {
            return Err(Error::TooLarge { limit: MAX_DOCUMENT_SIZE });
        }
        // A document may leave its own media type out; the entry that links to it then knows it.
        let entries = self.index()?.manifests;
        let linked = entries.iter().find(|entry| entry.digest == *digest);
        Document::verified(linked.map_or("", |entry| &entry.media_type), bytes, digest)
    }

    /// Stores a manifest or an index and, given a tag, makes the tag point to it. Without a tag it is
    /// stored as a blob only, as part of an index; use [`Self::add_entry`] to make it an image.
    pub fn write_document(&self, tag: Option<&str>, document: &Document) -> Result<()> {
        self.write_blob(&document.descriptor(), document.bytes.as_slice())?;
        match tag {
            Some(tag) => self.add_entry(Some(tag), document.descriptor()),
            None => Ok(()),
        }
    }

    /// Makes `entry` an image of the layout. A tag is taken away from the image that had it; an untagged
    /// entry is added unless the digest is listed already.
    pub fn add_entry(&self, tag: Option<&str>, mut entry: Descriptor) -> Result<()> {
        self.update_index(|entries| {
            match tag {
                Some(tag) => {
                    entries.retain(|old| {
                        tag_of(old) != Some(tag) && !(tag_of(old).is_none() && old.digest == entry.digest)
                    });
                    entry.annotations.insert(REF_NAME.into(), tag.into());
                }
                None if entries.iter().any(|old| old.digest == entry.digest) => return false,
                None => {}
            }
            entries.push(entry);
            true
        })
        .map(drop)
    }

    /// Removes a tag; says whether there was one. Blobs stay.
    pub fn remove_tag(&self, tag: &str) -> Result<bool> {
        self.update_index(|entries| {
            let before = entries.len();
            entries.retain(|entry| tag_of(entry) != Some(tag));
            entries.len() < before
        })
    }

    /// Removes a manifest or index with all its tags; says whether it existed. What it links to stays.
    pub fn remove_document(&self, digest: &Digest) -> Result<bool> {
        let listed = self.update_index(|entries| {
            let before = entries.len();
            entries.retain(|entry| entry.digest != *digest);
            entries.len() < before
        })?;
        let path = self.blob_path(digest);
        match fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(listed),
            Err(error) => Err(Error::io("remove", &path)(error)),
        }
    }

    /// Where a blob is, whether it exists or not.
    pub fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.root.join("blobs").join(digest.algorithm().as_str()).join(digest.hex())
    }

    /// Whether a blob exists.
    pub fn has_blob(&self, digest: &Digest) -> bool {
        self.blob_path(digest).is_file()
    }

    /// Stores a blob, checking digest and size on the way. A blob that exists is not written again, and
    /// the reader is not read.
    pub fn write_blob(&self, descriptor: &Descriptor, mut content: impl Read) -> Result<()> {
        let path = self.blob_path(&descriptor.digest);
        if path.metadata().is_ok_and(|found| found.len() == descriptor.size) {
            return Ok(());
        }
        let mut file = self.begin_blob(&descriptor.digest)?;
        let mut verifier = Verifier::new(&descriptor.digest, descriptor.size);
        let mut buffer = vec![0; 128 << 10];
        loop {
            let count = match content.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Error::io("read the content of", &path)(error)),
            };
            verifier.update(&buffer[..count])?;
            file.write_all(&buffer[..count]).map_err(Error::io("write", &path))?;
        }
        verifier.finish()?;
        file.commit()
    }

    /// A file that becomes the blob `digest` when it is committed. For writers that have verified the
    /// content themselves, or have just computed its digest.
    pub fn begin_blob(&self, digest: &Digest) -> Result<AtomicFile> {
        let path = self.blob_path(digest);
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory).map_err(Error::io("create", directory))?;
        }
        AtomicFile::create(path)
    }

    /// A blob's content, checked while it is read.
    pub fn open_blob(&self, descriptor: &Descriptor) -> Result<VerifyReader<File>> {
        Ok(VerifyReader::new(self.open_raw(&descriptor.digest)?, descriptor))
    }

    /// A blob's file as it is: for readers that verify the content themselves.
    pub fn open_raw(&self, digest: &Digest) -> Result<File> {
        let path = self.blob_path(digest);
        File::open(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                Error::BlobNotFound { path: self.root.clone(), digest: digest.clone() }
            }
            _ => Error::io("open", &path)(error),
        })
    }

    /// Changes the index under the lock; writes it only when `change` says that it did something.
    fn update_index(&self, change: impl FnOnce(&mut Vec<Descriptor>) -> bool) -> Result<bool> {
        let _lock = self.lock()?;
        let mut index = self.index()?;
        let changed = change(&mut index.manifests);
        if changed {
            self.write_index(&index)?;
        }
        Ok(changed)
    }

    fn write_index(&self, index: &Index) -> Result<()> {
        let bytes = serde_json::to_vec(index).map_err(Error::json("`index.json`"))?;
        write_atomic(self.root.join(INDEX), &bytes)
    }

    /// Waits for the lock; it is free again when the file is dropped, also by a crash.
    fn lock(&self) -> Result<File> {
        let path = self.root.join("index.json.lock");
        let file = File::options().create(true).append(true).open(&path);
        let locked = file.and_then(|file| file.lock().map(|()| file));
        locked.map_err(Error::io("lock", &path))
    }
}

fn tag_of(entry: &Descriptor) -> Option<&str> {
    entry.annotations.get(REF_NAME).map(String::as_str)
}

/// Whether the tag is `sha256-<hex>` with or without an ending, as cosign and the fallback of the
/// referrers API make them.
fn is_attachment(entry: &Descriptor) -> bool {
    let Some((algorithm, rest)) = tag_of(entry).and_then(|tag| tag.split_once('-')) else { return false };
    let hex = rest.split_once('.').map_or(rest, |(hex, _)| hex);
    format!("{algorithm}:{hex}").parse::<Digest>().is_ok()
}

#[cfg(test)]
mod tests;
