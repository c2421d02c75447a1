//! `kbuild push`: what a build left on disk goes to a registry, its digest unchanged.

use ktrust_tests::Registry;

use crate::project::Project;

const DOCKERFILE: &str = "FROM busybox\nRUN echo built > /built\n";

fn digest_of(project: &Project, image: &str) -> String {
    let skopeo = project.context.tool("skopeo");
    let run = skopeo.args(["inspect", "--tls-verify=false", &format!("docker://{image}")]).run().success();
    run.json()["Digest"].as_str().expect("a digest").to_owned()
}

#[test]
fn layouts_and_archives_keep_their_digest() {
    let project = Project::new(DOCKERFILE);
    let registry = Registry::start(&project.context);
    let outputs = ["type=oci,dest=oci.tar", "type=docker,dest=docker.tar", "type=oci,tar=false,dest=layout"];
    let outputs = outputs.iter().flat_map(|output| ["-o", output]);
    let tags = ["-t", "r.test/a:1", "-t", "r.test/a:2", "--no-push"];
    let built = project.kbuild().args(tags).args(outputs).run().success().stdout.trim().to_owned();
    for (number, source) in ["oci.tar", "docker.tar", "layout", "oci:./layout:2"].into_iter().enumerate() {
        let (image, other) = (registry.image(&format!("app{number}:v1")), registry.image("all:latest"));
        let run = project.context.kbuild().args(["push", source, &image, &other, "--handoff", "build.env"]);
        assert_eq!(run.run().success().stdout.trim(), built, "{source}");
        assert_eq!(digest_of(&project, &image), built, "{source}");
        assert!(project.context.read("build.env").contains(&format!("IMAGE_DIGEST={built}\n")));
    }
}

#[test]
fn an_index_is_pushed_whole() {
    let project = Project::new("FROM scratch\nCOPY a /\n").file("a", "a");
    let registry = Registry::start(&project.context);
    let both = ["--platform", "linux/amd64,linux/arm64", "-o", "type=oci,dest=a.tar"];
    let built = project.kbuild().args(both).run().success();
    let image = registry.image("app:v1");
    let run = project.context.kbuild().args(["push", "a.tar", &image, "--handoff", "build.env"]);
    assert_eq!(run.run().success().stdout.trim(), built.stdout.trim());
    assert!(project.context.read("build.env").contains("IMAGE_PLATFORMS=linux/amd64,linux/arm64\n"));
}

#[test]
fn archives_of_others() {
    let project = Project::new(DOCKERFILE);
    let registry = Registry::start(&project.context);
    project.kbuild().args(["-t", "oci:./layout:1"]).run().success();
    let copy = ["copy", "oci:layout:1", "docker-archive:saved.tar:r.test/a:1"];
    project.context.tool("skopeo").args(copy).run().success();
    let image = registry.image("app:v1");
    project.context.kbuild().args(["push", "saved.tar", &image]).run().success();
    project.context.write("again/Dockerfile", format!("FROM {image}\nRUN grep built /built\n"));
    project.context.kbuild().args(["build", "again", "-t", "oci:./again-out:1"]).run().success();
}

#[test]
fn what_is_no_image_is_refused() {
    let project = Project::new(DOCKERFILE);
    let registry = Registry::start(&project.context);
    project.context.command("tar").args(["-cf", "other.tar", "app"]).run().success();
    let image = registry.image("app:v1");
    let push = |source: &str| project.context.kbuild().args(["push", source, &image]).run();
    push("other.tar").fails_with(2).stderr_has("holds no image");
    push("missing.tar").fails_with(2).stderr_has("missing.tar");
}
