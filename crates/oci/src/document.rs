//! Manifests and indexes as the bytes that they are.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Descriptor, Digest, Error, Index, Manifest, Result, media_type};

/// The largest manifest or index that is read, in bytes: what registries accept
/// (<https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-manifests>).
pub const MAX_DOCUMENT_SIZE: u64 = 4 << 20;

/// A manifest or an index exactly as it is stored, so that its digest stays its identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// One of [`media_type::DOCUMENTS`].
    pub media_type: String,
    /// The digest of the bytes.
    pub digest: Digest,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// What a document says.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "matched at once, never kept in lists")]
pub enum Parsed {
    /// One image, or an artifact.
    Manifest(Manifest),
    /// A list of manifests.
    Index(Index),
}

/// The fields that tell the kinds of documents apart.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Probe {
    schema_version: Option<u32>,
    media_type: Option<String>,
    config: Option<Value>,
    layers: Option<Value>,
    manifests: Option<Value>,
    fs_layers: Option<serde::de::IgnoredAny>,
}

impl Document {
    /// A document from bytes and the media type that they came with.
    ///
    /// The media type is checked against the bytes: what cannot be told apart, or says two things, is
    /// refused (CVE-2021-41190). A media type that is empty or general (`application/json`,
    /// `text/plain`, `application/octet-stream`), as some servers send, is replaced by the document's own.
    pub fn new(outside: &str, bytes: Vec<u8>) -> Result<Self> {
        let digest = Digest::of(&bytes);
        Self::with_digest(outside, bytes, digest)
    }

    /// The same, for bytes that must have a digest, whatever its algorithm.
    pub fn verified(outside: &str, bytes: Vec<u8>, digest: &Digest) -> Result<Self> {
        let actual = Digest::of_with(digest.algorithm(), &bytes);
        if actual != *digest {
            return Err(Error::WrongDigest { expected: digest.clone(), actual });
        }
        Self::with_digest(outside, bytes, actual)
    }

    /// A new document from a manifest.
    pub fn from_manifest(manifest: &Manifest) -> Result<Self> {
        let media_type = manifest.media_type.as_deref().unwrap_or(media_type::OCI_MANIFEST);
        Self::new(media_type, serialize(manifest, "image manifest")?)
    }

    /// A new document from an index.
    pub fn from_index(index: &Index) -> Result<Self> {
        let media_type = index.media_type.as_deref().unwrap_or(media_type::OCI_INDEX);
        Self::new(media_type, serialize(index, "image index")?)
    }

    fn with_digest(outside: &str, bytes: Vec<u8>, digest: Digest) -> Result<Self> {
        if bytes.len() as u64 > MAX_DOCUMENT_SIZE {
            return Err(Error::TooLarge { limit: MAX_DOCUMENT_SIZE });
        }
        let outside = media_type::essence(outside);
        if media_type::DOCKER_SCHEMA_ONE.contains(&outside.as_str()) {
            return Err(Error::SchemaOne);
        }
        let inside = inspect(&bytes)?;
        let media_type = match outside.as_str() {
            "" | "application/json" | "text/plain" | "application/octet-stream" => inside.effective(),
            _ => inside.agree(outside)?,
        };
        Ok(Self { media_type, digest, bytes })
    }

    /// The link to this document.
    pub fn descriptor(&self) -> Descriptor {
        Descriptor::new(&self.media_type, self.digest.clone(), self.bytes.len() as u64)
    }

    /// Whether it is a list of manifests.
    pub fn is_index(&self) -> bool {
        media_type::is_index(&self.media_type)
    }

    /// What the document says.
    pub fn parse(&self) -> Result<Parsed> {
        if self.is_index() { self.index().map(Parsed::Index) } else { self.manifest().map(Parsed::Manifest) }
    }

    /// The document as a manifest; an index is an error.
    pub fn manifest(&self) -> Result<Manifest> {
        if self.is_index() {
            return Err(Error::MediaType { media_type: self.media_type.clone() });
        }
        serde_json::from_slice(&self.bytes).map_err(Error::json("image manifest"))
    }

    /// The document as an index; a manifest is an error.
    pub fn index(&self) -> Result<Index> {
        if !self.is_index() {
            return Err(Error::MediaType { media_type: self.media_type.clone() });
        }
        serde_json::from_slice(&self.bytes).map_err(Error::json("image index"))
    }
}

/// What the bytes say about themselves.
struct Inside {
    declared: Option<String>,
    index: bool,
}

