//! The manifest under a `.sig` tag: reading, appending, writing.

use ktrust_oci::{Descriptor, Digest, Document, Manifest, Parsed, media_type};
use ktrust_registry::{self as registry, BlobSource, Repository, Selector};
use serde_json::json;

use crate::{Error, Result};

/// As many layers as cosign reads; beyond it refuses the whole list.
pub(crate) const MAX_SIGNATURES: usize = 1000;

/// What lies under a signature tag.
pub(crate) enum Stored {
    /// Nothing.
    Absent,
    /// A list of signatures, and the digest it was read as.
    Signatures(Digest, Box<Manifest>),
    /// Something else, which is not to be overwritten.
    Other(String),
}

impl Stored {
    /// Reads the tag.
    pub(crate) async fn read(repository: &Repository, tag: &str) -> Result<Self> {
        let document = match repository.document(&Selector::Tag(tag.to_owned())).await {
            Ok(document) => document,
            Err(error) if error.kind() == registry::ErrorKind::NotFound => return Ok(Self::Absent),
            Err(error) if is_wrong_content(&error) => return Ok(Self::Other(describe(&error))),
            Err(error) => return Err(error.into()),
        };
        Ok(match document.parse() {
            Ok(Parsed::Manifest(manifest)) if manifest.layers.len() > MAX_SIGNATURES => {
                Self::Other(format!("a manifest of {} layers", manifest.layers.len()))
            }
            Ok(Parsed::Manifest(manifest)) => Self::Signatures(document.digest, Box::new(manifest)),
            Ok(Parsed::Index(_)) => Self::Other("an index".to_owned()),
            Err(error) => Self::Other(error.to_string()),
        })
    }

    /// The digest of what is stored.
    pub(crate) fn digest(&self) -> Option<&Digest> {
        match self {
            Self::Signatures(digest, _) => Some(digest),
            Self::Absent | Self::Other(_) => None,
        }
    }

    /// The signatures, empty if there are none.
    pub(crate) fn layers(&self) -> &[Descriptor] {
        match self {
            Self::Signatures(_, manifest) => &manifest.layers,
            Self::Absent | Self::Other(_) => &[],
        }
    }

    /// The manifest with one more layer. Other signers' layers stay as they are, annotations included.
    pub(crate) fn append(self, tag: &str, layer: Descriptor) -> Result<Appended> {
        let mut manifest = match self {
            Self::Absent => empty_manifest(),
            Self::Signatures(_, manifest) => *manifest,
            Self::Other(problem) => return Err(Error::Occupied { tag: tag.to_owned(), problem }),
        };
        if manifest.layers.len() >= MAX_SIGNATURES {
            return Err(Error::Full {
                tag: tag.to_owned(),
                count: manifest.layers.len(),
                limit: MAX_SIGNATURES,
            });
        }
        manifest.layers.push(layer);
        let config = config_of(&manifest.layers)?;
        manifest.config.digest = Digest::of(&config);
        manifest.config.size = config.len() as u64;
        let document = Document::from_manifest(&manifest)?;
        Ok(Appended { config_descriptor: manifest.config, config, document })
    }
}

/// Errors that speak of what is stored; all others speak of the way to it and prove nothing.
pub(crate) fn is_wrong_content(error: &registry::Error) -> bool {
    error.kind() == registry::ErrorKind::Protocol && !matches!(error, registry::Error::Status { .. })
}

/// The error with its cause, which says what is wrong with the content.
fn describe(error: &registry::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}

/// A signature manifest ready to be pushed.
pub(crate) struct Appended {
    config_descriptor: Descriptor,
    config: Vec<u8>,
    document: Document,
}

impl Appended {
    /// Pushes what the manifest refers to; the layers' blobs are there already.
    pub(crate) async fn push_config(&self, repository: &Repository) -> Result<()> {
        let source = BlobSource::Bytes(self.config.clone().into());
        repository.put_blob(&self.config_descriptor, source, None).await?;
        Ok(())
    }

    /// Moves the tag.
    pub(crate) async fn push(&self, repository: &Repository, tag: &str) -> Result<()> {
        repository.put_document(Some(tag), &self.document).await?;
        Ok(())
    }
}

fn empty_manifest() -> Manifest {
    let config = Descriptor::new(media_type::OCI_CONFIG, Digest::of(b""), 0);
    Manifest::new(config, Vec::new())
}

/// The image configuration that cosign writes (an empty image of go-containerregistry, appended to).
/// Payloads are not compressed, so that a layer's diff id is its digest.
fn config_of(layers: &[Descriptor]) -> Result<Vec<u8>> {
    const BEGINNING: &str = "0001-01-01T00:00:00Z";
    let history: Vec<_> = layers.iter().map(|_| json!({ "created": BEGINNING })).collect();
    let diff_ids: Vec<_> = layers.iter().map(|layer| layer.digest.to_string()).collect();
    Ok(serde_json::to_vec(&json!({
        "architecture": "",
        "created": BEGINNING,
        "history": history,
        "os": "",
        "rootfs": { "type": "layers", "diff_ids": diff_ids },
        "config": {},
    }))?)
}
