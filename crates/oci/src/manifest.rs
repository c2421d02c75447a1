//! Image manifests.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::serde_forms::{Other, null_is_default};
use crate::{Annotations, Descriptor, media_type};

/// One image of one platform, or an artifact: a configuration and layers.
///
/// Source: <https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md>.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Always 2.
    pub schema_version: u32,
    /// [`media_type::OCI_MANIFEST`] or [`media_type::DOCKER_MANIFEST`]; optional in OCI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// What an artifact is, when it is not an image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// The configuration.
    pub config: Descriptor,
    /// The layers, the base first.
    #[serde(deserialize_with = "null_is_default")]
    pub layers: Vec<Descriptor>,
    /// The manifest that this one says something about, for example the image that a signature signs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    /// Notes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null_is_default")]
    pub annotations: Annotations,
    /// Unknown fields.
    #[serde(flatten)]
    pub other: Other,
}

impl Manifest {
    /// An OCI image manifest; set [`Self::media_type`] for Docker's.
    pub fn new(config: Descriptor, layers: Vec<Descriptor>) -> Self {
        Self {
            schema_version: 2,
            media_type: Some(media_type::OCI_MANIFEST.into()),
            artifact_type: None,
            config,
            layers,
            subject: None,
            annotations: Annotations::new(),
            other: Other::new(),
        }
    }

    /// All blobs that the image needs: the configuration, then the layers.
    pub fn blobs(&self) -> impl Iterator<Item = &Descriptor> {
        std::iter::once(&self.config).chain(&self.layers)
    }

    /// The type of the artifact: `artifactType`, else the media type of the configuration, as the
    /// distribution specification defines it for the list of referrers.
    pub fn effective_artifact_type(&self) -> &str {
        self.artifact_type.as_deref().filter(|text| !text.is_empty()).unwrap_or(&self.config.media_type)
    }
}