fn inspect(bytes: &[u8]) -> Result<Inside> {
    let probe: Probe = serde_json::from_slice(bytes).map_err(Error::json("manifest"))?;
    if probe.schema_version == Some(1) || probe.fs_layers.is_some() {
        return Err(Error::SchemaOne);
    }
    let index = match (&probe.manifests, probe.config.is_some() || probe.layers.is_some()) {
        (Some(_), false) => true,
        (None, true) => false,
        (Some(_), true) => return Err(Error::Ambiguous),
        (None, false) => {
            return Err(Error::MediaType { media_type: probe.media_type.unwrap_or_else(|| "(none)".into()) });
        }
    };
    let declared = probe.media_type.filter(|text| !text.is_empty());
    match declared {
        Some(text) if media_type::is_index(&text) != index || media_type::is_manifest(&text) == index => {
            Err(Error::MediaType { media_type: text })
        }
        declared => Ok(Inside { declared, index }),
    }
}

impl Inside {
    fn effective(self) -> String {
        let default = if self.index { media_type::OCI_INDEX } else { media_type::OCI_MANIFEST };
        self.declared.unwrap_or_else(|| default.into())
    }

    fn agree(self, outside: String) -> Result<String> {
        let fits =
            if self.index { media_type::is_index(&outside) } else { media_type::is_manifest(&outside) };
        match self.declared {
            Some(inside) if inside != outside => Err(Error::MediaTypeMismatch { outside, inside }),
            _ if !fits => Err(Error::MediaType { media_type: outside }),
            _ => Ok(outside),
        }
    }
}

fn serialize(value: &impl Serialize, what: &'static str) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(Error::json(what))
}

#[cfg(test)]
mod tests {
    use super::{Document, Parsed};
    use crate::{Descriptor, Digest, Error, Index, Manifest, media_type};

    fn manifest() -> Manifest {
        Manifest::new(Descriptor::of(media_type::OCI_CONFIG, b"{}"), vec![])
    }

    #[test]
    fn bytes_are_kept() {
        let bytes = serde_json::to_vec_pretty(&manifest()).unwrap();
        let document = Document::new(media_type::OCI_MANIFEST, bytes.clone()).unwrap();
        assert_eq!(document.digest, Digest::of(&bytes));
        assert_eq!(document.parse().unwrap(), Parsed::Manifest(manifest()));
        assert_eq!(document.descriptor().size, bytes.len() as u64);
        assert!(document.index().is_err());
        let digest = Digest::of_with(crate::Algorithm::Sha512, &bytes);
        assert_eq!(Document::verified("", bytes.clone(), &digest).unwrap().digest, digest);
        assert!(Document::verified("", bytes, &Digest::of("x")).is_err());
    }

    #[test]
    fn media_types_must_agree() {
        let read = |outside: &str, text: &str| Document::new(outside, text.as_bytes().to_vec());
        let bare = r#"{"schemaVersion":2,"manifests":[]}"#;
        assert_eq!(read("application/json; charset=utf-8", bare).unwrap().media_type, media_type::OCI_INDEX);
        assert_eq!(read(media_type::DOCKER_INDEX, bare).unwrap().media_type, media_type::DOCKER_INDEX);
        assert!(matches!(read(media_type::OCI_MANIFEST, bare), Err(Error::MediaType { .. })));
        assert!(matches!(read("text/html", bare), Err(Error::MediaType { .. })));
        let named = Document::from_index(&Index::new(vec![])).unwrap();
        let as_docker = Document::new(media_type::DOCKER_INDEX, named.bytes);
        assert!(matches!(as_docker, Err(Error::MediaTypeMismatch { .. })));
        let liar = r#"{"mediaType":"application/vnd.oci.image.index.v1+json","config":{},"layers":[]}"#;
        assert!(matches!(read("", liar), Err(Error::MediaType { .. })));
        assert!(matches!(read("", r#"{"manifests":[],"layers":[]}"#), Err(Error::Ambiguous)));
        assert!(matches!(read("", "{}"), Err(Error::MediaType { .. })));
        assert!(matches!(read("", "<html>"), Err(Error::Json { .. })));
    }

    #[test]
    fn schema_one_is_named() {
        let text = br#"{"schemaVersion":1,"fsLayers":[]}"#.to_vec();
        assert!(matches!(Document::new("", text.clone()), Err(Error::SchemaOne)));
        assert!(matches!(Document::new(media_type::DOCKER_SCHEMA_ONE[1], text), Err(Error::SchemaOne)));
    }

    #[test]
    fn unknown_fields_survive() {
        let text = r#"{"schemaVersion":2,"config":{"mediaType":"a","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":0,"x":{"b":1,"a":2}},"layers":[],"z":1,"y":[null]}"#;
        let document = Document::new("", text.as_bytes().to_vec()).unwrap();
        let manifest = document.manifest().unwrap();
        assert_eq!(serde_json::to_string(&manifest).unwrap(), text);
        assert_eq!(manifest.effective_artifact_type(), "a");
    }
}
