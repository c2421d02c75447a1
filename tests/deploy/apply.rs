//! `kdeploy apply --offline`: what a deploy would do, as files.

use ktrust_tests::{Fault, FaultyRegistry, tamper};
use serde_json::{Value, json};

use crate::shop::Shop;

const APPLY: &str = "apply --offline --key cosign.pub -f deployment.yaml";

fn deployment(repository: &str) -> String {
    format!(
        "# kept\nkind: Deployment\nmetadata: {{name: web, namespace: shop}}\nspec:\n  template:\n    spec:\n      \
         containers:\n      - image: {repository} # the image\n"
    )
}

/// A signed shop with a manifest.
fn shop() -> Shop {
    let shop = Shop::signed();
    shop.context.write("deployment.yaml", deployment(&shop.repository()));
    shop
}

fn build_record(shop: &Shop, digest: &str, probe: &str) {
    let record = json!({
        "schema": 1, "tool": {"name": "kbuild", "version": "0"}, "repository": shop.repository(),
        "references": [format!("{}:v1", shop.repository())], "digest": digest,
        "media_type": "application/vnd.oci.image.manifest.v1+json", "config": digest,
        "platforms": ["linux/amd64"], "layers": [], "bases": [], "dockerfile": "Dockerfile", "build_args": [],
        "isolation": "namespaces", "started": "2026-01-01T00:00:00Z", "finished": "2026-01-01T00:00:01Z",
        "steps": [], "probe": {"reference": probe},
    });
    shop.context.write("build.json", record.to_string());
}

fn nothing_written(shop: &Shop) {
    assert!(!shop.context.path("deploy").exists(), "files were written");
}

#[test]
fn manifests_policy_probe_and_record() {
    let shop = shop();
    let probe = format!("{}@sha256:{}", shop.repository(), "a".repeat(64));
    build_record(&shop, &shop.digest, &probe);
    let run = shop.kdeploy(APPLY).run().success();
    assert_eq!(
        run.stdout,
        "deploy/deployment.yaml\ndeploy/policy.yaml\ndeploy/probe.yaml\ndeploy/deploy.json\n"
    );

    let pinned = format!("{}:v1@{}", shop.repository(), shop.digest);
    assert_eq!(shop.context.read("deploy/deployment.yaml"), deployment(&pinned));
    let policy = shop.context.read("deploy/policy.yaml");
    assert!(policy.contains(&format!("- glob: {}[:@]*\n", shop.repository())), "{policy}");
    let key = shop.context.read("cosign.pub");
    assert!(policy.contains(key.lines().nth(1).expect("a key has a body")), "{policy}");
    let written = shop.context.read("deploy/probe.yaml");
    assert_eq!(written.matches(&format!("image: {probe}")).count(), 2, "{written}");
    assert!(written.contains("namespace: shop"), "{written}");

    let record: Value = serde_json::from_str(&shop.context.read("deploy/deploy.json")).expect("JSON");
    assert_eq!(record["images"][0]["reference"], shop.pinned());
    assert_eq!((&record["images"][0]["verified"], &record["offline"]), (&true.into(), &true.into()));
    assert_eq!(
        record["manifests"][0]["pinned"][0],
        json!({"line": 8, "before": shop.repository(), "after": pinned})
    );
    assert_eq!((&record["probe"], &record["policy"]["kyverno"]), (&probe.into(), &"1.19".into()));
}

#[test]
fn a_job_needs_no_flags() {
    let shop = shop();
    shop.context.write("api/deployment.yaml", deployment(&shop.repository()));
    let run = shop.kdeploy("apply").env("KDEPLOY_OFFLINE", "true").env("KDEPLOY_KEY", "cosign.pub");
    let run =
        run.env("KDEPLOY_MANIFESTS", "deployment.yaml\napi/deployment.yaml").env("KDEPLOY_OUTPUT_DIR", "out");
    let run = run.env("KDEPLOY_POLICY_TYPE", "cip").env("KDEPLOY_CERTIFICATE_IDENTITY", "").run().success();
    assert!(
        run.stdout.contains("out/deployment.yaml\n") && run.stdout.contains("out/api-deployment.yaml\n"),
        "{run}"
    );
    assert!(
        run.stderr.contains("kbuild build --probe") && !shop.context.path("out/probe.yaml").exists(),
        "{run}"
    );
    assert!(shop.context.read("out/policy.yaml").contains("kind: ClusterImagePolicy"));
}

#[test]
fn an_image_from_a_layout_is_pinned_to_where_the_cluster_pulls_it() {
    let shop = Shop::new();
    shop.context.ksign().args(["sign", "--key", "cosign.key", "oci:./base"]).run().success();
    let env = shop.context.read("build.env").replace(&shop.repository(), "oci:./base");
    shop.context.write("build.env", env);
    shop.context.write("deployment.yaml", deployment("registry.example/shop/web"));
    shop.kdeploy(APPLY).run().success().stderr_has("registry.example/shop/web");
    let pinned = deployment(&format!("registry.example/shop/web:v1@{}", shop.digest));
    assert_eq!(shop.context.read("deploy/deployment.yaml"), pinned);
    let side = format!("{}      - image: busybox\n", deployment("registry.example/shop/web"));
    shop.context.write("deployment.yaml", &side);
    shop.kdeploy(APPLY).run().fails_with(2).stderr_has("--repository");
    shop.kdeploy(APPLY).args(["--repository", "registry.example/shop/web"]).run().success();
}

#[test]
fn nothing_is_written_when_anything_is_wrong() {
    let shop = Shop::new();
    shop.context.write("deployment.yaml", deployment(&shop.repository()));
    shop.kdeploy(APPLY).run().fails_with(30);
    nothing_written(&shop);
    shop.sign("cosign.key");
    shop.keys("other");
    shop.kdeploy("apply --offline --key other.pub -f deployment.yaml").run().fails_with(30);
    shop.kdeploy("apply --offline -f deployment.yaml").run().fails_with(2);
    shop.kdeploy("apply --key cosign.pub -f deployment.yaml").run().fails_with(2).stderr_has("--offline");
    shop.kdeploy(APPLY).args(["--type", "clusterpolicy", "--kyverno", "1.20"]).run().fails_with(2);
    let zeros = format!("sha256:{}", "0".repeat(64));
    shop.kdeploy(APPLY).env("IMAGE_DIGEST", &zeros).run().fails_with(22);
    // The record of another build, and a probe that is the image itself.
    build_record(&shop, &zeros, &shop.pinned());
    shop.kdeploy(APPLY).run().fails_with(22).stderr_has("build.json");
    build_record(&shop, &shop.digest, &shop.pinned());
    shop.kdeploy(APPLY).run().fails_with(22).stderr_has("probe");
    std::fs::remove_file(shop.context.path("build.json")).expect("a file");
    tamper::replace(&shop.context.path("deployment.yaml"), "shop/web", "shop/other");
    shop.kdeploy(APPLY).run().fails_with(2).stderr_has("shop/other");
    nothing_written(&shop);

    let faulty = FaultyRegistry::start(Fault::Status(403));
    let env = shop.context.read("build.env").replace(shop.registry.host(), faulty.host());
    shop.context.write("build.env", env);
    shop.kdeploy(APPLY).run().fails_with(21);
    nothing_written(&shop);
}
