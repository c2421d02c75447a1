//! One place for images, in a registry or on disk.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::{Stream, TryStreamExt as _};
use ktrust_oci::file::AtomicFile;
use ktrust_oci::{Descriptor, Digest, Document, ImageReference};
use tokio::io::AsyncRead;

use crate::error::{Error, Result};
use crate::local::{self, Local};
use crate::remote::Remote;

/// Which image of a repository.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Selector {
    /// By name.
    Tag(String),
    /// By identity.
    Digest(Digest),
    /// The one that is meant when nothing is said: `latest`, or the only image of a layout.
    Default,
}

impl Selector {
    /// What a reference selects: the digest, else the tag, else the default.
    pub fn of(reference: &ImageReference) -> Self {
        match (reference.digest(), reference.tag()) {
            (Some(digest), _) => Self::Digest(digest.clone()),
            (None, Some(tag)) => Self::Tag(tag.to_owned()),
            (None, None) => Self::Default,
        }
    }

    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Tag(tag) => tag,
            Self::Digest(digest) => digest.as_str(),
            Self::Default => "latest",
        }
    }
}

/// What was stored by [`Repository::put_document`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Put {
    /// The digest of the document.
    pub digest: Digest,
    /// Whether the registry says that it lists the document among its subject's referrers. Some have
    /// said so wrongly: ask with [`Remote::referrers`] where it matters.
    pub subject_indexed: bool,
}

/// How a blob got into a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It was there.
    Existed,
    /// The registry took it over from another repository.
    Mounted,
    /// It was sent.
    Uploaded,
}

/// The content of a blob to push.
#[derive(Clone, Debug)]
pub enum BlobSource {
    /// In memory.
    Bytes(Bytes),
    /// In a file, which is streamed and must not change meanwhile.
    File(PathBuf),
}

/// A blob as a stream that fails when its content is wrong.
pub type BlobReader = Box<dyn AsyncRead + Send + Unpin>;

/// One place for images.
#[derive(Clone)]
pub enum Repository {
    /// In a registry.
    Remote(Remote),
    /// An OCI image layout on disk; made by the first write.
    Layout(Local),
}

impl Repository {
    /// What messages call it: `docker.io/library/busybox`, `oci:./images`.
    pub fn name(&self) -> String {
        match self {
            Self::Remote(remote) => remote.name(),
            Self::Layout(local) => local.name(),
        }
    }

    /// The place itself, whatever mirrors of it there are: where something is pushed to.
    #[must_use]
    pub fn without_mirrors(self) -> Self {
        match self {
            Self::Remote(remote) => Self::Remote(remote.without_mirrors()),
            Self::Layout(local) => Self::Layout(local),
        }
    }

    /// What a tag or a digest stands for, without its content.
    pub async fn resolve(&self, selector: &Selector) -> Result<Descriptor> {
        match self {
            Self::Remote(remote) => remote.resolve(selector).await,
            Self::Layout(local) => local.resolve(selector).await,
        }
    }

    /// A manifest or an index, verified.
    pub async fn document(&self, selector: &Selector) -> Result<Document> {
        match self {
            Self::Remote(remote) => remote.document(selector).await,
            Self::Layout(local) => local.document(selector).await,
        }
    }

    /// Stores a manifest or an index under a tag or, without one, under its digest only.
    pub async fn put_document(&self, tag: Option<&str>, document: &Document) -> Result<Put> {
        match self {
            Self::Remote(remote) => remote.put_document(tag, document).await,
            Self::Layout(local) => local.put_document(tag, document).await,
        }
    }

    /// Whether the repository has a blob.
    pub async fn has_blob(&self, blob: &Descriptor) -> Result<bool> {
        match self {
            Self::Remote(remote) => remote.has_blob(blob).await,
            Self::Layout(local) => local.has_blob(blob).await,
        }
    }

