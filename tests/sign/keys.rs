//! Key files across tools.

use std::os::unix::fs::PermissionsExt as _;

use crate::bed::{Bed, Cosign, PASSWORD};

#[test]
fn keys_of_cosign_are_read() {
    let bed = Bed::new();
    for (cosign, prefix) in [(Cosign::Two, "two"), (Cosign::Three, "three")] {
        let make = cosign.run(&bed.context).args(["generate-key-pair", "--output-key-prefix", prefix]);
        make.run().success();
        bed.sign(prefix);
        bed.verify(prefix).success();
        cosign.verify(&bed.context, &format!("{prefix}.pub")).arg(bed.image()).run().success();
    }
}

#[test]
fn keys_of_ksign_are_read_by_cosign() {
    let bed = Bed::new();
    for cosign in Cosign::BOTH {
        let public = cosign.run(&bed.context).args(["public-key", "--key", "cosign.key"]).run().success();
        assert_eq!(public.stdout.trim(), bed.context.read("cosign.pub").trim());
    }
    let mode = |name: &str| bed.context.path(name).metadata().expect("a key").permissions().mode() & 0o777;
    assert_eq!((mode("cosign.key"), mode("cosign.pub")), (0o600, 0o644));
    assert!(bed.context.read("cosign.key").starts_with("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n"));
}

#[test]
fn plain_keys_of_every_algorithm_sign_for_cosign() {
    let bed = Bed::new();
    for (name, algorithm) in [
        ("p256", "EC -pkeyopt ec_paramgen_curve:P-256"),
        ("p384", "EC -pkeyopt ec_paramgen_curve:P-384"),
        ("p521", "EC -pkeyopt ec_paramgen_curve:P-521"),
        ("rsa", "RSA -pkeyopt rsa_keygen_bits:2048"),
        ("ed25519", "ED25519"),
    ] {
        let openssl = |arguments: String| {
            bed.context.tool("openssl").args(arguments.split(' ')).run().success();
        };
        openssl(format!("genpkey -algorithm {algorithm} -out {name}.key"));
        openssl(format!("pkey -in {name}.key -pubout -out {name}.pub"));
        bed.sign(name);
        bed.verify(name).success();
        for cosign in Cosign::BOTH {
            cosign.verify(&bed.context, &format!("{name}.pub")).arg(bed.image()).run().success();
        }
    }
}

/// For images cosign 3 signs with the pre-hashed form, which neither generation verifies; cosign 2 signs
/// with the plain one, as ksign does. ksign verifies both.
#[test]
fn both_forms_of_ed25519_are_verified() {
    for cosign in Cosign::BOTH {
        let bed = Bed::new();
        let make = ["genpkey", "-algorithm", "ED25519", "-out", "plain.pem"];
        bed.context.tool("openssl").args(make).run().success();
        let import = ["import-key-pair", "--key", "plain.pem", "--output-key-prefix", "ed25519"];
        cosign.run(&bed.context).args(import).run().success();
        cosign.sign(&bed.context, "ed25519.key").arg(bed.image()).run().success();
        bed.verify("ed25519").success();
        bed.sign("ed25519").stderr_has("already signed");
    }
}

#[test]
fn keys_come_through_variables_too() {
    let bed = Bed::new();
    let key = bed.context.read("cosign.key");
    let file = bed.context.path("cosign.key");
    for value in [key.as_str(), file.to_str().expect("a path")] {
        let sign = bed.ksign(["sign", "--key", "env://KEY", &bed.image()]).env("KEY", value);
        sign.run().success();
    }
    let public = bed.context.read("cosign.pub");
    let verify = bed.ksign(["verify", "--key", "env://PUBLIC", &bed.image()]).env("PUBLIC", public);
    verify.run().success();
    let by_variable = bed.ksign(["sign", &bed.image()]).env("KSIGN_KEY", "cosign.key");
    by_variable.run().success().stderr_has("already signed");
}

#[test]
fn passwords_are_demanded_never_asked_for_and_never_shown() {
    let bed = Bed::new();
    let sign = || bed.context.ksign().args(["sign", "--key", "cosign.key", &bed.image()]);
    sign().run().fails_with(2).stderr_has("hint: set `COSIGN_PASSWORD`");
    // cosign reads a password from standard input where there is no terminal; ksign does not.
    sign().stdin(PASSWORD).run().fails_with(2);
    sign().env("COSIGN_PASSWORD", "wrong one").run().fails_with(2).nowhere_has("wrong one");
    sign().env("COSIGN_PASSWORD", "x").env("KSIGN_PASSWORD", PASSWORD).run().success().nowhere_has(PASSWORD);
    let generate =
        |prefix: &str| bed.context.ksign().args(["generate-key-pair", "--output-key-prefix", prefix]);
    generate("new").run().fails_with(2).stderr_has("COSIGN_PASSWORD");
    assert!(!bed.context.path("new.key").exists());
    generate("empty").env("COSIGN_PASSWORD", "").run().success();
    let signed = bed.context.ksign().args(["sign", "--key", "empty.key", &bed.image()]);
    signed.env("COSIGN_PASSWORD", "").run().success();
}

#[test]
fn key_files_are_not_overwritten() {
    let bed = Bed::new();
    let before = bed.context.read("cosign.key");
    bed.ksign(["generate-key-pair"]).run().fails_with(2).stderr_has("not overwritten");
    std::fs::remove_file(bed.context.path("cosign.pub")).expect("a file");
    bed.ksign(["generate-key-pair"]).run().fails_with(2).stderr_has("cosign.key");
    assert_eq!(bed.context.read("cosign.key"), before);
    assert!(!bed.context.path("cosign.pub").exists());
}
