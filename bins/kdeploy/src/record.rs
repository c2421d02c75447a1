//! `deploy.json`: what was verified, pinned and written. Part of ktrust's interface.

use ktrust_admission::Pinned;
use ktrust_oci::Digest;
use ktrust_pipeline::Tool;
use ktrust_signature::Verdict;
use serde::Serialize;

use crate::images::Judged;

/// The record of one `kdeploy apply`.
#[derive(Debug, Serialize)]
pub(crate) struct DeployRecord {
    /// Version of this format: 1.
    pub(crate) schema: u32,
    pub(crate) tool: Tool,
    /// `true`: no cluster was touched.
    pub(crate) offline: bool,
    pub(crate) images: Vec<ImageRecord>,
    pub(crate) manifests: Vec<ManifestRecord>,
    pub(crate) policy: PolicyRecord,
    /// The unsigned image that the cluster must refuse, `REPOSITORY@DIGEST`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) probe: Option<String>,
}

/// One image and its signatures.
#[derive(Debug, Serialize)]
pub(crate) struct ImageRecord {
    /// `REPOSITORY@DIGEST`.
    pub(crate) reference: String,
    pub(crate) digest: Digest,
    pub(crate) media_type: String,
    pub(crate) verified: bool,
    pub(crate) signatures: Vec<SignatureRecord>,
}

/// One signature.
#[derive(Debug, Serialize)]
pub(crate) struct SignatureRecord {
    /// The tag under which it lies.
    pub(crate) tag: String,
    pub(crate) accepted: bool,
    /// The key that signed, as `sha256:` of its public key in DER.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    /// Why it does not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

/// One manifest.
#[derive(Debug, Serialize)]
pub(crate) struct ManifestRecord {
    /// Where it came from.
    pub(crate) source: String,
    /// The file written.
    pub(crate) file: String,
    pub(crate) pinned: Vec<PinRecord>,
    /// Images that are still named by tag.
    pub(crate) unpinned: Vec<PlaceRecord>,
}

/// An image that was pinned.
#[derive(Debug, Serialize)]
pub(crate) struct PinRecord {
    pub(crate) line: usize,
    pub(crate) before: String,
    pub(crate) after: String,
}

/// An image that was not.
#[derive(Debug, Serialize)]
pub(crate) struct PlaceRecord {
    pub(crate) line: usize,
    pub(crate) image: String,
}

/// The policy.
#[derive(Debug, Serialize)]
pub(crate) struct PolicyRecord {
    /// `ImageValidatingPolicy`, …
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) file: String,
    /// The version of Kyverno that it is for.
    pub(crate) kyverno: String,
    pub(crate) warnings: Vec<String>,
}

impl From<&Judged> for ImageRecord {
    fn from(image: &Judged) -> Self {
        let signatures = image.verification.findings.iter().map(|finding| {
            let (key, reason) = match &finding.verdict {
                Verdict::Accepted(accepted) => (Some(accepted.key.clone()), None),
                Verdict::Rejected(reason) => (None, Some(reason.to_string())),
            };
            SignatureRecord { tag: finding.tag.clone(), accepted: key.is_some(), key, reason }
        });
        Self {
            reference: image.reference.to_string(),
            digest: image.verification.subject.clone(),
            media_type: image.media_type.clone(),
            verified: image.verification.accepted().next().is_some(),
            signatures: signatures.collect(),
        }
    }
}

impl ManifestRecord {
    pub(crate) fn new(pinned: &Pinned, file: &str) -> Self {
        let pin = |change: &ktrust_admission::Change| PinRecord {
            line: change.image.line,
            before: change.image.image.clone(),
            after: change.reference.clone(),
        };
        let place = |image: &ktrust_admission::ContainerImage| PlaceRecord {
            line: image.line,
            image: image.image.clone(),
        };
        Self {
            source: pinned.name.clone(),
            file: file.to_owned(),
            pinned: pinned.changes.iter().map(pin).collect(),
            unpinned: pinned.unpinned.iter().map(place).collect(),
        }
    }
}
