//! Signatures of ksign under cosign's eyes, and the other way round.

use ktrust_tests::tamper;
use serde_json::{Value, json};

use crate::bed::{Bed, Cosign, push};

#[test]
fn cosign_verifies_what_ksign_signs() {
    let bed = Bed::new();
    let annotations = ["-a", "team=<a&b>", "-a", "stage=prod é"];
    bed.ksign(["sign", "--key", "cosign.key", &bed.image()]).args(annotations).run().success();
    let ours = bed.verify("cosign").success().json();
    for cosign in Cosign::BOTH {
        let verify = cosign.verify(&bed.context, "cosign.pub").args(annotations).arg(bed.image());
        assert_eq!(verify.run().success().json(), ours, "{cosign:?}");
        let wrong = cosign.verify(&bed.context, "cosign.pub").args(["-a", "team=x"]).arg(bed.image());
        assert_ne!(wrong.run().code(), Some(0));
    }
    assert_eq!(ours[0]["critical"]["identity"]["docker-reference"], bed.repository.as_str());
    assert_eq!(ours[0]["optional"], json!({"team": "<a&b>", "stage": "prod é"}));
}

#[test]
fn ksign_verifies_what_cosign_signs_and_does_not_sign_it_again() {
    for cosign in Cosign::BOTH {
        let bed = Bed::new();
        for annotations in [&[][..], &["-a", "a=<&>"]] {
            let signing = cosign.sign(&bed.context, "cosign.key").args(annotations).arg(bed.image());
            signing.run().success();
            bed.verify("cosign").success().stderr_has("accepted");
            let again = bed.ksign(["sign", "--key", "cosign.key", &bed.image()]).args(annotations);
            again.run().success().stderr_has("already signed");
        }
        assert_eq!(bed.layers().len(), 2, "{cosign:?}");
        bed.ksign(["verify", "--key", "cosign.pub", "-a", "a=<&>", &bed.image()]).run().success();
    }
}

#[test]
fn cosign_does_not_sign_again_what_ksign_signed() {
    let bed = Bed::new();
    bed.sign("cosign");
    for cosign in Cosign::BOTH {
        cosign.sign(&bed.context, "cosign.key").arg(bed.image()).run().success();
        assert_eq!(bed.layers().len(), 1, "{cosign:?}");
    }
}

#[test]
fn signature_manifests_are_those_of_cosign() {
    let bed = Bed::new();
    bed.sign("cosign");
    let ours = bed.manifest(&bed.tag());
    for cosign in Cosign::BOTH {
        // Another registry's name is in the payload, and a signature is random: the rest is the same.
        let theirs = Bed::new();
        cosign.sign(&theirs.context, "cosign.key").arg(theirs.image()).run().success();
        let blank = |mut manifest: Value| {
            for pointer in ["/config/digest", "/layers/0/digest", "/layers/0/size"] {
                *manifest.pointer_mut(pointer).expect("a signature manifest") = Value::Null;
            }
            manifest["layers"][0]["annotations"]["dev.cosignproject.cosign/signature"] = Value::Null;
            manifest
        };
        assert_eq!(blank(theirs.manifest(&theirs.tag())), blank(ours.clone()), "{cosign:?}");
    }
}

#[test]
fn cosign_verifies_a_layout_signed_by_ksign_after_a_copy() {
    let bed = Bed::new();
    let layout = bed.layout("copy");
    let image = format!("oci:{}", layout.display());
    bed.ksign(["sign", "--key", "cosign.key", &image]).run().success();
    bed.ksign(["verify", "--key", "cosign.pub", &image]).run().success();
    push(&bed.context, &layout, &bed.tag(), &bed.repository, &bed.tag());
    for cosign in Cosign::BOTH {
        cosign.verify(&bed.context, "cosign.pub").arg(bed.image()).run().success();
    }
}

#[test]
fn cosign_verifies_a_layout_on_disk_once_it_has_cosigns_marks() {
    let bed = Bed::new();
    let layout = bed.layout("copy");
    let image = format!("oci:{}", layout.display());
    bed.ksign(["sign", "--key", "cosign.key", &image]).run().success();
    let path = layout.join("index.json");
    let mut index: Value = serde_json::from_str(&bed.context.read(&path)).expect("an index");
    for entry in index["manifests"].as_array_mut().expect("entries") {
        let signatures = entry["annotations"]["org.opencontainers.image.ref.name"] == bed.tag();
        let kind = if signatures { "sigs" } else { "image" };
        entry["annotations"]["kind"] = format!("dev.cosignproject.cosign/{kind}").into();
    }
    bed.context.write(&path, index.to_string());
    for cosign in Cosign::BOTH {
        let verify = |key| cosign.verify(&bed.context, key).arg("--local-image").arg(&layout).run();
        verify("cosign.pub").success();
        bed.make_key(&format!("other-{cosign:?}"));
        assert_ne!(verify(&format!("other-{cosign:?}.pub")).code(), Some(0));
    }
}

#[test]
fn a_signed_image_survives_cosigns_own_eyes_when_it_was_tampered_with() {
    let bed = Bed::new();
    bed.sign("cosign");
    let payload = bed.layers()[0]["digest"].as_str().expect("a digest").to_owned();
    tamper::flip(&bed.registry.blob_path(&payload));
    bed.verify("cosign").fails_with(30).stderr_has("payload");
    for cosign in Cosign::BOTH {
        let run = cosign.verify(&bed.context, "cosign.pub").arg(bed.image()).run();
        assert_ne!(run.code(), Some(0), "{run}");
    }
}
