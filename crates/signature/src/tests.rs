//! Signing and verifying in layouts on disk, with everything that can be wrong about a signature.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ktrust_oci::{Descriptor, Digest, Document, Index, Layout, Manifest, media_type as oci_type};
use ktrust_registry::{Client, Repository, Settings};
use ktrust_sigstore::{Payload, PrivateKey, SignerKey, annotation, media_type};

use crate::manifest::MAX_SIGNATURES;
use crate::{
    ArtifactKind, Attachment, Error, Outcome, Policy, Reason, Request, Verdict, Verification, artifacts,
    sign, targets, verify,
};

/// A layout with one image, a key, and a repository on it.
struct Bed {
    layout: Layout,
    repository: Repository,
    subject: Digest,
    tag: String,
    key: PrivateKey,
    _directory: tempfile::TempDir,
}

impl Bed {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path: PathBuf = directory.path().join("layout");
        let layout = Layout::create(&path).unwrap();
        let subject = put_image(&layout, "one");
        let reference = format!("oci:{}", path.display()).parse().unwrap();
        let repository = Client::new(Settings::default()).unwrap().repository(&reference);
        let tag = Attachment::Signature.tag(&subject);
        let key = PrivateKey::generate().unwrap();
        Self { layout, repository, subject, tag, key, _directory: directory }
    }

    async fn sign(&self, key: &PrivateKey, annotations: &[(&str, &str)]) -> Outcome {
        let annotations = annotations.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let request = Request { signer: key, docker_reference: "r", annotations: &annotations };
        sign(&self.repository, std::slice::from_ref(&self.subject), &request).await.unwrap()[0].outcome
    }

    async fn verify(&self) -> Verification {
        self.verify_with(&Policy::key(self.key.public_key().clone())).await
    }

    async fn verify_with(&self, policy: &Policy) -> Verification {
        verify(&self.repository, &self.subject, policy).await.unwrap()
    }

    /// The only reason for which nothing counts.
    async fn reason(&self) -> Reason {
        let mut verification = self.verify().await;
        assert_eq!(verification.findings.len(), 1);
        match verification.findings.remove(0).verdict {
            Verdict::Rejected(reason) => reason,
            Verdict::Accepted(accepted) => panic!("accepted: {accepted:?}"),
        }
    }

    /// The signature manifest.
    fn stored(&self) -> Manifest {
        let entry = self.layout.resolve(Some(&self.tag)).unwrap();
        self.layout.read_document(&entry.digest).unwrap().manifest().unwrap()
    }

    fn store(&self, manifest: &Manifest) {
        self.layout.write_document(Some(&self.tag), &Document::from_manifest(manifest).unwrap()).unwrap();
    }

    /// Signs, then changes the only layer.
    async fn with_layer(change: impl FnOnce(&mut Descriptor)) -> Self {
        let bed = Self::new();
        bed.sign(&bed.key, &[]).await;
        let mut manifest = bed.stored();
        change(&mut manifest.layers[0]);
        bed.store(&manifest);
        bed
    }

    /// Stores a signature by the trusted key over any bytes.
    async fn with_payload(make: impl FnOnce(&Self) -> Vec<u8>) -> Self {
        let bed = Self::new();
        let payload = make(&bed);
        let mut layer = Descriptor::of(media_type::SIMPLE_SIGNING, &payload);
        bed.layout.write_blob(&layer, payload.as_slice()).unwrap();
        let signature = bed.key.sign(&payload).await.unwrap();
        layer.annotations.insert(annotation::SIGNATURE.into(), base64(&signature));
        bed.store(&Manifest::new(Descriptor::of(oci_type::OCI_CONFIG, b"{}"), vec![layer]));
        bed
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn put_image(layout: &Layout, note: &str) -> Digest {
    let mut manifest = Manifest::new(Descriptor::of(oci_type::OCI_CONFIG, b"{}"), vec![]);
    manifest.annotations.insert("note".into(), note.into());
    let document = Document::from_manifest(&manifest).unwrap();
    layout.write_document(Some(note), &document).unwrap();
    document.digest
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

#[test]
fn signing_twice_is_signing_once() {
    run(async {
        let bed = Bed::new();
        assert!(bed.verify().await.findings.is_empty());
        assert!(matches!(bed.verify().await.require(), Err(Error::Unverified(_))));
        assert_eq!(bed.sign(&bed.key, &[("a", "b")]).await, Outcome::Written { attempts: 1 });
        assert_eq!(bed.sign(&bed.key, &[("a", "b")]).await, Outcome::Unchanged);
        assert_eq!(bed.sign(&bed.key, &[]).await, Outcome::Written { attempts: 1 });
        let verification = bed.verify().await.require().unwrap();
        assert_eq!(verification.accepted().count(), 2);
        let config = bed.stored().config;
        bed.layout.open_blob(&config).unwrap();
    });
}

#[test]
fn other_signers_keep_their_signatures_and_annotations() {
    run(async {
        let bed = Bed::with_layer(|layer| {
            layer.annotations.insert("dev.sigstore.cosign/bundle".into(), "{}".into());
            layer.other.insert("unknown".into(), 1.into());
        })
        .await;
        let before = bed.stored().layers.remove(0);
        let other = PrivateKey::generate().unwrap();
        bed.sign(&other, &[]).await;
        assert_eq!(bed.stored().layers[0], before);
        let first = Policy::key(bed.key.public_key().clone());
        let both = Policy::key(other.public_key().clone()).or_key(bed.key.public_key().clone());
        assert_eq!(bed.verify_with(&first).await.accepted().count(), 1);
        assert_eq!(bed.verify_with(&both).await.accepted().count(), 2);
    });
}

#[test]
fn annotations_are_demanded_of_the_payload() {
    run(async {
        let bed = Bed::new();
        bed.sign(&bed.key, &[("stage", "test")]).await;
        let policy = || Policy::key(bed.key.public_key().clone());
        let good = policy().require_annotation("stage", "test");
        assert_eq!(bed.verify_with(&good).await.accepted().count(), 1);
        for bad in [policy().require_annotation("stage", "prod"), policy().require_annotation("x", "")] {
            assert!(bed.verify_with(&bad).await.require().is_err());
        }
    });
}

#[test]
fn broken_layers_are_findings_with_their_reason() {
    run(async {
        let reason = async |change: fn(&mut Descriptor)| Bed::with_layer(change).await.reason().await;
        let found = reason(|layer| layer.media_type = "text/plain".into()).await;
        assert!(matches!(found, Reason::MediaType { .. }), "{found}");
        let found = reason(|layer| layer.annotations.clear()).await;
        assert!(matches!(found, Reason::NoSignature), "{found}");
        let found = reason(|layer| {
            layer.annotations.insert(annotation::SIGNATURE.into(), "%".into());
        })
        .await;
        assert!(matches!(found, Reason::MalformedSignature), "{found}");
        let found = reason(|layer| {
            layer.annotations.insert(annotation::SIGNATURE.into(), "AAAA".into());
        })
        .await;
        assert!(matches!(found, Reason::MalformedSignature), "{found}");
        let found = reason(|layer| layer.size = 2 << 20).await;
        assert!(matches!(found, Reason::TooLarge { .. }), "{found}");
        let found = reason(|layer| layer.size += 1).await;
        assert!(matches!(found, Reason::Unreadable(_)), "{found}");
        let found = reason(|layer| layer.digest = Digest::of(b"missing")).await;
        assert!(matches!(found, Reason::Unreadable(_)), "{found}");
    });
}

#[test]
fn payloads_are_judged_after_the_signature() {
    run(async {
        let bed = Bed::with_payload(|_| b"{}".to_vec()).await;
        assert!(matches!(bed.reason().await, Reason::MalformedPayload(_)));
        let bed = Bed::with_payload(|bed| {
            let payload = Payload::new("r", bed.subject.to_string(), &BTreeMap::new()).to_bytes();
            String::from_utf8(payload).unwrap().replace("cosign container", "atomic container").into()
        })
        .await;
        assert!(matches!(bed.reason().await, Reason::MalformedPayload(_)));
        let bed = Bed::with_payload(|_| {
            Payload::new("r", Digest::of(b"another").to_string(), &BTreeMap::new()).to_bytes()
        })
        .await;
        assert!(matches!(bed.reason().await, Reason::DigestMismatch { .. }));
    });
}

#[test]
fn a_changed_payload_does_not_count() {
    run(async {
        let bed = Bed::new();
        bed.sign(&bed.key, &[("a", "b")]).await;
        let layer = bed.stored().layers.remove(0);
        let path = bed.layout.blob_path(&layer.digest);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("\"a\":\"b\"", "\"a\":\"c\"")).unwrap();
        assert!(matches!(bed.reason().await, Reason::Unreadable(_)));
        // The same as a new blob with a digest of its own: only the signature gives it away.
        let forged = text.replace("\"a\":\"b\"", "\"a\":\"c\"");
        let mut forged_layer = Descriptor::of(media_type::SIMPLE_SIGNING, forged.as_bytes());
        forged_layer.annotations = layer.annotations;
        bed.layout.write_blob(&forged_layer, forged.as_bytes()).unwrap();
        let mut manifest = bed.stored();
        manifest.layers[0] = forged_layer;
        bed.store(&manifest);
        assert!(matches!(bed.reason().await, Reason::WrongKey));
    });
}

#[test]
fn strangers_and_certificates_are_told_apart() {
    run(async {
        let bed = Bed::new();
        bed.sign(&PrivateKey::generate().unwrap(), &[]).await;
        let reason = bed.reason().await;
        assert!(matches!(reason, Reason::WrongKey));
        assert!(reason.cure().unwrap().contains("--key"));
        let mut manifest = bed.stored();
        manifest.layers[0].annotations.insert(annotation::CERTIFICATE.into(), "x".into());
        bed.store(&manifest);
        assert!(matches!(bed.reason().await, Reason::Keyless));
    });
}

#[test]
fn whatever_else_lies_under_the_tag_is_reported_and_not_overwritten() {
    run(async {
        let bed = Bed::new();
        let index = Document::from_index(&Index::new(vec![])).unwrap();
        bed.layout.write_document(Some(&bed.tag), &index).unwrap();
        assert!(matches!(bed.reason().await, Reason::MalformedManifest { .. }));
        let annotations = BTreeMap::new();
        let request = Request { signer: &bed.key, docker_reference: "r", annotations: &annotations };
        let subjects = [bed.subject.clone()];
        let refused = sign(&bed.repository, &subjects, &request).await.unwrap_err();
        assert!(matches!(refused, Error::Occupied { .. }), "{refused}");

        let garbage = Descriptor::of(oci_type::OCI_MANIFEST, b"garbage");
        bed.layout.write_blob(&garbage, &b"garbage"[..]).unwrap();
        bed.layout.add_entry(Some(&bed.tag), garbage).unwrap();
        assert!(matches!(bed.reason().await, Reason::MalformedManifest { .. }));

        let layer = Descriptor::of(media_type::SIMPLE_SIGNING, b"x");
        let many = vec![layer; MAX_SIGNATURES];
        bed.store(&Manifest::new(Descriptor::of(oci_type::OCI_CONFIG, b"{}"), many));
        let refused = sign(&bed.repository, &subjects, &request).await.unwrap_err();
        assert!(matches!(refused, Error::Full { .. }), "{refused}");
    });
}

#[test]
fn an_index_is_signed_with_its_children_and_listed() {
    run(async {
        let bed = Bed::new();
        let two = put_image(&bed.layout, "two");
        let child = |digest: &Digest| bed.layout.read_document(digest).unwrap().descriptor();
        let inner = Document::from_index(&Index::new(vec![child(&two)])).unwrap();
        bed.layout.write_document(None, &inner).unwrap();
        let entries = vec![child(&bed.subject), inner.descriptor(), child(&two)];
        let index = Document::from_index(&Index::new(entries)).unwrap();
        bed.layout.write_document(Some("index"), &index).unwrap();
        let alone = targets(&bed.repository, &index.digest, false).await.unwrap();
        assert_eq!(alone, std::slice::from_ref(&index.digest));
        let all = targets(&bed.repository, &index.digest, true).await.unwrap();
        assert_eq!(all, [index.digest, bed.subject.clone(), inner.digest, two]);
        let annotations = BTreeMap::new();
        let request = Request { signer: &bed.key, docker_reference: "r", annotations: &annotations };
        let signed = sign(&bed.repository, &all, &request).await.unwrap();
        assert_eq!(
            signed.iter().map(|signed| &signed.subject).collect::<Vec<_>>(),
            all.iter().collect::<Vec<_>>()
        );
        for subject in &all {
            let policy = Policy::key(bed.key.public_key().clone());
            verify(&bed.repository, subject, &policy).await.unwrap().require().unwrap();
            let attached = artifacts(&bed.repository, subject).await.unwrap();
            assert_eq!(attached[0].kind, ArtifactKind::Signature);
            assert_eq!(attached[0].layers.len(), 1);
        }
    });
}
