//! Keys that OpenSSL made, and what OpenSSL says of our signatures.

use std::path::Path;
use std::process::Command;

use secrecy::SecretString;

use super::PrivateKey;
use crate::{Error, ErrorKind, PublicKey, SignerKey, Verifier};

fn openssl(directory: &Path, arguments: &str) -> String {
    let output = Command::new("openssl").current_dir(directory).args(arguments.split(' ')).output().unwrap();
    assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

fn sign(key: &PrivateKey, message: &[u8]) -> Vec<u8> {
    key.sign_now(message).unwrap()
}

const ALGORITHMS: [&str; 5] = [
    "EC -pkeyopt ec_paramgen_curve:P-256",
    "EC -pkeyopt ec_paramgen_curve:P-384",
    "EC -pkeyopt ec_paramgen_curve:P-521",
    "RSA -pkeyopt rsa_keygen_bits:2048",
    "ed25519",
];

#[test]
fn signatures_agree_with_openssl_for_every_algorithm() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    std::fs::write(at.join("message"), b"a message").unwrap();
    for algorithm in ALGORITHMS {
        let pem = openssl(at, &format!("genpkey -algorithm {algorithm}"));
        std::fs::write(at.join("key"), &pem).unwrap();
        openssl(at, "pkey -in key -pubout -out pub");
        let key = PrivateKey::from_pem(&secret(&pem), None).unwrap();
        std::fs::write(at.join("sig"), sign(&key, b"a message")).unwrap();
        let raw = algorithm == "ed25519";
        let digest = if raw { "" } else { " -digest sha256" };
        openssl(at, &format!("pkeyutl -verify -pubin -inkey pub -rawin -in message -sigfile sig{digest}"));
        openssl(at, &format!("pkeyutl -sign -inkey key -rawin -in message -out sig{digest}"));
        let public = PublicKey::from_pem(&std::fs::read_to_string(at.join("pub")).unwrap()).unwrap();
        let theirs = std::fs::read(at.join("sig")).unwrap();
        public.verify(b"a message", &theirs).unwrap();
        assert!(matches!(public.verify(b"a massage", &theirs), Err(Error::WrongSignature)));
        assert_eq!(key.public_key(), &public);
        assert_eq!(public.to_pem().unwrap(), std::fs::read_to_string(at.join("pub")).unwrap());
    }
}

#[test]
fn curves_with_their_own_hash_are_accepted() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    std::fs::write(at.join("message"), b"a message").unwrap();
    for (curve, hash) in [("P-384", "sha384"), ("P-521", "sha512")] {
        let pem = openssl(at, &format!("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:{curve}"));
        std::fs::write(at.join("key"), &pem).unwrap();
        openssl(at, &format!("pkeyutl -sign -inkey key -rawin -in message -out sig -digest {hash}"));
        let key = PrivateKey::from_pem(&secret(&pem), None).unwrap();
        key.public_key().verify(b"a message", &std::fs::read(at.join("sig")).unwrap()).unwrap();
    }
}

#[test]
fn traditional_forms_are_read() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    for (make, convert) in [
        ("ecparam -name prime256v1 -genkey", None),
        ("ecparam -name secp384r1 -genkey -noout", None),
        ("ecparam -name secp521r1 -genkey -noout", None),
        ("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key", Some("rsa -in key -traditional")),
    ] {
        let made = openssl(at, make);
        let pem = convert.map_or(made, |arguments| openssl(at, arguments));
        assert!(!pem.contains("-----BEGIN PRIVATE KEY"), "{pem}");
        let key = PrivateKey::from_pem(&secret(&pem), None).unwrap();
        key.public_key().verify(b"m", &sign(&key, b"m")).unwrap();
    }
}

#[test]
fn every_algorithm_survives_the_encrypted_file() {
    let directory = tempfile::tempdir().unwrap();
    for algorithm in ALGORITHMS {
        let pem = openssl(directory.path(), &format!("genpkey -algorithm {algorithm}"));
        let key = PrivateKey::from_pem(&secret(&pem), None).unwrap();
        let file = secret(&key.to_encrypted_pem(&secret("pw")).unwrap());
        assert!(PrivateKey::is_encrypted(&file));
        let again = PrivateKey::from_pem(&file, Some(&secret("pw"))).unwrap();
        assert_eq!(again.public_key(), key.public_key());
    }
}

#[test]
fn unusable_keys_are_refused_with_the_reason() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let read = |pem: &str| PrivateKey::from_pem(&secret(pem), None).unwrap_err();
    let small = openssl(at, "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024");
    assert!(matches!(read(&small), Error::RsaSize { bits: 1024 }));
    let curve = openssl(at, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1");
    assert!(matches!(read(&curve), Error::UnsupportedKey { .. }));
    let other = openssl(at, "genpkey -algorithm X25519");
    assert!(matches!(read(&other), Error::UnsupportedKey { .. }));
    let key = PrivateKey::generate().unwrap();
    let public = key.public_key().to_pem().unwrap();
    assert!(matches!(read(&public), Error::UnexpectedLabel { .. }));
    let file = key.to_encrypted_pem(&secret("")).unwrap();
    assert_eq!(read(&file).kind(), ErrorKind::Password);
    assert!(matches!(PublicKey::from_pem(&file), Err(Error::UnexpectedLabel { .. })));
}

#[test]
fn a_key_does_not_show_itself() {
    let key = PrivateKey::generate().unwrap();
    let shown = format!("{key:?}");
    let p256 = match &key.secret {
        super::Secret::P256(key) => key.to_bytes(),
        _ => unreachable!("generated keys are P-256"),
    };
    let listed = format!("{:?}", &p256[..4]);
    assert!(!shown.contains(listed.trim_matches(['[', ']'])), "{shown}");
}

#[test]
fn signatures_in_another_form_are_malformed_not_wrong() {
    let key = PrivateKey::generate().unwrap();
    for bad in [&b""[..], b"short", &[0x30; 64]] {
        let error = key.public_key().verify(b"m", bad).unwrap_err();
        assert!(matches!(error, Error::MalformedSignature { .. }));
    }
}
