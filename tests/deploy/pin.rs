//! `kdeploy pin`: needs no registry, changes image values and nothing else.

use ktrust_tests::Context;

const DIGEST: &str = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

const MANIFEST: &str = "\
# The shop's front.   Two spaces, a tab\there.
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      containers:
      - name: web
        image: \"registry.example/shop/web:v1\"   # pinned by the pipeline
      - name: side
        image: registry.example/other:1
";

fn context() -> Context {
    let context = Context::new();
    let repository = "registry.example/shop/web";
    context.write(
        "build.env",
        format!(
            "KTRUST_SCHEMA=1\nIMAGE_REF={repository}:v2\nIMAGE_REPO={repository}\nIMAGE_DIGEST={DIGEST}\n\
             IMAGE_TAGS=v2,latest\nIMAGE_MEDIA_TYPE=application/vnd.oci.image.manifest.v1+json\n\
             IMAGE_PLATFORMS=linux/amd64\n"
        ),
    );
    context.write("deployment.yaml", MANIFEST);
    context
}

fn expected() -> String {
    MANIFEST.replace("shop/web:v1", &format!("shop/web:v2@{DIGEST}"))
}

#[test]
fn to_standard_output_to_a_file_or_in_place() {
    let context = context();
    let run = context.kdeploy().args(["pin", "-f", "deployment.yaml"]).run().success();
    assert_eq!(run.stdout, expected());
    let run = run.stderr_has("deployment.yaml:10: registry.example/shop/web:v1");
    let run = run.stderr_has("deployment.yaml:12: `registry.example/other:1` is not named by digest");
    drop(run);
    assert_eq!(context.read("deployment.yaml"), MANIFEST);

    context.kdeploy().args(["pin", "-f", "deployment.yaml", "-o", "out.yaml"]).run().success();
    assert_eq!(context.read("out.yaml"), expected());
    let piped = context.kdeploy().args(["pin", "-f", "-"]).stdin(MANIFEST).run().success();
    assert_eq!(piped.stdout, expected());
    context.kdeploy().args(["pin", "--in-place", "-f", "deployment.yaml"]).run().success();
    assert_eq!(context.read("deployment.yaml"), expected());
}

#[test]
fn several_manifests_become_one_stream() {
    let context = context();
    context.write("service.yaml", "kind: Service");
    let run = context.kdeploy().args(["pin", "-f", "service.yaml", "-f", "deployment.yaml"]).run().success();
    assert_eq!(run.stdout, format!("kind: Service\n---\n{}", expected()));
}

#[test]
fn a_name_stands_for_an_image() {
    let context = context();
    context.write("pod.yaml", "kind: Pod\nspec:\n  containers:\n  - image: web\n");
    let image = format!("web=registry.example/shop/web@{DIGEST}");
    let run = context.kdeploy().args(["pin", "-f", "pod.yaml", "--image", &image]).run().success();
    assert!(run.stdout.ends_with(&format!("- image: registry.example/shop/web@{DIGEST}\n")), "{run}");
    let tag = ["pin", "-f", "pod.yaml", "--image", "web=registry.example/shop/web:v2"];
    context.kdeploy().args(tag).run().fails_with(2).stderr_has("digest");
}

#[test]
fn nothing_is_written_unless_everything_fits() {
    let context = context();
    let pod = |image: &str| format!("kind: Pod\nspec:\n  containers:\n  - image: {image}\n");
    for (manifest, words) in [
        (pod("registry.example/shop/webs:v1"), "m.yaml:4: registry.example/shop/webs:v1"),
        (pod("$IMAGE"), "m.yaml:4: $IMAGE"),
        (pod("|-\n      registry.example/shop/web"), "m.yaml:5: "),
        ("kind: Pod\nspec: {".to_owned(), "m.yaml:"),
        ("kind: Service\n".to_owned(), "no container at all"),
    ] {
        context.write("m.yaml", &manifest);
        let run = context.kdeploy().args(["pin", "--in-place", "-f", "m.yaml"]).run().fails_with(2);
        let run = run.stderr_has(words);
        assert!(run.stdout.is_empty(), "{run}");
        assert_eq!(context.read("m.yaml"), manifest);
    }
    context.kdeploy().arg("pin").run().fails_with(2).stderr_has("-f");
    context.kdeploy().args(["pin", "-f", "gone.yaml"]).run().fails_with(2).stderr_has("gone.yaml");
    context.kdeploy().args(["pin", "-f", "-", "--in-place"]).run().fails_with(2);
}
