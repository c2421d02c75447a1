//! Judging the signatures of an image.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ktrust_oci::{Descriptor, Digest};
use ktrust_registry::{self as registry, Repository};
use ktrust_sigstore::{self as sigstore, MAX_PAYLOAD_SIZE, Payload, annotation, media_type};
use serde_json::Value;

use crate::manifest::{Stored, is_wrong_content};
use crate::{Attachment, Error, Policy, Reason, Result};

/// All that is known about the signatures of one digest.
#[derive(Debug)]
pub struct Verification {
    /// The image or index.
    pub subject: Digest,
    /// One entry for each signature found, in the order in which they are stored.
    pub findings: Vec<Finding>,
}

/// One signature and what became of it.
#[derive(Debug)]
pub struct Finding {
    /// The tag it was found under.
    pub tag: String,
    /// Its place among the layers, from 0.
    pub position: usize,
    /// Whether it counts.
    pub verdict: Verdict,
}

/// Whether a signature counts.
#[derive(Debug)]
pub enum Verdict {
    /// It does.
    Accepted(Accepted),
    /// It does not.
    Rejected(Reason),
}

/// A signature that counts.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// What was signed. The digest in it is the subject's.
    pub payload: Payload,
    /// The fingerprint of the key that signed it.
    pub key: String,
}

impl Verification {
    /// The signatures that count.
    pub fn accepted(&self) -> impl Iterator<Item = &Accepted> {
        self.findings.iter().filter_map(|finding| match &finding.verdict {
            Verdict::Accepted(accepted) => Some(accepted),
            Verdict::Rejected(_) => None,
        })
    }

    /// Succeeds only if at least one signature counts.
    pub fn require(self) -> Result<Self> {
        if self.accepted().next().is_some() { Ok(self) } else { Err(Error::Unverified(Box::new(self))) }
    }
}

/// Judges every signature that is stored for `subject`.
///
/// For each: (1) its payload is read and its digest checked; (2) the signature over these very bytes is
/// checked with the policy's keys; only then (3) is the payload parsed, and its type, (4) its digest and
/// (5) its annotations compared. A bad signature is a finding; a registry that does not answer is an
/// error, because it is no proof of anything. `Ok` alone means nothing: see [`Verification::require`].
pub async fn verify(repository: &Repository, subject: &Digest, policy: &Policy) -> Result<Verification> {
    let tag = Attachment::Signature.tag(subject);
    let stored = Stored::read(repository, &tag).await?;
    let finding = |position, verdict| Finding { tag: tag.clone(), position, verdict };
    let mut findings = Vec::new();
    if let Stored::Other(problem) = &stored {
        let reason = Reason::MalformedManifest { problem: problem.clone() };
        findings.push(finding(0, Verdict::Rejected(reason)));
    }
    // Signers of one image mostly share one payload.
    let mut payloads = HashMap::new();
    for (position, layer) in stored.layers().iter().enumerate() {
        let verdict = match judge(repository, subject, policy, layer, &mut payloads).await? {
            Ok(accepted) => Verdict::Accepted(accepted),
            Err(reason) => Verdict::Rejected(reason),
        };
        findings.push(finding(position, verdict));
    }
    Ok(Verification { subject: subject.clone(), findings })
}

type Payloads = HashMap<Digest, Vec<u8>>;

async fn judge(
    repository: &Repository,
    subject: &Digest,
    policy: &Policy,
    layer: &Descriptor,
    payloads: &mut Payloads,
) -> Result<std::result::Result<Accepted, Reason>> {
    let signature = match signature_of(layer) {
        Ok(signature) => signature,
        Err(reason) => return Ok(Err(reason)),
    };
    if !payloads.contains_key(&layer.digest) {
        match repository.blob(layer, MAX_PAYLOAD_SIZE as u64).await {
            Ok(bytes) => payloads.insert(layer.digest.clone(), bytes),
            Err(error) if is_content(&error) => return Ok(Err(Reason::Unreadable(error))),
            Err(error) => return Err(error.into()),
        };
    }
    Ok(judge_bytes(subject, policy, layer, &payloads[&layer.digest], &signature))
}

/// Errors that speak of this payload; all others speak of the way to it.
fn is_content(error: &registry::Error) -> bool {
    error.kind() == registry::ErrorKind::NotFound || is_wrong_content(error)
}

fn signature_of(layer: &Descriptor) -> std::result::Result<Vec<u8>, Reason> {
    if layer.media_type != media_type::SIMPLE_SIGNING {
        return Err(Reason::MediaType { found: layer.media_type.clone() });
    }
    if layer.size > MAX_PAYLOAD_SIZE as u64 {
        return Err(Reason::TooLarge { size: layer.size });
    }
    let text = layer.annotations.get(annotation::SIGNATURE).ok_or(Reason::NoSignature)?;
    STANDARD.decode(text).map_err(|_| Reason::MalformedSignature)
}

fn judge_bytes(
    subject: &Digest,
    policy: &Policy,
    layer: &Descriptor,
    bytes: &[u8],
    signature: &[u8],
) -> std::result::Result<Accepted, Reason> {
    let key = signer(policy, bytes, signature).map_err(|reason| {
        if layer.annotations.contains_key(annotation::CERTIFICATE) { Reason::Keyless } else { reason }
    })?;
    let payload = Payload::parse(bytes).map_err(Reason::MalformedPayload)?;
    if payload.manifest_digest != subject.to_string() {
        return Err(Reason::DigestMismatch { found: payload.manifest_digest });
    }
    check_annotations(policy, &payload)?;
    Ok(Accepted { payload, key })
}

/// The fingerprint of the trusted key that made this signature.
fn signer(policy: &Policy, bytes: &[u8], signature: &[u8]) -> std::result::Result<String, Reason> {
    let mut reason = Reason::MalformedSignature;
    for key in policy.keys() {
        match key.verify(bytes, signature) {
            Ok(()) => return Ok(key.fingerprint()),
            Err(sigstore::Error::MalformedSignature { .. }) => {}
            Err(_) => reason = Reason::WrongKey,
        }
    }
    Err(reason)
}

fn check_annotations(policy: &Policy, payload: &Payload) -> std::result::Result<(), Reason> {
    for (key, wanted) in policy.annotations() {
        let found = payload.annotations.get(key);
        if found.and_then(Value::as_str) != Some(wanted) {
            let found = found.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            return Err(Reason::Annotation { key: key.clone(), wanted: wanted.clone(), found });
        }
    }
    Ok(())
}
