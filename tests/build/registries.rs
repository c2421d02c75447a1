//! Pull and push against a real registry.

use ktrust_tests::{Context, Registry};

use crate::project::Project;

const DOCKERFILE: &str = "FROM busybox\nRUN echo built > /built\n";

/// Builds and pushes to `image`, and answers with what the program printed as data: the digest.
fn push(project: &Project, image: &str) -> String {
    let run = project.kbuild().args(["-t", image]).run().success();
    run.stdout.trim().to_owned()
}

#[test]
fn push_then_pull_as_a_base() {
    let project = Project::new(DOCKERFILE);
    let registry = Registry::start(&project.context);
    let image = registry.image("team/base:1");
    let digest = push(&project, &image);
    assert!(digest.starts_with("sha256:"));
    project.context.write("app/Dockerfile", format!("FROM {image}\nRUN cat /built > /copy\n"));
    project.kbuild_to_layout().run().success();
    assert_eq!(project.image().text("copy"), "built\n");
    project
        .context
        .write("app/Dockerfile", format!("FROM {}@{digest}\nLABEL a=b\n", registry.image("team/base")));
    project.kbuild_to_layout().run().success();
}

#[test]
fn skopeo_reads_what_was_pushed() {
    let project = Project::new(DOCKERFILE);
    let registry = Registry::start(&project.context);
    let image = registry.image("app:v1");
    let digest = push(&project, &image);
    let skopeo =
        project.context.tool("skopeo").args(["inspect", "--tls-verify=false", &format!("docker://{image}")]);
    assert_eq!(skopeo.run().success().json()["Digest"], digest.as_str());
}

#[test]
fn several_tags_and_places_in_one_build() {
    let project = Project::new(DOCKERFILE);
    let registry = Registry::start(&project.context);
    let tags = [registry.image("app:1"), registry.image("app:latest"), registry.image("other:x")];
    let mut run = project.kbuild();
    for tag in &tags {
        run = run.args(["-t", tag]);
    }
    let digest = run.args(["-t", "oci:./out:latest"]).run().success().stdout.trim().to_owned();
    for tag in &tags {
        let skopeo = project.context.tool("skopeo");
        let inspect =
            skopeo.args(["inspect", "--tls-verify=false", &format!("docker://{tag}")]).run().success();
        assert_eq!(inspect.json()["Digest"], digest.as_str());
    }
    assert_eq!(project.image().digest, digest);
}

#[test]
fn passwords_from_a_docker_config() {
    let mut project = Project::new(DOCKERFILE);
    let registry = Registry::with_password(&project.context);
    let image = registry.image("app:v1");
    project.kbuild().args(["-t", &image]).run().fails_with(20).stderr_has(registry.host());
    project.context.set("DOCKER_AUTH_CONFIG", registry.docker_config());
    project.kbuild().args(["-t", &image]).run().success().nowhere_has(ktrust_tests::PASSWORD);
}

#[test]
fn passwords_as_gitlab_gives_them() {
    let project = Project::new(DOCKERFILE);
    let registry = Registry::with_password(&project.context);
    let run = |password: &str| {
        project
            .kbuild()
            .env("CI_REGISTRY", registry.host())
            .env("CI_REGISTRY_IMAGE", registry.image("group/app"))
            .env("CI_REGISTRY_USER", ktrust_tests::USER)
            .env("CI_REGISTRY_PASSWORD", password)
            .env("CI_COMMIT_REF_SLUG", "main")
            .run()
    };
    run("wrong").fails_with(20).stderr_has("CI_REGISTRY_USER").nowhere_has("wrong-");
    let digest = run(ktrust_tests::PASSWORD).success().stdout.trim().to_owned();
    assert!(digest.starts_with("sha256:"));
}

#[test]
fn tls_needs_the_authority() {
    let project = Project::new(DOCKERFILE);
    let registry = Registry::with_tls(&project.context);
    let image = registry.image("app:v1");
    let refused = project.kbuild().args(["-t", &image]).run();
    assert_ne!(refused.code(), Some(0), "{}", refused.stderr);
    let authority = registry.authority().to_str().unwrap();
    project.kbuild().args(["-t", &image, "--registry-ca", authority]).run().success();
    project.kbuild().args(["-t", &image]).env("SSL_CERT_FILE", authority).run().success();
    project.kbuild().args(["-t", &image, "--skip-tls-verify-registry", registry.host()]).run().success();
}

#[test]
fn the_hand_off_names_what_the_registry_has() {
    let project = Project::new(DOCKERFILE);
    let registry = Registry::start(&project.context);
    let image = registry.image("app:v1");
    let files = ["--handoff", "build.env", "--record", "build.json", "--digest-file", "digest"];
    let run =
        project.kbuild().args(["-t", &image, "-t", &registry.image("app:v2")]).args(files).arg("--probe");
    let digest = run.run().success().stdout.trim().to_owned();
    let expected = format!(
        "KTRUST_SCHEMA=1\nIMAGE_REF={image}\nIMAGE_REPO={}\nIMAGE_DIGEST={digest}\nIMAGE_TAGS=v1,v2\n\
         IMAGE_MEDIA_TYPE=application/vnd.oci.image.manifest.v1+json\nIMAGE_PLATFORMS=linux/amd64\n",
        registry.image("app")
    );
    assert_eq!(project.context.read("build.env"), expected);
    assert_eq!(project.context.read("digest"), digest);
    let record: serde_json::Value = serde_json::from_str(&project.context.read("build.json")).unwrap();
    assert_eq!(record["digest"], digest.as_str());
    let probe = record["probe"]["reference"].as_str().unwrap();
    assert!(probe.starts_with(&registry.image("app@sha256:")) && !probe.contains(&digest), "{probe}");
    let skopeo = project.context.tool("skopeo");
    skopeo.args(["inspect", "--tls-verify=false", &format!("docker://{probe}")]).run().success();
}

#[test]
fn nothing_is_pushed_when_asked_not_to() {
    let project = Project::new(DOCKERFILE);
    let registry = Registry::start(&project.context);
    let image = registry.image("app:v1");
    project.kbuild().args(["-t", &image, "--no-push", "--handoff", "build.env"]).run().success();
    let skopeo = project.context.tool("skopeo");
    let inspect = skopeo.args(["inspect", "--tls-verify=false", &format!("docker://{image}")]).run();
    assert_ne!(inspect.code(), Some(0));
    assert!(!project.context.path("build.env").exists());
}

#[test]
fn a_base_layer_is_pushed_though_no_step_unpacked_it() {
    let project = Project::new("FROM busybox\nLABEL only=metadata\n");
    let registry = Registry::start(&project.context);
    let image = registry.image("app:v1");
    push(&project, &image);
    let context = Context::new();
    let copied = context.tool("skopeo").args([
        "copy",
        "--src-tls-verify=false",
        &format!("docker://{image}"),
        "oci:out:v1",
    ]);
    copied.run().success();
}
