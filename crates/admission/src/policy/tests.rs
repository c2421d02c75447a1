//! Golden files for every engine and signer, and the properties that hold for all of them.

use std::path::Path;

use super::{PolicyKind, generate};
use crate::{Authority, Enforcement, Identity, KyvernoVersion, Pattern, PublicKeys, SignatureFormat, Trust};

const OLD_KEY: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE75VIZ4st+0W3t7XRYf0cEiA+UmNl
tV2uRQhxh6q7TQxyzTRZs0w+Nz1Cng1uBLulXrQp0QsuYhRjKQedS1tboA==
-----END PUBLIC KEY-----
";
const NEW_KEY: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEjky8BTypMQ9t3KRa8Bh3jY/S03z5
1F85gyFmRSi2f07yhrCHj4jl8rHdxIO7cjhCLxaM3LaDlK9coJtd4oKA4Q==
-----END PUBLIC KEY-----
";

fn keys() -> Authority {
    Authority::keys(PublicKeys::from_pem(NEW_KEY).unwrap().and(PublicKeys::from_pem(OLD_KEY).unwrap()))
}

fn keyless() -> Authority {
    Authority::keyless(Identity {
        subject: Pattern::regexp(
            "identity",
            r"https://gitlab\.com/shop/app//\.gitlab-ci\.yml@refs/tags/v[0-9.]+",
        )
        .unwrap(),
        issuer: Pattern::exact("issuer", "https://gitlab.com").unwrap(),
    })
}

fn trust(authority: Authority) -> Trust {
    let repositories = vec!["registry.example/shop/app".parse().unwrap(), "nginx".parse().unwrap()];
    Trust::new(repositories, authority).unwrap().named("shop-signed").unwrap()
}

fn within(authority: Authority) -> Trust {
    trust(authority).within(vec!["shop".into(), "shop-staging".into()]).unwrap()
}

fn goldens() -> Vec<(&'static str, PolicyKind, Trust, KyvernoVersion)> {
    let latest = KyvernoVersion::DEFAULT;
    vec![
        ("ivpol-key", PolicyKind::ImageValidating, within(keys()), latest),
        ("ivpol-keyless", PolicyKind::ImageValidating, trust(keyless()), latest),
        ("ivpol-key-1.18", PolicyKind::ImageValidating, trust(keys()), KyvernoVersion::new(1, 18)),
        ("clusterpolicy-key", PolicyKind::Cluster, within(keys()), latest),
        ("clusterpolicy-keyless", PolicyKind::Cluster, trust(keyless()), latest),
        ("cip-key", PolicyKind::ClusterImage, trust(keys()), latest),
        ("cip-keyless", PolicyKind::ClusterImage, trust(keyless()), latest),
        ("digest", PolicyKind::Digest, within(keys()), latest),
    ]
}

fn golden(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/policy/golden/{name}.yaml"))
}

#[test]
fn policies_are_what_was_reviewed() {
    for (name, kind, trust, version) in goldens() {
        let now = generate(kind, &trust, version).unwrap().to_yaml().unwrap();
        let reviewed = std::fs::read_to_string(golden(name)).unwrap();
        assert_eq!(now, reviewed, "{name}: look at the difference, then run the ignored test `bless`");
    }
}

#[test]
#[ignore = "rewrites the golden files"]
fn bless() {
    for (name, kind, trust, version) in goldens() {
        std::fs::write(golden(name), generate(kind, &trust, version).unwrap().to_yaml().unwrap()).unwrap();
    }
}

#[test]
fn the_yaml_says_what_the_structures_say() {
    for (name, kind, trust, version) in goldens() {
        let policy = generate(kind, &trust, version).unwrap();
        let expected: Vec<_> =
            policy.documents.iter().map(|one| serde_json::to_value(one).unwrap()).collect();
        let yaml = policy.to_yaml().unwrap();
        let read: Vec<serde_json::Value> = serde_saphyr::from_multiple(&yaml).unwrap();
        assert_eq!(read, expected, "{name}");
        assert!(!yaml.contains("annotations"), "{name}");
    }
}

