//! The same bytes twice, and readable by others.

use ktrust_tests::image::Image;

use crate::project::Project;

const DOCKERFILE: &str = "FROM busybox AS one\n\
    RUN mkdir -p /d && for n in 1 2 3 4 5 6 7 8 9; do echo $n > /d/$n; done && ln /d/1 /d/hard\n\
    FROM busybox\n\
    WORKDIR /w\n\
    COPY --from=one /d d\n\
    COPY f .\n\
    RUN touch /later\n";

#[test]
fn two_builds_of_one_commit_have_one_digest() {
    let digest = |delay: u64| {
        let project = Project::new(DOCKERFILE).file("f", "f");
        std::thread::sleep(std::time::Duration::from_millis(delay));
        let run = project.kbuild_to_layout().env("SOURCE_DATE_EPOCH", "1700000000").run().success();
        assert!(project.image().tree().values().all(|entry| entry.modified <= 1_700_000_000));
        run.stdout.trim().to_owned()
    };
    assert_eq!(digest(0), digest(1100));
}

#[test]
fn skopeo_and_podman_read_the_layout() {
    let project = Project::new(DOCKERFILE).file("f", "f");
    let image: Image = project.build();
    let skopeo = project.context.tool("skopeo").args(["inspect", "oci:out:latest"]).run().success();
    assert_eq!(skopeo.json()["Digest"], image.digest.as_str());
    let storage = project.context.path("storage");
    let podman = || {
        let podman = project.context.tool("podman").arg("--root").arg(&storage).arg("--runroot");
        podman.arg(project.context.path("run")).args([
            "--storage-driver",
            "vfs",
            "--cgroup-manager",
            "cgroupfs",
        ])
    };
    podman()
        .args(["pull", "-q", "oci:out:latest"])
        .deadline(std::time::Duration::from_mins(2))
        .run()
        .success();
    let images = podman().args(["images", "--format", "json"]).run().success().json();
    assert_eq!(images.as_array().unwrap().len(), 1, "{images}");
}
