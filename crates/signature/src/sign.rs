//! Writing signatures where others write too.
//!
//! A signature is appended to a list that a registry can only replace as a whole, without any "replace
//! if unchanged". Two signers that read the same list and write one after the other lose the first one's
//! signature, and the first does not notice, because it has looked before. So:
//!
//! 1. Everything slow (blobs, configuration) is uploaded first; directly before the tag is moved, it is
//!    checked that the list is still the one that was read. What remains is one request's duration.
//! 2. After writing, we wait longer than such a request takes ([`SETTLE`], or more where the registry is
//!    slow), so that whoever read the old list has written by then; then we look whether our signature is
//!    still there, and start over, after a random pause, if it is not.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ktrust_oci::{Descriptor, Digest};
use ktrust_registry::{self as registry, BlobSource, Repository};
use ktrust_sigstore::{Payload, SignerKey, annotation, media_type};

use crate::manifest::Stored;
use crate::{Attachment, Error, Result};

/// How long another signer may take from its last look to its write.
const SETTLE: Duration = Duration::from_millis(300);
/// How often we try before we give up.
const MAX_ROUNDS: u32 = 40;
/// How often the registry may refuse a signature manifest for blobs that it was given.
const MAX_REFUSALS: u32 = 6;

/// What to write.
pub struct Request<'a> {
    /// The key.
    pub signer: &'a dyn SignerKey,
    /// The name that the payload claims for the image: its repository without tag or digest.
    pub docker_reference: &'a str,
    /// The signer's annotations, inside the signed payload.
    pub annotations: &'a BTreeMap<String, String>,
}

/// A signature that is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The image or index.
    pub subject: Digest,
    /// The tag that holds the signature.
    pub tag: String,
    /// The digest of the signature manifest that was found to hold it.
    pub manifest: Digest,
    /// Whether anything was written.
    pub outcome: Outcome,
}

/// Whether signing changed anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A new signature was written, in so many attempts.
    Written {
        /// 1 unless other signers were faster.
        attempts: u32,
    },
    /// A valid signature by the same key over the same payload was there.
    Unchanged,
}

/// Signs all `subjects`, which must exist in `repository`.
///
/// Writes all first and looks afterwards, so that many subjects wait no longer than one. On an error some
/// may be signed; running again signs the rest and leaves those alone.
pub async fn sign(
    repository: &Repository,
    subjects: &[Digest],
    request: &Request<'_>,
) -> Result<Vec<Signed>> {
    let mut works = Vec::new();
    for subject in subjects {
        works.push(Work::new(subject, request).await?);
    }
    for round in 1..=MAX_ROUNDS {
        let mut settle = Duration::ZERO;
        for work in works.iter_mut().filter(|work| work.stored.is_none()) {
            settle = settle.max(work.write(repository, request).await?);
        }
        if !settle.is_zero() {
            tokio::time::sleep(settle).await;
            for work in works.iter_mut().filter(|work| work.stored.is_none()) {
                work.look(repository).await?;
            }
        }
        if works.iter().all(|work| work.stored.is_some()) {
            return Ok(works.into_iter().filter_map(Work::finish).collect());
        }
        tokio::time::sleep(jitter(round)).await;
    }
    let tag = works.into_iter().find(|work| work.stored.is_none()).map(|work| work.tag);
    Err(Error::Lost { tag: tag.unwrap_or_default(), attempts: MAX_ROUNDS })
}

/// One subject on its way to being signed.
struct Work {
    subject: Digest,
    tag: String,
    payload: Vec<u8>,
    layer: Descriptor,
    attempts: u32,
    refusals: u32,
    /// The manifest that was seen to hold the signature, once it was.
    stored: Option<Digest>,
}