#[test]
fn nothing_is_left_to_the_mercy_of_defaults() {
    for (name, kind, trust, version) in goldens() {
        let yaml = generate(kind, &trust, version).unwrap().to_yaml().unwrap();
        let demands: &[&str] = match kind {
            PolicyKind::ImageValidating => &[
                "failurePolicy: Fail",
                "timeoutSeconds: 30",
                "- Deny",
                "mutateDigest: true",
                "verifyDigest: true",
            ],
            PolicyKind::Cluster => {
                &["failurePolicy: Fail", "failureAction: Enforce", "count: 1", "required: true"]
            }
            PolicyKind::ClusterImage => &["mode: enforce"],
            PolicyKind::Digest => &["failurePolicy: Fail", "ValidatingAdmissionPolicyBinding"],
        };
        for demand in demands {
            assert!(yaml.contains(demand), "{name}: {demand}");
        }
        assert!(!yaml.contains("DELETE"), "{name}");
    }
}

#[test]
fn watching_changes_nothing() {
    let mut trust = trust(keys());
    trust.enforcement = Enforcement::Audit;
    for (kind, action) in
        [(PolicyKind::ImageValidating, "- Audit"), (PolicyKind::Cluster, "failureAction: Audit")]
    {
        let yaml = generate(kind, &trust, KyvernoVersion::DEFAULT).unwrap().to_yaml().unwrap();
        assert!(
            yaml.contains(action) && !yaml.contains("mutateDigest: true") && !yaml.contains("Deny"),
            "{yaml}"
        );
    }
}

/// Which engine cannot do what: each refusal names the engine, and nothing is generated.
#[test]
fn what_an_engine_cannot_enforce_is_refused() {
    let bundled = |authority| {
        let mut trust = trust(authority);
        trust.format = SignatureFormat::Bundle;
        trust
    };
    let logged =
        Authority::Keys { keys: PublicKeys::from_pem(NEW_KEY).unwrap(), log: Some(Authority::public_log()) };
    let new = KyvernoVersion::new;
    for (kind, trust, version, allowed) in [
        (PolicyKind::Cluster, trust(keys()), new(1, 20), false),
        (PolicyKind::Cluster, trust(keys()), new(1, 13), true),
        (PolicyKind::Cluster, trust(keys()), new(1, 12), false),
        (PolicyKind::Cluster, bundled(keys()), new(1, 18), false),
        (PolicyKind::Cluster, bundled(keys()), new(1, 19), true),
        (PolicyKind::Cluster, bundled(keyless()), new(1, 13), true),
        (PolicyKind::ImageValidating, trust(keys()), new(1, 13), false),
        (PolicyKind::ImageValidating, trust(keys()), new(1, 20), true),
        (PolicyKind::ImageValidating, bundled(keyless()), new(1, 16), false),
        (PolicyKind::ImageValidating, bundled(keyless()), new(1, 17), true),
        (PolicyKind::ImageValidating, bundled(logged.clone()), new(1, 18), false),
        (PolicyKind::ImageValidating, bundled(logged), new(1, 19), true),
        (PolicyKind::ImageValidating, bundled(keys()), new(1, 19), false),
        (PolicyKind::ClusterImage, bundled(keys()), new(1, 19), false),
        (PolicyKind::ClusterImage, bundled(keyless()), new(1, 19), true),
        (PolicyKind::ClusterImage, within(keys()), new(1, 19), false),
    ] {
        let result = generate(kind, &trust, version);
        assert_eq!(result.is_ok(), allowed, "{kind} {version} {:?}: {result:?}", trust.format);
        if let Err(error) = result {
            assert!(error.hint().is_some());
        }
    }
}

#[test]
fn api_versions_follow_kyverno() {
    for (minor, api) in [(14, "v1alpha1"), (15, "v1alpha1"), (16, "v1beta1"), (17, "v1"), (20, "v1")] {
        let policy =
            generate(PolicyKind::ImageValidating, &trust(keys()), KyvernoVersion::new(1, minor)).unwrap();
        let yaml = policy.to_yaml().unwrap();
        assert!(yaml.starts_with(&format!("apiVersion: policies.kyverno.io/{api}\n")), "1.{minor}: {yaml}");
        assert_eq!(yaml.contains("kind: ValidatingAdmissionPolicyBinding"), minor < 19);
        assert_eq!(policy.warnings.is_empty(), minor >= 19);
    }
}
