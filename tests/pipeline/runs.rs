//! Runs of whole pipelines, and what they leave in the registry and as artifacts.

use std::collections::BTreeSet;

use ktrust_tests::Run;
use ktrust_tests::place::repository;

use crate::project::{Project, include, indented};

/// The inputs that every project here gives: base image and key are its own.
fn inputs(project: &Project, image: &str, more: &[&str]) -> Vec<String> {
    let mut inputs = vec![
        format!("image: {}", project.image(image)),
        format!("build-args: ['BASE={}', 'GREETING=Hello']", project.base()),
        format!("key: {}", project.key().display()),
        "verify-key: cosign.pub".to_owned(),
        "offline: true".to_owned(),
    ];
    inputs.extend(more.iter().map(|line| (*line).to_owned()));
    inputs
}

/// Whether gitlab-ci-local says that a job has passed.
fn passed(run: &Run, job: &str) -> bool {
    run.stdout.lines().any(|line| line.split_whitespace().eq(["PASS", job]))
}

/// Demands that everything agrees on one digest: hand-off, registry, signature, pinned manifest.
fn check_image(project: &Project, image: &str, prefix: &str, env_prefix: &str, env_file: &str, output: &str) {
    let repository = project.image(image);
    let digest = project.digest(&format!("{repository}:main"));
    let handoff = project.artifact(&format!("{prefix}build"), env_file);
    assert!(
        handoff.contains(&format!("{env_prefix}IMAGE_DIGEST={digest}\n")),
        "{digest} is not in {handoff}"
    );
    assert!(handoff.contains(&format!("{env_prefix}IMAGE_REPO={repository}\n")), "{handoff}");
    let pinned = project.artifact(&format!("{prefix}deploy"), &format!("{output}/deployment.yaml"));
    assert!(
        pinned.contains(&format!("image: {repository}:main@{digest} # pinned by the pipeline")),
        "{pinned}"
    );
    let by_digest = format!("{repository}@{digest}");
    let key = project.files().join("cosign.pub").display().to_string();
    let verify =
        ["verify", "--insecure-ignore-tlog=true", "--allow-insecure-registry", "--key", &key, &by_digest];
    project.context.tool("cosign-2").args(verify).run().success().stdout_has(&digest);
}

#[test]
fn an_image_is_built_signed_verified_and_pinned_by_one_digest() {
    let project = Project::new();
    let pipeline = format!("include:\n{}", include("pipeline", &inputs(&project, "app", &[])));
    project.commit(&pipeline, &project.image("app"));
    let run = project.run(&[]).run().success();
    for job in ["build", "sign", "deploy"] {
        assert!(passed(&run, job), "{job}: {run}");
    }
    check_image(&project, "app", "", "", "build.env", "deploy");
}

#[test]
fn two_images_of_one_project_keep_apart() {
    let project = Project::new();
    let web = ["job-prefix: web-", "env-file: web.env", "env-prefix: WEB_", "output-dir: web"];
    let api = [
        "job-prefix: api-",
        "env-file: api.env",
        "env-prefix: API_",
        "output-dir: api",
        "manifests: [api.yaml]",
    ];
    let pipeline = format!(
        "include:\n{}{}",
        include("pipeline", &inputs(&project, "web", &web)),
        include("pipeline", &inputs(&project, "api", &api))
    );
    project.context.write(
        "project/api.yaml",
        project
            .context
            .read("project/deployment.yaml")
            .replace("registry.gitlab.com/example/hello", &project.image("api")),
    );
    project.commit(&pipeline, &project.image("web"));
    project.run(&[]).run().success();
    check_image(&project, "web", "web-", "WEB_", "web.env", "web");
    let handoff = project.artifact("api-build", "api.env");
    assert!(handoff.contains(&format!("API_IMAGE_REPO={}\n", project.image("api"))), "{handoff}");
    assert!(project.artifact("api-deploy", "api/api.yaml").contains("@sha256:"));
}

#[test]
fn a_merge_request_builds_and_pushes_nothing() {
    let project = Project::new();
    let pipeline = format!("include:\n{}", include("pipeline", &inputs(&project, "app", &[])));
    project.commit(&pipeline, &project.image("app"));
    let variables = [("CI_PIPELINE_SOURCE", "merge_request_event"), ("CI_MERGE_REQUEST_IID", "7")];
    let run = project.run(&variables).run().success();
    assert!(passed(&run, "build") && !passed(&run, "sign") && !passed(&run, "deploy"), "{run}");
    assert_ne!(project.skopeo_inspect(&format!("{}:main", project.image("app"))).code(), Some(0));
    assert!(!project.registry.storage().join("docker/registry/v2/repositories/app").exists());
}

#[test]
fn an_image_signed_by_another_key_is_not_deployed() {
    let project = Project::new();
    let other = project.context.home();
    project.context.ksign().current_dir(&other).arg("generate-key-pair").run().success();
    let mut inputs = inputs(&project, "app", &[]);
    inputs[2] = format!("key: {}", other.join("cosign.key").display());
    project.commit(&format!("include:\n{}", include("pipeline", &inputs)), &project.image("app"));
    let run = project.run(&[]).run();
    assert!(passed(&run, "sign") && run.code() != Some(0), "{run}");
    assert!(run.stderr.lines().any(|line| line.starts_with("deploy") && line.contains("FAIL 30")), "{run}");
    assert!(
        !project.files().join(".gitlab-ci-local/artifacts/deploy/deploy/deployment.yaml").exists(),
        "{run}"
    );
}

#[test]
fn the_whole_pipeline_comes_as_one_file_too() {
    let project = Project::new();
    let digest = format!("@sha256:{}", "0".repeat(64));
    let images =
        ["kbuild", "ksign", "kdeploy"].map(|name| format!("{name}-image: registry.example/{name}{digest}"));
    let images: Vec<&str> = images.iter().map(String::as_str).collect();
    let given = indented(&inputs(&project, "app", &images));
    project
        .commit(&format!("include:\n  - local: component.yml\n    inputs:\n{given}"), &project.image("app"));
    project.run(&[]).run().success();
    check_image(&project, "app", "", "", "build.env", "deploy");
}

#[test]
fn ktrusts_own_pipeline_builds_signs_and_deploys_its_three_images() {
    let project = Project::new();
    let own =
        std::fs::read_to_string(repository().join(".gitlab-ci.yml")).expect("the repository has a pipeline");
    project.commit(&own, "registry.example/unused");
    let run = project.run(&[]).args(["--list-csv"]).run().success();
    let jobs: BTreeSet<&str> = run.stdout.lines().skip(1).filter_map(|line| line.split(';').next()).collect();
    for name in ["kbuild", "ksign", "kdeploy"] {
        for job in ["build", "sign", "deploy"] {
            assert!(jobs.contains(format!("{name}-{job}").as_str()), "{name}-{job}: {run}");
        }
    }
    assert!(jobs.contains("check") && jobs.contains("bootstrap"), "{run}");
}
