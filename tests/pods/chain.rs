//! Build, sign, deploy, each in a pod of its own image, with one directory between them.

use ktrust_tests::pod::Class;
use ktrust_tests::{Context, Registry, bases, place, tamper};

use crate::image::JobImage;

/// The variables that the component gives to the jobs.
fn variables(registry: &Registry) -> Vec<(&'static str, String)> {
    vec![
        ("KBUILD_CONTEXT", ".".into()),
        ("KBUILD_TAGS", registry.image("app:1")),
        ("KBUILD_BUILD_ARGS", format!("BASE={}", registry.image("base/busybox:1"))),
        ("KBUILD_ENV_FILE", "build.env".into()),
        ("KBUILD_RECORD_FILE", "build.json".into()),
        ("KSIGN_KEY", "/secrets/cosign.key".into()),
        ("KSIGN_PASSWORD", "battery staple".into()),
        ("KSIGN_RECORD_FILE", "sign.json".into()),
        ("KDEPLOY_KEY", "/secrets/cosign.pub".into()),
        ("KDEPLOY_MANIFESTS", "deployment.yaml".into()),
        ("KDEPLOY_OFFLINE", "true".into()),
        ("KDEPLOY_OUTPUT_DIR", "deploy".into()),
    ]
}

#[test]
fn the_chain_runs_in_pods_that_may_make_user_namespaces() {
    let context = Context::new();
    let registry = Registry::start(&context);
    let project = context.path("project");
    tamper::copy(&place::repository().join("examples/hello"), &project);
    tamper::replace(
        &project.join("deployment.yaml"),
        "registry.gitlab.com/example/hello",
        &registry.image("app"),
    );
    let base = format!("oci:{}:latest", bases::busybox(&context.path("base")).display());
    let pushed = format!("docker://{}", registry.image("base/busybox:1"));
    context.tool("skopeo").args(["copy", "--dest-tls-verify=false", &base, &pushed]).run().success();
    let secrets = context.path("secrets");
    std::fs::create_dir(&secrets).expect("a directory");
    let keys = context.ksign().current_dir(&secrets).env("KSIGN_PASSWORD", "battery staple");
    keys.arg("generate-key-pair").run().success();

    for (name, command) in [("kbuild", "kbuild build"), ("ksign", "ksign sign"), ("kdeploy", "kdeploy apply")]
    {
        let mut pod =
            JobImage::build(&context, name).pod().volume(&project, "/builds").volume(&secrets, "/secrets");
        for (variable, value) in variables(&registry) {
            pod = pod.env(variable, &value);
        }
        pod.shell(&context, Class::UserNamespaces, "/builds", command).run().success();
    }

    let handoff = context.read("project/build.env");
    let digest = handoff.lines().find_map(|line| line.strip_prefix("IMAGE_DIGEST=")).expect("a digest");
    let pinned = context.read("project/deploy/deployment.yaml");
    assert!(pinned.contains(&format!("image: {}@{digest} # pinned", registry.image("app:1"))), "{pinned}");
    let image = format!("docker://{}@{digest}", registry.image("app"));
    context.tool("skopeo").args(["inspect", "--tls-verify=false", &image]).run().success().stdout_has(digest);
}