impl Work {
    async fn new(subject: &Digest, request: &Request<'_>) -> Result<Self> {
        let payload =
            Payload::new(request.docker_reference, subject.to_string(), request.annotations).to_bytes();
        let signature = request.signer.sign(&payload).await?;
        let size = payload.len() as u64;
        let mut layer = Descriptor::new(media_type::SIMPLE_SIGNING, Digest::of(&payload), size);
        layer.annotations.insert(annotation::SIGNATURE.into(), STANDARD.encode(signature));
        let tag = Attachment::Signature.tag(subject);
        Ok(Self { subject: subject.clone(), tag, payload, layer, attempts: 0, refusals: 0, stored: None })
    }

    /// Appends the signature unless the same is there; the time to wait before looking again.
    async fn write(&mut self, repository: &Repository, request: &Request<'_>) -> Result<Duration> {
        let base = Stored::read(repository, &self.tag).await?;
        if base.layers().iter().any(|layer| self.is_same(layer, request)) {
            self.stored = base.digest().cloned();
            return Ok(Duration::ZERO);
        }
        let read = base.digest().cloned();
        let appended = base.append(&self.tag, self.layer.clone())?;
        let source = BlobSource::Bytes(self.payload.clone().into());
        repository.put_blob(&self.layer, source, None).await?;
        appended.push_config(repository).await?;
        let started = Instant::now();
        if Stored::read(repository, &self.tag).await?.digest() != read.as_ref() {
            // Somebody was faster: nothing is written, nothing of theirs is lost.
            return Ok(jitter(1));
        }
        if let Err(error) = appended.push(repository, &self.tag).await {
            return self.refused(error);
        }
        self.attempts += 1;
        Ok(SETTLE.max(started.elapsed() * 3) + jitter(0))
    }

    /// Registries refuse a manifest whose blobs another signer is uploading in this moment: all signers of
    /// an image have the same payload. A registry that refuses for good keeps doing so.
    fn refused(&mut self, error: Error) -> Result<Duration> {
        let contended = matches!(
            &error,
            Error::Registry(registry::Error::Status { errors, .. })
                if errors.iter().any(|error| error.code == "MANIFEST_BLOB_UNKNOWN")
        );
        self.refusals += 1;
        if contended && self.refusals < MAX_REFUSALS { Ok(jitter(self.refusals)) } else { Err(error) }
    }

    /// cosign's rule: same payload, same sort, no annotation of ours that it lacks, and it verifies.
    fn is_same(&self, layer: &Descriptor, request: &Request<'_>) -> bool {
        let signature = layer.annotations.get(annotation::SIGNATURE).map(|text| STANDARD.decode(text));
        let Some(Ok(signature)) = signature else { return false };
        layer.digest == self.layer.digest
            && layer.media_type == self.layer.media_type
            && ktrust_sigstore::Verifier::verify(request.signer.public_key(), &self.payload, &signature)
                .is_ok()
    }

    /// Whether the signature that was written is still there.
    async fn look(&mut self, repository: &Repository) -> Result<()> {
        let now = Stored::read(repository, &self.tag).await?;
        let found = |layer: &Descriptor| {
            layer.digest == self.layer.digest && layer.annotations == self.layer.annotations
        };
        if now.layers().iter().any(found) {
            self.stored = now.digest().cloned();
        }
        Ok(())
    }

    fn finish(self) -> Option<Signed> {
        let outcome = match self.attempts {
            0 => Outcome::Unchanged,
            attempts => Outcome::Written { attempts },
        };
        Some(Signed { subject: self.subject, tag: self.tag, manifest: self.stored?, outcome })
    }
}

/// A random pause that grows with the round, so that signers drift apart.
fn jitter(round: u32) -> Duration {
    let mut bytes = [0_u8; 2];
    // Without random numbers signers do not drift apart, but nothing becomes wrong.
    let _ = getrandom::fill(&mut bytes);
    let limit = 100 * u64::from(round.min(15) + 1);
    Duration::from_millis(u64::from(u16::from_le_bytes(bytes)) % limit)
}
