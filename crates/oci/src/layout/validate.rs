//! Checking an image on disk as a whole.
//!
//! A registry checks what it is given, and whoever pulls checks again; a directory checks nothing.

use std::collections::HashSet;
use std::io;

use crate::{Descriptor, Digest, Error, Layout, Parsed, Result};

impl Layout {
    /// Reads the manifest or index `digest` and everything below it, and fails at the first blob that is
    /// missing or is not what its digest and size promise. A layer that may be had elsewhere (`urls`) may
    /// be missing.
    pub fn validate(&self, digest: &Digest) -> Result<()> {
        let mut documents = vec![digest.clone()];
        let mut seen = HashSet::new();
        while let Some(digest) = documents.pop() {
            if !seen.insert(digest.clone()) {
                continue;
            }
            match self.read_document(&digest)?.parse()? {
                Parsed::Index(index) => {
                    documents.extend(index.manifests.into_iter().map(|entry| entry.digest));
                }
                Parsed::Manifest(manifest) => {
                    let blobs = manifest.blobs().filter(|blob| seen.insert(blob.digest.clone()));
                    blobs.collect::<Vec<_>>().into_iter().try_for_each(|blob| self.validate_blob(blob))?;
                }
            }
        }
        Ok(())
    }

    fn validate_blob(&self, blob: &Descriptor) -> Result<()> {
        if !blob.urls.is_empty() && !self.has_blob(&blob.digest) {
            return Ok(());
        }
        let mut reader = self.open_blob(blob)?;
        io::copy(&mut reader, &mut io::sink()).map_err(|error| self.reading(blob, error))?;
        Ok(())
    }

    /// The verifying reader hands its own error on inside the system's.
    fn reading(&self, blob: &Descriptor, error: io::Error) -> Error {
        match error.downcast::<Error>() {
            Ok(error) => error,
            Err(error) => Error::io("read", &self.blob_path(&blob.digest))(error),
        }
    }
}
