//! Many signers, many images.

use std::time::Duration;

use ktrust_tests::{Fault, FaultyRegistry, Running};
use serde_json::json;

use crate::bed::{Bed, Cosign, push, two_images};

#[test]
fn two_signers_keep_each_others_signatures() {
    let bed = Bed::new();
    bed.make_key("other");
    bed.sign("cosign");
    let first = bed.layers();
    bed.sign("other");
    assert_eq!(bed.layers()[..1], first);
    for prefix in ["cosign", "other"] {
        bed.verify(prefix).success();
        for cosign in Cosign::BOTH {
            cosign.verify(&bed.context, &format!("{prefix}.pub")).arg(bed.image()).run().success();
        }
    }
    bed.sign("cosign").stderr_has("already signed");
    assert_eq!(bed.layers().len(), 2);
}

#[test]
fn eight_parallel_signers_lose_nothing() {
    let bed = Bed::new();
    let layout = format!("oci:{}", bed.layout("copy").display());
    let prefixes: Vec<String> = (0..8).map(|number| format!("signer{number}")).collect();
    for prefix in &prefixes {
        bed.make_key(prefix);
    }
    for image in [bed.image(), layout] {
        let start = |prefix: &String| bed.ksign(["sign", "--key", &format!("{prefix}.key"), &image]).start();
        let running: Vec<Running> = prefixes.iter().map(start).collect();
        for signer in running {
            signer.wait().success();
        }
        for prefix in &prefixes {
            let key = format!("{prefix}.pub");
            let verified = bed.ksign(["verify", "--key", &key, &image]).run().success();
            assert_eq!(verified.json().as_array().map(Vec::len), Some(1));
        }
    }
    assert_eq!(bed.layers().len(), 8);
    Cosign::Three.verify(&bed.context, "signer0.pub").arg(bed.image()).run().success();
}

#[test]
fn the_images_of_an_index_are_signed_on_demand() {
    let bed = Bed::new();
    let layout = bed.context.path("index");
    two_images(&layout);
    let digest = push(&bed.context, &layout, "latest", &bed.repository, "index");
    let image = format!("{}@{digest}", bed.repository);
    bed.ksign(["sign", "--key", "cosign.key", &image]).run().success();
    let index = bed.manifest(&digest);
    let members: Vec<String> = index["manifests"]
        .as_array()
        .expect("an index")
        .iter()
        .map(|entry| format!("{}@{}", bed.repository, entry["digest"].as_str().expect("a digest")))
        .collect();
    assert_eq!(members.len(), 2);
    let verify = |image: &str| bed.ksign(["verify", "--key", "cosign.pub", image]).run();
    verify(&image).success();
    verify(&members[0]).fails_with(30);
    let recursive = bed.ksign(["sign", "--recursive", "--key", "cosign.key", &image]).run().success();
    assert_eq!(recursive.stdout.lines().count(), 3);
    for member in std::iter::once(&image).chain(&members) {
        verify(member).success();
        for cosign in Cosign::BOTH {
            cosign.verify(&bed.context, "cosign.pub").arg(member).run().success();
        }
    }
}

#[test]
fn a_job_needs_no_arguments() {
    let bed = Bed::new();
    let layout = bed.context.path("index");
    two_images(&layout);
    push(&bed.context, &layout, "latest", &bed.repository, "index");
    let job = bed.ksign(["sign"]).env("KSIGN_KEY", "cosign.key").env("KSIGN_RECURSIVE", "true");
    let images = format!("[\"{}\", \"{}:index\"]", bed.image(), bed.repository);
    let job = job.env("KSIGN_IMAGES", images).env("KSIGN_ANNOTATIONS", "a=b,c\nd=e");
    let run = job.env("KSIGN_RECORD_FILE", "sign.json").run().success();
    assert_eq!(run.stdout.lines().count(), 4);
    let annotations = ["verify", "--key", "cosign.pub", "-a", "a=b,c", "-a", "d=e", &bed.image()];
    bed.ksign(annotations).run().success();
    assert!(bed.context.read("sign.json").contains("\"a\": \"b,c\""));
}

#[test]
fn sigterm_ends_signing_and_leaves_nothing_behind() {
    let bed = Bed::new();
    let layout = bed.layout("copy");
    let image = format!("oci:{}", layout.display());
    let signing = bed.ksign(["sign", "--key", "cosign.key", "--record", "sign.json", &image]).start();
    // From here on ksign only waits whether the signature stays.
    while !std::fs::read_to_string(layout.join("index.json")).expect("an index").contains(".sig") {
        std::thread::sleep(Duration::from_millis(2));
    }
    signing.terminate();
    signing.wait().fails_with(143).stderr_has("SIGTERM");
    assert!(!bed.context.path("sign.json").exists());
    for directory in [layout.join("blobs/sha256"), layout] {
        for entry in std::fs::read_dir(directory).expect("a directory") {
            let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
            assert!(!name.starts_with(".ktrust-"), "{name}");
        }
    }
    bed.ksign(["sign", "--key", "cosign.key", &image]).run().success().stderr_has("already signed");
}

#[test]
fn sigterm_ends_waiting_for_a_registry() {
    let bed = Bed::new();
    let silent = FaultyRegistry::start(Fault::Silence);
    let signing = bed.ksign(["sign", "--key", "cosign.key", &silent.image("app:1")]).start();
    while silent.connections() == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    signing.terminate();
    signing.wait().fails_with(143);
}

#[test]
fn a_tag_is_resolved_once_and_the_digest_is_signed_and_recorded() {
    let bed = Bed::new();
    let image = format!("{}:1", bed.repository);
    let sign = bed.ksign(["sign", "--key", "cosign.key", "-a", "a=b", "--record", "sign.json", &image]);
    let run = sign.run().success().stderr_has(&format!("is {}", bed.digest));
    assert_eq!(run.stdout.trim(), bed.image());
    let record: serde_json::Value = serde_json::from_str(&bed.context.read("sign.json")).expect("a record");
    let entry = &record["images"][0];
    assert_eq!(entry["repository"], bed.repository.as_str());
    assert_eq!(entry["digest"], bed.digest.as_str());
    assert_eq!((&entry["format"], &entry["signature"]), (&json!("legacy"), &json!(bed.tag())));
    assert_eq!(entry["annotations"], json!({"a": "b"}));
    assert!(entry["key"].as_str().is_some_and(|key| key.starts_with("sha256:")));
}
