//! What must not pass, with the exit code that says why.

use ktrust_tests::{Context, Fault, FaultyRegistry, Registry, tamper};

use crate::bed::{Bed, push, set_only_entry, small_image};

#[test]
fn an_unsigned_image() {
    let bed = Bed::new();
    bed.verify("cosign").fails_with(30).stderr_has("no signatures");
}

#[test]
fn a_signature_by_somebody_else() {
    let bed = Bed::new();
    bed.make_key("other");
    bed.sign("cosign");
    let run = bed.verify("other").fails_with(30).stderr_has("another key").stderr_has("--key");
    assert_eq!(run.stdout, "");
    let either = bed.ksign(["verify", "--key", "other.pub", "--key", "cosign.pub", &bed.image()]);
    either.run().success();
}

#[test]
fn a_signature_that_was_changed() {
    let bed = Bed::new();
    bed.sign("cosign");
    let layout = bed.context.path("signatures");
    let copy = |from: &str, to: &str| {
        let run = bed.skopeo(["copy", "--src-tls-verify=false", "--dest-tls-verify=false", from, to]);
        run.run().success();
    };
    let remote = format!("docker://{}:{}", bed.repository, bed.tag());
    copy(&remote, &format!("oci:{}:s", layout.display()));
    let mut manifest = bed.manifest(&bed.tag());
    let annotation = &mut manifest["layers"][0]["annotations"]["dev.cosignproject.cosign/signature"];
    // Another valid base64 text of the same length, another number in the signature.
    let changed: String = annotation
        .as_str()
        .expect("a signature")
        .chars()
        .enumerate()
        .map(|(at, letter)| if at == 20 { if letter == 'A' { 'B' } else { 'A' } } else { letter })
        .collect();
    *annotation = changed.into();
    set_only_entry(&layout, "application/vnd.oci.image.manifest.v1+json", &manifest.to_string());
    copy(&format!("oci:{}:latest", layout.display()), &remote);
    bed.verify("cosign").fails_with(30).stderr_has("rejected");
}

#[test]
fn a_signature_of_another_image() {
    let bed = Bed::new();
    bed.sign("cosign");
    let other = bed.context.path("other");
    small_image(&other, "other");
    let digest = push(&bed.context, &other, "latest", &bed.repository, "other");
    let tag = format!("{}.sig", digest.replace(':', "-"));
    let from = format!("docker://{}:{}", bed.repository, bed.tag());
    let to = format!("docker://{}:{tag}", bed.repository);
    bed.skopeo(["copy", "--src-tls-verify=false", "--dest-tls-verify=false", &from, &to]).run().success();
    let image = format!("{}@{digest}", bed.repository);
    bed.ksign(["verify", "--key", "cosign.pub", &image])
        .run()
        .fails_with(30)
        .stderr_has(&format!("it signs {}", bed.digest));
}

#[test]
fn a_tag_that_holds_something_else() {
    let bed = Bed::new();
    push(&bed.context, &bed.context.path("base"), "latest", &bed.repository, &bed.tag());
    bed.verify("cosign").fails_with(30).stderr_has("rejected");
}

#[test]
fn a_changed_copy_on_disk() {
    let bed = Bed::new();
    let layout = bed.layout("copy");
    let image = format!("oci:{}:latest", layout.display());
    bed.ksign(["sign", "--key", "cosign.key", &image]).run().success();
    let verify = || bed.ksign(["verify", "--key", "cosign.pub", &image]).run();
    verify().success();
    let layer = bed.manifest(&bed.digest)["layers"][0]["digest"].as_str().expect("a layer").to_owned();
    for blob in [layer, bed.digest.clone()] {
        let blob = tamper::blob(&layout, &blob);
        let before = std::fs::read(&blob).expect("a blob");
        tamper::flip(&blob);
        verify().fails_with(30).stderr_has("changed");
        std::fs::write(&blob, before).expect("a blob");
        verify().success();
    }
}

#[test]
fn an_image_that_is_not_there() {
    let bed = Bed::new();
    let image = format!("{}:none", bed.repository);
    bed.ksign(["verify", "--key", "cosign.pub", &image]).run().fails_with(11);
    bed.ksign(["sign", "--key", "cosign.key", &image]).run().fails_with(11);
    bed.ksign(["verify", "--key", "cosign.pub", "oci:./nowhere"]).run().fails_with(2);
}

#[test]
fn a_registry_that_does_not_let_us_in() {
    let context = Context::new();
    let registry = Registry::with_password(&context);
    let generate = context.ksign().args(["generate-key-pair"]).env("COSIGN_PASSWORD", "");
    generate.run().success();
    let image = registry.image("app:1");
    let verify = context.ksign().args(["verify", "--key", "cosign.pub", &image]);
    verify.run().fails_with(20);
}

#[test]
fn a_registry_that_is_down_is_no_proof() {
    let context = Context::new();
    let faulty = FaultyRegistry::start(Fault::Status(500));
    context.ksign().args(["generate-key-pair"]).env("COSIGN_PASSWORD", "").run().success();
    let image = faulty.image("app:1");
    let verify = context.ksign().args(["verify", "--key", "cosign.pub", &image]);
    verify.run().fails_with(75);
}

#[test]
fn what_is_not_there_yet_is_said() {
    let bed = Bed::new();
    for flag in ["--certificate-identity", "--certificate-oidc-issuer", "--bundle", "--trusted-root"] {
        let run = bed.ksign(["verify", "--key", "cosign.pub", flag, "x", &bed.image()]).run();
        run.fails_with(2).stderr_has(flag).stderr_has("not supported yet").stderr_has("hint:");
    }
    let logged = bed.ksign(["sign", "--key", "cosign.key", "--tlog-upload=true", &bed.image()]);
    logged.run().fails_with(2).stderr_has("--tlog-upload");
    bed.ksign(["sign", &bed.image()]).run().fails_with(2).stderr_has("no key to sign with");
    bed.ksign(["verify", &bed.image()]).run().fails_with(2).stderr_has("no key to verify with");
    bed.ksign(["sign", "--key", "awskms:///x", &bed.image()]).run().fails_with(2).stderr_has("awskms");
    bed.ksign(["sign", "--key", "missing.key", &bed.image()]).run().fails_with(2);
    bed.ksign(["sign", "--key", "cosign.pub", &bed.image()]).run().fails_with(2).stderr_has("cosign.key");
    bed.ksign(["sign", "--key", "cosign.key"]).run().fails_with(2).stderr_has("no image named");
}
