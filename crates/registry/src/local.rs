//! A layout on disk with the methods of a repository.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use futures_util::{TryStreamExt as _, stream};
use ktrust_oci::file::AtomicFile;
use ktrust_oci::{Descriptor, Digest, Document, Layout, Verifier};
use tokio_util::io::{ReaderStream, StreamReader};

use crate::error::{Error, Result};
use crate::repository::{BlobReader, BlobSource, Pushed, Put, Selector, write_stream};

/// Pieces in which files are read and written, in bytes.
pub(crate) const PIECE: usize = 512 << 10;

/// An OCI image layout as a repository. Reading needs it to exist, writing makes it.
#[derive(Clone, Debug)]
pub struct Local {
    path: PathBuf,
}

impl Local {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn name(&self) -> String {
        format!("oci:{}", self.path.display())
    }

    pub(crate) async fn resolve(&self, selector: &Selector) -> Result<Descriptor> {
        let selector = selector.clone();
        self.read(move |layout| {
            Ok(match selector {
                Selector::Tag(tag) => layout.resolve(Some(&tag))?,
                Selector::Default => layout.resolve(None)?,
                Selector::Digest(digest) => layout.read_document(&digest)?.descriptor(),
            })
        })
        .await
    }

    pub(crate) async fn document(&self, selector: &Selector) -> Result<Document> {
        let digest = match selector {
            Selector::Digest(digest) => digest.clone(),
            other => self.resolve(other).await?.digest,
        };
        self.read(move |layout| layout.read_document(&digest)).await
    }

    pub(crate) async fn put_document(&self, tag: Option<&str>, document: &Document) -> Result<Put> {
        let (tag, document) = (tag.map(str::to_owned), document.clone());
        self.write(move |layout| {
            layout.write_document(tag.as_deref(), &document)?;
            Ok(Put { digest: document.digest, subject_indexed: false })
        })
        .await
    }

    pub(crate) async fn has_blob(&self, blob: &Descriptor) -> Result<bool> {
        let (path, digest) = (self.path.clone(), blob.digest.clone());
        // A layout that does not exist yet has no blobs.
        blocking(move || Ok(Layout::open(path).is_ok_and(|layout| layout.has_blob(&digest)))).await
    }

    pub(crate) async fn blob(&self, blob: &Descriptor, cap: u64) -> Result<Vec<u8>> {
        if blob.size > cap {
            return Err(ktrust_oci::Error::TooLarge { limit: cap }.into());
        }
        let blob = blob.clone();
        let read = move |layout: Layout| {
            let path = layout.blob_path(&blob.digest);
            let mut bytes = Vec::new();
            let mut reader = layout.open_blob(&blob)?;
            match io::Read::read_to_end(&mut reader, &mut bytes) {
                Ok(_) => Ok(bytes),
                Err(error) => Err(from_io(error, path)),
            }
        };
        let path = self.path.clone();
        blocking(move || read(Layout::open(path)?)).await
    }

    pub(crate) async fn blob_stream(&self, blob: &Descriptor) -> Result<BlobReader> {
        let digest = blob.digest.clone();
        let file = self.read(move |layout| layout.open_raw(&digest)).await?;
        Ok(Box::new(StreamReader::new(Box::pin(verified(file, blob)))))
    }

    pub(crate) async fn fetch_blob(&self, blob: &Descriptor, to: &Path) -> Result<()> {
        let digest = blob.digest.clone();
        let (file, path) =
            self.read(move |layout| Ok((layout.open_raw(&digest)?, layout.blob_path(&digest)))).await?;
        let pieces = verified(file, blob).map_err(move |error| from_io(error, path.clone()));
        write_stream(AtomicFile::create(to)?, pieces).await
    }

    pub(crate) async fn put_blob(&self, blob: &Descriptor, source: BlobSource) -> Result<Pushed> {
        let blob = blob.clone();
        let path = self.path.clone();
        blocking(move || {
            let layout = Layout::create(path)?;
            if layout.has_blob(&blob.digest) {
                return Ok(Pushed::Existed);
            }
            match source {
                BlobSource::Bytes(bytes) => layout.write_blob(&blob, &bytes[..])?,
                BlobSource::File(path) => {
                    let failed = |source| Error::Io { action: "read", path: path.clone(), source };
                    layout.write_blob(&blob, File::open(&path).map_err(failed)?)?;
                }
            }
            Ok(Pushed::Uploaded)
        })
        .await
    }

    pub(crate) async fn tags(&self) -> Result<Vec<String>> {
        self.read(|layout| layout.tags()).await
    }

    pub(crate) async fn delete(&self, digest: &Digest) -> Result<()> {
        let digest = digest.clone();
        self.read(move |layout| {
            if layout.remove_document(&digest)? {
                return Ok(());
            }
            Err(ktrust_oci::Error::BlobNotFound { path: layout.path().to_owned(), digest })
        })
        .await
    }

    /// Whether a file can be made where the layout is or will be. Nothing is left there, not even a layout.
    pub(crate) async fn check_push(&self) -> Result<()> {
        let path = self.path.clone();
        blocking(move || {
            let existing = path.ancestors().find(|above| above.is_dir()).unwrap_or(Path::new("."));
            Ok(AtomicFile::create(existing.join("check")).map(drop)?)
        })
        .await
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(Layout) -> ktrust_oci::Result<T> + Send + 'static,
    ) -> Result<T> {
        let path = self.path.clone();
        blocking(move || Ok(work(Layout::open(path)?)?)).await
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(Layout) -> ktrust_oci::Result<T> + Send + 'static,
    ) -> Result<T> {
        let path = self.path.clone();
        blocking(move || Ok(work(Layout::create(path)?)?)).await
    }
}

/// A file in pieces, verified on the way.
fn verified(
    file: File,
    blob: &Descriptor,
) -> impl stream::Stream<Item = io::Result<bytes::Bytes>> + Send + use<> {
    let pieces = ReaderStream::with_capacity(tokio::fs::File::from_std(file), PIECE);
    let state = (pieces, Verifier::new(&blob.digest, blob.size));
    stream::try_unfold(state, |(mut pieces, mut verifier)| async {
        let Some(piece) = pieces.try_next().await? else {
            verifier.finish()?;
            return Ok(None);
        };
        verifier.update(&piece)?;
        Ok(Some((piece, (pieces, verifier))))
    })
}

/// Runs disk work where it does not hold up the network.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Only when the runtime ends; nobody awaits the result then.
            Err(_) => std::future::pending().await,
        },
    }
}

/// Our error inside an `io::Error`, for readers.
pub(crate) fn to_io(error: Error) -> io::Error {
    let kind = if error.is_transient() { io::ErrorKind::Other } else { io::ErrorKind::InvalidData };
    io::Error::new(kind, error)
}

fn from_io(error: io::Error, path: PathBuf) -> Error {
    match error.downcast::<ktrust_oci::Error>() {
        Ok(inner) => inner.into(),
        Err(source) => Error::Io { action: "read", path, source },
    }
}
