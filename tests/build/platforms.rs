//! Several platforms in one build, and what notes and files say of the result.

use ktrust_tests::Registry;
use serde_json::Value;

use crate::project::Project;

const DOCKERFILE: &str = "FROM --platform=$BUILDPLATFORM busybox AS tools\n\
    RUN echo made once > /made\n\
    FROM scratch\n\
    ARG TARGETARCH\n\
    ARG BUILDPLATFORM\n\
    LABEL arch=$TARGETARCH build=$BUILDPLATFORM\n\
    COPY --from=tools /made /\n";

#[test]
fn an_index_with_an_image_for_each() {
    let project = Project::new(DOCKERFILE);
    let registry = Registry::start(&project.context);
    let image = registry.image("app:v1");
    let run = project
        .kbuild()
        .args(["-t", &image, "--platform", "linux/arm64,linux/amd64", "--handoff", "build.env"])
        .args(["--metadata-file", "metadata.json", "--iidfile", "iid", "--record", "build.json"])
        .run()
        .success();
    let digest = run.stdout.trim().to_owned();
    assert_eq!(run.stderr.matches("] RUN ").count(), 1, "a stage of the build platform runs once: {run}");
    let index = project.pushed(&image);
    let platforms: Vec<_> = index["manifests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["platform"]["architecture"])
        .collect();
    assert_eq!(platforms, ["arm64", "amd64"]);
    for entry in index["manifests"].as_array().unwrap() {
        let inner = format!("docker://{}@{}", registry.image("app"), entry["digest"].as_str().unwrap());
        let skopeo = project.context.tool("skopeo");
        let config =
            skopeo.args(["inspect", "--config", "--tls-verify=false", &inner]).run().success().json();
        assert_eq!(config["architecture"], entry["platform"]["architecture"]);
        assert_eq!(config["config"]["Labels"]["arch"], entry["platform"]["architecture"]);
        assert_eq!(config["config"]["Labels"]["build"], "linux/amd64");
    }
    let env = project.context.read("build.env");
    assert!(env.contains(&format!("IMAGE_DIGEST={digest}\n")), "{env}");
    assert!(env.contains("IMAGE_PLATFORMS=linux/arm64,linux/amd64\n"), "{env}");
    assert!(env.contains("IMAGE_MEDIA_TYPE=application/vnd.oci.image.index.v1+json\n"), "{env}");
    assert_eq!(project.context.read("iid"), digest);
    let metadata: Value = serde_json::from_str(&project.context.read("metadata.json")).unwrap();
    assert_eq!(metadata["containerimage.digest"], digest.as_str());
    assert!(metadata.get("containerimage.config.digest").is_none());
    let record: Value = serde_json::from_str(&project.context.read("build.json")).unwrap();
    assert_eq!(record["images"].as_array().unwrap().len(), 2);
}

#[test]
fn archives_and_files_of_several_platforms() {
    let project = Project::new(DOCKERFILE);
    let both = ["--platform", "linux/amd64", "--platform", "linux/arm64"];
    let run = project.kbuild().args(both).args(["-o", "type=oci,dest=a.tar", "-o", "files"]);
    run.run().success();
    project.context.tool("skopeo").args(["inspect", "oci-archive:a.tar"]).run().success();
    for folder in ["linux_amd64", "linux_arm64"] {
        assert_eq!(project.context.read(format!("files/{folder}/made")), "made once\n");
    }
    let docker = project.kbuild().args(both).args(["-o", "type=docker,dest=a.tar"]);
    docker.run().fails_with(2).stderr_has("type=oci");
    let merged = project.kbuild().args(both).args(["-o", "type=local,dest=x,platform-split=false"]);
    merged.run().fails_with(2).stderr_has("platform-split");
}

#[test]
fn what_runs_is_not_run_for_another_platform() {
    let project = Project::new("FROM scratch\nRUN [\"/x\"]\n");
    let run = project.kbuild_to_layout().args(["--platform", "linux/amd64,linux/arm64"]).run();
    assert_ne!(run.code(), Some(0), "{run}");
}

#[test]
fn annotations_on_every_level() {
    let project = Project::new(DOCKERFILE);
    let registry = Registry::start(&project.context);
    let image = registry.image("app:v1");
    let notes = ["m=1", "index:i=2", "manifest[linux/arm64]:p=3", "manifest-descriptor:d=4"];
    let notes = notes.iter().flat_map(|note| ["--annotation", note]);
    let run = project.kbuild().args(["-t", &image, "--platform", "linux/amd64,linux/arm64"]).args(notes);
    run.run().success();
    let index = project.pushed(&image);
    assert_eq!(index["annotations"]["i"], "2");
    let entries = index["manifests"].as_array().unwrap();
    assert!(entries.iter().all(|entry| entry["annotations"]["d"] == "4"), "{index}");
    let inner = |number: usize| {
        project.pushed(&format!("{}@{}", registry.image("app"), entries[number]["digest"].as_str().unwrap()))
    };
    let (amd, arm) = (inner(0), inner(1));
    assert_eq!((&amd["annotations"]["m"], &arm["annotations"]["p"]), (&"1".into(), &"3".into()));
    assert!(amd["annotations"].get("p").is_none());
}

#[test]
fn the_metadata_file_has_the_keys_of_buildx() {
    let project = Project::new("FROM scratch\nCOPY a /\n").file("a", "a");
    let registry = Registry::start(&project.context);
    let image = registry.image("app:v1");
    let files = ["--metadata-file", "metadata.json", "--iidfile", "iid", "--pull"];
    let run = project.kbuild().args(["-t", &image]).args(files).run().success();
    let metadata: Value = serde_json::from_str(&project.context.read("metadata.json")).unwrap();
    assert_eq!(metadata["containerimage.digest"], run.stdout.trim());
    assert_eq!(metadata["containerimage.descriptor"]["digest"], run.stdout.trim());
    assert_eq!(metadata["containerimage.config.digest"], project.context.read("iid").as_str());
    assert_eq!(metadata["image.name"], image.as_str());
}
