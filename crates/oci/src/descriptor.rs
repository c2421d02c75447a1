//! Descriptors: typed, sized, content-addressed links.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::serde_forms::{Other, null_is_default};
use crate::{Digest, Platform, Result, Verifier};

/// Key-value notes on a descriptor, manifest or index.
pub type Annotations = BTreeMap<String, String>;

/// A link to content.
///
/// Source: <https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md>.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// The type of the content.
    pub media_type: String,
    /// The identity of the content.
    pub digest: Digest,
    /// The size of the content in bytes.
    pub size: u64,
    /// Where else the content may be had; ktrust never follows them, it only keeps them.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_default")]
    pub urls: Vec<String>,
    /// Notes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null_is_default")]
    pub annotations: Annotations,
    /// The content itself in base64, when it is short.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// The platform of an image in an index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// The type of the artifact when the content is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub other: Other,
}

impl Descriptor {
    /// A link with nothing but the three fields that are required; `size` in bytes.
    pub fn new(media_type: impl Into<String>, digest: Digest, size: u64) -> Self {
        Self {
            media_type: media_type.into(),
            digest,
            size,
            urls: Vec::new(),
            annotations: Annotations::new(),
            data: None,
            platform: None,
            artifact_type: None,
            other: Other::new(),
        }
    }

    /// The link to some bytes, by SHA-256.
    pub fn of(media_type: impl Into<String>, bytes: &[u8]) -> Self {
        Self::new(media_type, Digest::of(bytes), bytes.len() as u64)
    }

    /// Whether these bytes are the content.
    pub fn verify(&self, bytes: &[u8]) -> Result<()> {
        let mut verifier = Verifier::new(&self.digest, self.size);
        verifier.update(bytes)?;
        verifier.finish()
    }
}
