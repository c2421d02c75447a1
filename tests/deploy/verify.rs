//! `kdeploy verify`: one way to pass, and every way not to.

use ktrust_tests::{Fault, FaultyRegistry, bases, tamper};

use crate::shop::Shop;

#[test]
fn a_signed_image_passes_and_is_named_by_digest() {
    let shop = Shop::signed();
    let run = shop.kdeploy("verify --key cosign.pub").run().success();
    assert_eq!(run.stdout, format!("{}\n", shop.pinned()));
    shop.kdeploy("verify").env("KDEPLOY_KEY", "cosign.pub").run().success();
    // A public key is no secret: the variable may hold it.
    shop.kdeploy("verify").env("KDEPLOY_KEY", shop.context.read("cosign.pub")).run().success();
    shop.kdeploy("verify --key env://K").env("K", shop.context.read("cosign.pub")).run().success();
    let named =
        shop.kdeploy("verify --key cosign.pub --format json").arg(format!("{}:v1", shop.repository()));
    let record = &named.run().success().json()[0];
    assert_eq!((&record["digest"], &record["verified"]), (&shop.digest.as_str().into(), &true.into()));
    assert_eq!(record["signatures"].as_array().map(Vec::len), Some(1));
}

#[test]
fn what_cosign_signed_passes() {
    let shop = Shop::new();
    let sign = ["sign", "--key", "cosign.key", "--tlog-upload=false", "-y"];
    shop.context.tool("cosign-2").args(sign).arg(shop.pinned()).run().success();
    shop.kdeploy("verify --key cosign.pub").run().success();
}

#[test]
fn an_unsigned_image_and_one_signed_by_somebody_else_do_not_pass() {
    let shop = Shop::new();
    let unsigned = shop.kdeploy("verify --key cosign.pub").run().fails_with(30);
    assert!(unsigned.stdout.is_empty() && unsigned.stderr.contains("no signatures"), "{unsigned}");

    shop.keys("other");
    shop.sign("other.key");
    let foreign = shop.kdeploy("verify --key cosign.pub").run().fails_with(30);
    assert!(foreign.stdout.is_empty() && foreign.stderr.contains("another key"), "{foreign}");
    // While a key is being replaced, both are trusted.
    shop.kdeploy("verify --key cosign.pub --key other.pub").run().success();
}

#[test]
fn a_signature_of_another_image_does_not_count() {
    let shop = Shop::signed();
    let base = shop.context.path("other");
    let mut layer = bases::Layer::default();
    layer.file("evil", 0o755, b"evil");
    std::fs::create_dir_all(&base).expect("a directory");
    let digest = bases::write(&base, layer, &serde_json::json!({}));
    let from = format!("oci:{}:latest", base.display());
    let copy = |from: String, to: String| {
        let flags = ["copy", "--preserve-digests", "--src-tls-verify=false", "--dest-tls-verify=false"];
        shop.context.tool("skopeo").args(flags).args([from, to]).run().success();
    };
    copy(from, format!("docker://{}:v2", shop.repository()));
    let tag = |digest: &str| format!("docker://{}:{}.sig", shop.repository(), digest.replace(':', "-"));
    copy(tag(&shop.digest), tag(&digest));
    shop.hand_on(&digest);
    shop.kdeploy("verify --key cosign.pub").run().fails_with(30).stderr_has("it signs");
}

#[test]
fn nobody_named_is_nobody_trusted() {
    let shop = Shop::signed();
    shop.kdeploy("verify").run().fails_with(2).stderr_has("--key");
    shop.kdeploy("verify --key missing.pub").run().fails_with(2).stderr_has("missing.pub");
    shop.kdeploy("verify --key env://UNSET").run().fails_with(2).stderr_has("UNSET");
    // A private key is no public key, and its content is not shown.
    let secret = shop.context.read("cosign.key");
    let line = secret.lines().nth(1).expect("a body").to_owned();
    shop.kdeploy("verify --key cosign.key").run().fails_with(2).stderr_has("private key").nowhere_has(&line);
    shop.kdeploy("verify --certificate-identity x").run().fails_with(2).stderr_has("issuer");
    let identity = "verify --certificate-identity https://h/p --certificate-oidc-issuer https://h";
    shop.kdeploy(identity).run().fails_with(2).stderr_has("not there yet");
}

#[test]
fn file_variable_and_registry_must_agree() {
    let shop = Shop::signed();
    let zeros = format!("sha256:{}", "0".repeat(64));
    let verify = || shop.kdeploy("verify --key cosign.pub");
    verify().env("IMAGE_DIGEST", &shop.digest).run().success();
    verify().env("IMAGE_DIGEST", &zeros).run().fails_with(22).stderr_has("IMAGE_DIGEST");
    verify().env("IMAGE_REPO", "docker.io/library/evil").run().fails_with(22);

    shop.hand_on(&zeros);
    verify().run().fails_with(22).stderr_has(&zeros);
    shop.hand_on("latest");
    verify().run().fails_with(22).stderr_has("no digest");
    shop.hand_on(&shop.digest);
    tamper::replace(&shop.context.path("build.env"), "image.manifest", "image.index");
    verify().run().fails_with(22).stderr_has("image.index");
    shop.context.write("build.env", "IMAGE_REF='x'\n");
    verify().run().fails_with(22).stderr_has("build.env");
    std::fs::remove_file(shop.context.path("build.env")).expect("a file");
    verify().run().fails_with(2).stderr_has("build.env");
}

#[test]
fn a_registry_that_fails_is_no_proof_of_anything() {
    let shop = Shop::signed();
    for (fault, code) in [(Fault::Status(401), 20), (Fault::Status(403), 21), (Fault::Status(404), 11)] {
        let faulty = FaultyRegistry::start(fault);
        let image = format!("{}@{}", faulty.image("shop/web"), shop.digest);
        let run = shop.kdeploy("verify --key cosign.pub").arg(image).run().fails_with(code);
        assert!(run.stdout.is_empty(), "{run}");
    }
}

#[test]
fn a_layout_is_read_to_the_last_layer() {
    let shop = Shop::new();
    shop.context.ksign().args(["sign", "--key", "cosign.key", "oci:./base"]).run().success();
    let run = shop.kdeploy("verify --key cosign.pub oci:./base").run().success();
    assert_eq!(run.stdout, format!("oci:./base@{}\n", shop.digest));
    let manifest = tamper::blob(&shop.context.path("base"), &shop.digest);
    let manifest: serde_json::Value =
        serde_json::from_slice(&std::fs::read(manifest).expect("a manifest")).expect("JSON");
    let layer = manifest["layers"][0]["digest"].as_str().expect("a layer");
    tamper::flip(&tamper::blob(&shop.context.path("base"), layer));
    let run =
        shop.kdeploy("verify --key cosign.pub oci:./base").run().fails_with(30).stderr_has("was changed");
    assert!(run.stdout.is_empty(), "{run}");
}

#[test]
fn a_report_for_the_tests_tab() {
    let shop = Shop::new();
    shop.kdeploy("verify --key cosign.pub --report-junit junit.xml").run().fails_with(30);
    let report = shop.context.read("junit.xml");
    assert!(report.contains("failures=\"1\"") && report.contains(&shop.pinned()), "{report}");
    shop.sign("cosign.key");
    shop.kdeploy("verify --key cosign.pub --report-junit junit.xml").run().success();
    assert!(shop.context.read("junit.xml").contains("failures=\"0\""));
}
