//! What is attached to an image.

use ktrust_oci::{Descriptor, Digest, Parsed};
use ktrust_registry::{self as registry, Repository, Selector};

use crate::{Attachment, Result};

/// One thing that is attached to an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// What it is.
    pub kind: ArtifactKind,
    /// The tag it was found by, if it has one of its own.
    pub tag: Option<String>,
    /// Its manifest.
    pub digest: Digest,
    /// The digests of its layers: the signatures, attestations, documents.
    pub layers: Vec<Digest>,
}

/// What an attached thing is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArtifactKind {
    /// Signatures.
    Signature,
    /// Attestations.
    Attestation,
    /// A bill of materials.
    Sbom,
    /// A manifest that names the image as its subject, with its artifact type.
    Referrer(String),
}

/// Everything that is attached to `subject`: by tag, by the referrers API, or by its fallback index.
pub async fn artifacts(repository: &Repository, subject: &Digest) -> Result<Vec<Artifact>> {
    let mut artifacts = Vec::new();
    for (attachment, kind) in [
        (Attachment::Signature, ArtifactKind::Signature),
        (Attachment::Attestation, ArtifactKind::Attestation),
        (Attachment::Sbom, ArtifactKind::Sbom),
    ] {
        let tag = attachment.tag(subject);
        if let Some((digest, parsed)) = find(repository, Selector::Tag(tag.clone())).await? {
            artifacts.push(Artifact { kind, tag: Some(tag), digest, layers: layers(&parsed) });
        }
    }
    artifacts.extend(referrers(repository, subject).await?);
    Ok(artifacts)
}

/// By the referrers API, else by the fallback index.
async fn referrers(repository: &Repository, subject: &Digest) -> Result<Vec<Artifact>> {
    let entries = match repository.referrers(subject, None).await? {
        Some(entries) => entries,
        None => fallback(repository, subject).await?,
    };
    let mut artifacts = Vec::new();
    for entry in entries {
        let Some(kind) = entry.artifact_type else { continue };
        let found = find(repository, Selector::Digest(entry.digest.clone())).await?;
        let layers = found.map(|(_, parsed)| layers(&parsed)).unwrap_or_default();
        let kind = ArtifactKind::Referrer(kind);
        artifacts.push(Artifact { kind, tag: None, digest: entry.digest, layers });
    }
    Ok(artifacts)
}

/// The fallback index of the OCI distribution specification.
///
/// GitLab's registry answers a tag that looks like a digest with the image of that digest, so that an
/// answer counts only if it is another manifest than the subject, and an index; and an entry counts only
/// if it says what it is, as the entries of an index of platforms do not.
async fn fallback(repository: &Repository, subject: &Digest) -> Result<Vec<Descriptor>> {
    let selector = Selector::Tag(Attachment::Referrers.tag(subject));
    match find(repository, selector).await? {
        Some((digest, Parsed::Index(index))) if digest != *subject => Ok(index.manifests),
        _ => Ok(Vec::new()),
    }
}

async fn find(repository: &Repository, selector: Selector) -> Result<Option<(Digest, Parsed)>> {
    match repository.document(&selector).await {
        Ok(document) => Ok(Some((document.digest.clone(), document.parse()?))),
        Err(error) if error.kind() == registry::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn layers(parsed: &Parsed) -> Vec<Digest> {
    match parsed {
        Parsed::Manifest(manifest) => manifest.layers.iter().map(|layer| layer.digest.clone()).collect(),
        Parsed::Index(_) => Vec::new(),
    }
}
