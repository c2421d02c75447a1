//! Image indexes (Docker: manifest lists).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::serde_forms::{Other, null_is_default};
use crate::{Annotations, Descriptor, Platform, media_type};

/// A list of manifests, mostly one a platform.
///
/// Source: <https://github.com/opencontainers/image-spec/blob/v1.1.1/image-index.md>.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Index {
    /// Always 2.
    pub schema_version: u32,
    /// [`media_type::OCI_INDEX`] or [`media_type::DOCKER_INDEX`]; optional in OCI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// What an artifact is, when the index is no image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// The manifests.
    #[serde(deserialize_with = "null_is_default")]
    pub manifests: Vec<Descriptor>,
    /// The manifest that this index says something about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    /// Notes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "null_is_default")]
    pub annotations: Annotations,
    /// Unknown fields.
    #[serde(flatten)]
    pub other: Other,
}

impl Index {
    /// An OCI index; set [`Self::media_type`] for Docker's.
    pub fn new(manifests: Vec<Descriptor>) -> Self {
        Self {
            schema_version: 2,
            media_type: Some(media_type::OCI_INDEX.into()),
            artifact_type: None,
            manifests,
            subject: None,
            annotations: Annotations::new(),
            other: Other::new(),
        }
    }

    /// The image for a platform: the entry that matches, else the best one that the platform runs too
    /// (an arm/v6 image on arm/v7). The first of equals, as containerd does.
    pub fn select(&self, wanted: &Platform) -> Option<&Descriptor> {
        let rank =
            |entry: &Descriptor| entry.platform.as_ref().and_then(|offered| wanted.compatibility(offered));
        self.manifests
            .iter()
            .filter_map(|entry| Some((rank(entry)?, entry)))
            .min_by_key(|(rank, _)| *rank)
            .map(|(_, entry)| entry)
    }

    /// The platforms on offer, without the `unknown/unknown` of `BuildKit`'s attestations.
    pub fn platforms(&self) -> Vec<Platform> {
        let known = self.manifests.iter().filter_map(|entry| entry.platform.clone());
        known.filter(|platform| platform.os != "unknown").collect()
    }
}