    /// A short blob as a whole, verified. Refused when the descriptor says more than `cap` bytes.
    pub async fn blob(&self, blob: &Descriptor, cap: u64) -> Result<Vec<u8>> {
        match self {
            Self::Remote(remote) => remote.blob(blob, cap).await,
            Self::Layout(local) => local.blob(blob, cap).await,
        }
    }

    /// A blob as a stream. It fails when the content is wrong; broken connections are resumed.
    pub async fn blob_stream(&self, blob: &Descriptor) -> Result<BlobReader> {
        match self {
            Self::Remote(remote) => Ok(remote.blob_stream(blob)),
            Self::Layout(local) => local.blob_stream(blob).await,
        }
    }

    /// Brings a blob to a file, which appears when it is complete and right.
    pub async fn fetch_blob(&self, blob: &Descriptor, to: &Path) -> Result<()> {
        match self {
            Self::Remote(remote) => remote.fetch_blob(blob, to).await,
            Self::Layout(local) => local.fetch_blob(blob, to).await,
        }
    }

    /// Stores a blob, unless it is there. `mount_from` names another repository of the same registry
    /// that has it, from which the registry may take it over; layouts ignore it.
    pub async fn put_blob(
        &self,
        blob: &Descriptor,
        source: BlobSource,
        mount_from: Option<&str>,
    ) -> Result<Pushed> {
        match self {
            Self::Remote(remote) => remote.put_blob(blob, source, mount_from).await,
            Self::Layout(local) => local.put_blob(blob, source).await,
        }
    }

    /// Asks the registry to take a blob over from another of its repositories; `false` where it does not,
    /// where the two are not in one registry, and for layouts.
    pub async fn mount_blob(&self, blob: &Descriptor, from: &Self) -> Result<bool> {
        match (self, from) {
            (Self::Remote(remote), Self::Remote(from)) => remote.mount_blob(blob, from).await,
            _ => Ok(false),
        }
    }

    /// All tags.
    pub async fn tags(&self) -> Result<Vec<String>> {
        match self {
            Self::Remote(remote) => remote.tags().await,
            Self::Layout(local) => local.tags().await,
        }
    }

    /// What refers to a manifest, by the referrers API; `None` where there is none, as in layouts, and
    /// the fallback tag is to be read.
    pub async fn referrers(
        &self,
        digest: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Option<Vec<Descriptor>>> {
        match self {
            Self::Remote(remote) => remote.referrers(digest, artifact_type).await,
            Self::Layout(_) => Ok(None),
        }
    }

    /// Removes a manifest or an index, with its tags.
    pub async fn delete(&self, digest: &Digest) -> Result<()> {
        match self {
            Self::Remote(remote) => remote.delete(digest).await,
            Self::Layout(local) => local.delete(digest).await,
        }
    }

    /// Proves that pushing is allowed, before hours are spent on what is to be pushed.
    pub async fn check_push(&self) -> Result<()> {
        match self {
            Self::Remote(remote) => remote.check_push().await,
            Self::Layout(local) => local.check_push().await,
        }
    }
}

/// Writes pieces that were verified to a file and gives it its name. Disk work is done off the runtime's
/// own thread.
pub(crate) async fn write_stream(
    mut file: AtomicFile,
    pieces: impl Stream<Item = Result<Bytes>>,
) -> Result<()> {
    use std::io::Write as _;
    let mut pieces = std::pin::pin!(pieces);
    let mut batch: Vec<Bytes> = Vec::new();
    let mut size = 0;
    loop {
        let piece = pieces.try_next().await?;
        let last = piece.is_none();
        size += piece.as_ref().map_or(0, Bytes::len);
        batch.extend(piece);
        if size >= local::PIECE || last {
            let pending = std::mem::take(&mut batch);
            size = 0;
            file = local::blocking(move || {
                let path = file.path().to_owned();
                let failed = |source| Error::Io { action: "write", path, source };
                pending.iter().try_for_each(|piece| file.write_all(piece)).map_err(failed)?;
                Ok(file)
            })
            .await?;
        }
        if last {
            return local::blocking(move || Ok(file.commit()?)).await;
        }
    }
}
