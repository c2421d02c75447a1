//! `kdeploy policy generate`: each engine and signer, and what is refused.

use ktrust_tests::{Context, Run};
use serde_json::Value;

fn context() -> Context {
    let mut context = Context::new();
    context.set("COSIGN_PASSWORD", "");
    context.ksign().args(["generate-key-pair"]).run().success();
    context
}

const KEY: &str = "--key cosign.pub";
const IDENTITY: &str = "--certificate-identity https://gitlab.com/shop/web//.gitlab-ci.yml@refs/heads/main \
                        --certificate-oidc-issuer https://gitlab.com";

fn generate(context: &Context, line: &str) -> Run {
    let line = format!("policy generate --repository registry.example/shop/web {line}");
    context.kdeploy().args(line.split_whitespace()).run()
}

fn documents(run: &Run) -> Vec<Value> {
    serde_saphyr::from_multiple(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run}"))
}

#[test]
fn every_engine_with_a_key_and_with_an_identity() {
    let context = context();
    let key: String = context.read("cosign.pub");
    for (kind, name, key_at) in [
        ("ivpol", "ImageValidatingPolicy", "/spec/attestors/0/cosign/key/data"),
        (
            "clusterpolicy",
            "ClusterPolicy",
            "/spec/rules/0/verifyImages/0/attestors/0/entries/0/keys/publicKeys",
        ),
        ("cip", "ClusterImagePolicy", "/spec/authorities/0/key/data"),
    ] {
        let run = generate(&context, &format!("{KEY} --type {kind}")).success();
        let policy = &documents(&run)[0];
        assert_eq!(
            (policy["kind"].as_str(), policy.pointer(key_at).and_then(Value::as_str)),
            (Some(name), Some(&*key))
        );
        let run = generate(&context, &format!("{IDENTITY} --type {kind}")).success();
        assert!(
            run.stdout.contains("subject: https://gitlab.com/shop/web//.gitlab-ci.yml@refs/heads/main"),
            "{run}"
        );
        assert!(
            run.stdout.contains("issuer: https://gitlab.com\n")
                && documents(&run)[0].pointer(key_at).is_none()
        );
    }
}

#[test]
fn variables_and_files() {
    let context = context();
    let run = context
        .kdeploy()
        .args("policy generate --repository nginx -o policy.yaml --policy-name shop".split(' '))
        .env("KDEPLOY_KEY", "cosign.pub")
        .env("KDEPLOY_POLICY_TYPE", "clusterpolicy")
        .env("KDEPLOY_KYVERNO", "1.15");
    assert!(run.run().success().stdout.is_empty());
    let policy = context.read("policy.yaml");
    assert!(policy.contains("kind: ClusterPolicy\n") && policy.contains("name: shop\n"), "{policy}");
    assert!(
        policy.contains("- docker.io/nginx@*\n") && policy.contains("- docker.io/library/nginx@*\n"),
        "{policy}"
    );
}

#[test]
fn what_would_not_protect_is_refused() {
    let context = context();
    for (line, words) in [
        ("", "--key"),
        (&*format!("{KEY} --type clusterpolicy --kyverno 1.20"), "does not execute"),
        (&*format!("{KEY} --type ivpol --kyverno 1.12"), "has no ImageValidatingPolicy"),
        (&*format!("{KEY} --signature-format bundle"), "17363"),
        (&*format!("{KEY} {IDENTITY}"), "a key and an identity"),
        ("--certificate-identity-regexp .* --certificate-oidc-issuer https://gitlab.com", "anybody"),
        (
            "--certificate-identity-regexp a)|(b --certificate-oidc-issuer https://gitlab.com",
            "regular expression",
        ),
        (&*format!("{KEY} --repository nginx:*"), "tag"),
        (&*format!("{KEY} --type kyverno"), "ivpol"),
    ] {
        let run = generate(&context, line).fails_with(2).stderr_has(words);
        assert!(run.stdout.is_empty(), "{run}");
    }
}
