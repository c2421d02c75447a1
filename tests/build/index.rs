//! `kbuild index`: images of several jobs become one.

use ktrust_tests::Registry;
use serde_json::Value;

use crate::project::Project;

const DOCKERFILE: &str = "FROM scratch\nARG TARGETARCH\nLABEL arch=$TARGETARCH\nCOPY a /\n";

fn build(project: &Project, platform: &str, to: &str) -> String {
    let run = project.kbuild().args(["--platform", platform, "-t", to]).run().success();
    run.stdout.trim().to_owned()
}

#[test]
fn images_of_other_repositories_and_of_a_layout_are_joined() {
    let project = Project::new(DOCKERFILE).file("a", "a");
    let registry = Registry::start(&project.context);
    let amd = build(&project, "linux/amd64", &registry.image("amd:1"));
    let arm = build(&project, "linux/arm64", "oci:./arm:1");
    let (by_digest, image) = (format!("{}@{amd}", registry.image("amd")), registry.image("app:v1"));
    let run = project
        .context
        .kbuild()
        .args(["index", "-t", &image, &by_digest, "oci:./arm:1", "--annotation", "team=a"])
        .args(["--annotation", "manifest-descriptor[linux/arm64]:d=1", "--handoff", "build.env"])
        .args(["--record", "build.json", "--digest-file", "digest", "--metadata-file", "m.json"])
        .run()
        .success();
    let digest = run.stdout.trim();
    let index = project.pushed(&image);
    assert_eq!(index["annotations"]["team"], "a");
    let entries = index["manifests"].as_array().unwrap();
    assert_eq!([&entries[0]["digest"], &entries[1]["digest"]], [amd.as_str(), arm.as_str()]);
    assert_eq!(entries[1]["annotations"], serde_json::json!({"d": "1"}));
    assert_eq!(entries[1]["platform"]["architecture"], "arm64");
    for inner in [&amd, &arm] {
        let target = format!("oci:copied-{}:x", &inner[7..15]);
        let source = format!("docker://{}@{inner}", registry.image("app"));
        let skopeo = project.context.tool("skopeo");
        skopeo.args(["copy", "--src-tls-verify=false", &source, &target]).run().success();
    }
    let env = project.context.read("build.env");
    assert!(env.contains(&format!("IMAGE_DIGEST={digest}\n")), "{env}");
    assert!(env.contains("IMAGE_PLATFORMS=linux/amd64,linux/arm64\n"), "{env}");
    assert_eq!(project.context.read("digest"), digest);
    let record: Value = serde_json::from_str(&project.context.read("build.json")).unwrap();
    assert_eq!(record["images"][1]["digest"], arm.as_str());
}

#[test]
fn one_platform_twice_is_refused() {
    let project = Project::new(DOCKERFILE).file("a", "a");
    let registry = Registry::start(&project.context);
    let sources = [registry.image("app:1"), registry.image("app:2")];
    build(&project, "linux/amd64", &sources[0]);
    project.context.write("app/a", "other");
    build(&project, "linux/amd64", &sources[1]);
    let image = registry.image("app:v1");
    let run = project.context.kbuild().args(["index", "-t", &image]).args(&sources).run();
    run.fails_with(2).stderr_has("linux/amd64");
    let skopeo = project.context.tool("skopeo");
    let missing = skopeo.args(["inspect", "--tls-verify=false", &format!("docker://{image}")]).run();
    assert_ne!(missing.code(), Some(0));
}

#[test]
fn a_source_that_is_missing_and_a_note_on_what_is_built() {
    let project = Project::new(DOCKERFILE);
    let registry = Registry::start(&project.context);
    let (image, missing) = (registry.image("app:v1"), registry.image("app:none"));
    let run = project.context.kbuild().args(["index", "-t", &image, &missing]).run();
    assert_ne!(run.code(), Some(0), "{run}");
    let note =
        project.context.kbuild().args(["index", "-t", &image, &missing, "--annotation", "manifest:a=b"]);
    note.run().fails_with(2).stderr_has("manifest-descriptor");
}
