//! Everything that a hostile day brings: each a clear error with its documented exit code.

use ktrust_tests::{Fault, FaultyRegistry, tamper};

use crate::project::Project;

/// The output's places stay as they were.
fn nothing_written(project: &Project) {
    for path in ["out", "build.env", "digest"] {
        assert!(!project.context.path(path).exists(), "{path} exists");
    }
}

#[test]
fn an_unknown_instruction_with_its_line_and_the_cure() {
    let project = Project::new("FROM scratch\n\nCOPPY a /\n");
    project.kbuild_to_layout().run().fails_with(2).stderr_has("Dockerfile:3").stderr_has("COPY");
    nothing_written(&project);
}

#[test]
fn no_dockerfile_and_no_context() {
    let project = Project::new("FROM scratch\n");
    project.kbuild_to_layout().args(["-f", "app/Missing"]).run().fails_with(2).stderr_has("app/Missing");
    let nowhere = project.context.kbuild().args(["build", "nowhere", "-f", "app/Dockerfile"]).run();
    nowhere.fails_with(2).stderr_has("nowhere");
    project.context.kbuild().arg("build").run().fails_with(2).stderr_has("no build context");
}

#[test]
fn what_is_not_there_yet_is_refused_with_its_line() {
    for (line, what) in [
        ("RUN --device=vendor.example/device true", "--device"),
        ("RUN --security=insecure true", "--security"),
    ] {
        let project = Project::new(&format!("FROM busybox\n{line}\n")).file("a", "a");
        project.kbuild_to_layout().run().fails_with(2).stderr_has("Dockerfile:2").stderr_has(what);
        nothing_written(&project);
    }
}

#[test]
fn a_failing_step_has_its_code_and_its_place() {
    let project = Project::new("FROM busybox\nRUN echo before && exit 7\n");
    let files = ["--handoff", "build.env", "--digest-file", "digest"];
    let run = project.kbuild_to_layout().args(files).run().fails_with(10);
    run.stderr_has("exit code 7").stderr_has("Dockerfile:2").stderr_has("before");
    nothing_written(&project);
}

#[test]
fn a_program_that_is_not_there() {
    let project = Project::new("FROM busybox\nRUN [\"/no/such\"]\n");
    project.kbuild_to_layout().run().fails_with(10).stderr_has("/no/such");
}

#[test]
fn a_mechanism_that_is_not_there() {
    let project = Project::new("FROM scratch\nLABEL a=b\n");
    project.kbuild_to_layout().args(["--isolation", "swap"]).run().fails_with(2).stderr_has("swap");
    project
        .kbuild_to_layout()
        .env("KBUILD_ISOLATION", "swap")
        .run()
        .fails_with(2)
        .stderr_has("KBUILD_ISOLATION");
    project.kbuild_to_layout().env("KBUILD_ISOLATION", "namespaces").run().success();
}

#[test]
fn an_unknown_user_of_run() {
    let project = Project::new("FROM busybox\nUSER nobody-here\nRUN true\n");
    project.kbuild_to_layout().run().stderr_has("nobody-here").stderr_has("Dockerfile:3");
}

#[test]
fn a_missing_base_image() {
    let project = Project::new("FROM scratch\n");
    let registry = ktrust_tests::Registry::start(&project.context);
    project.context.write("app/Dockerfile", format!("FROM {}\n", registry.image("no/such:1")));
    project.kbuild_to_layout().run().fails_with(11).stderr_has("Dockerfile:1").stderr_has("no/such");
    nothing_written(&project);
}

#[test]
fn a_missing_layout_as_base() {
    let project = Project::new("FROM other\nRUN true\n");
    let run = project.kbuild_to_layout().args(["--build-context", "other=oci-layout://nowhere"]).run();
    run.fails_with(11).stderr_has("nowhere");
}

#[test]
fn a_base_whose_layer_was_changed() {
    let project = Project::new("FROM busybox\nRUN true\n");
    let base = ktrust_tests::image::Image::open(&project.context.path("base"), "latest");
    tamper::flip(&tamper::blob(&project.context.path("base"), &base.layers()[0]));
    let run = project.kbuild_to_layout().run();
    assert!(
        matches!(run.code(), Some(11 | 1 | 12 | 30)) && run.code() != Some(1),
        "{:?} {}",
        run.code(),
        run.stderr
    );
    nothing_written(&project);
}

#[test]
fn an_unreadable_file_of_the_context() {
    let project = Project::new("FROM scratch\nCOPY pipe/ /x/\n");
    std::fs::create_dir(project.context.path("app/pipe")).unwrap();
    std::os::unix::fs::symlink("loop", project.context.path("app/loop")).unwrap();
    project.context.write("app/Dockerfile", "FROM scratch\nCOPY loop /x/\n");
    project.kbuild_to_layout().run().stderr_has("Dockerfile:2").stderr_has("loop");
    nothing_written(&project);
}

#[test]
fn registries_that_fail() {
    for (fault, code) in
        [(Fault::Status(500), 75), (Fault::Status(401), 20), (Fault::Status(403), 21), (Fault::Close, 75)]
    {
        let project = Project::new("FROM scratch\nLABEL a=b\n");
        let registry = FaultyRegistry::start(fault);
        let run = project.kbuild().args(["-t", &registry.image("app:1"), "--handoff", "build.env"]).run();
        run.fails_with(code).stderr_has(registry.host());
        nothing_written(&project);
    }
}

#[test]
fn nobody_listens() {
    let project = Project::new("FROM scratch\nLABEL a=b\n");
    project.kbuild().args(["-t", "127.0.0.1:1/app:1"]).run().fails_with(75).stderr_has("127.0.0.1:1");
}

#[test]
fn values_that_the_hand_off_cannot_carry_fail_before_the_build() {
    let project = Project::new("FROM scratch\nLABEL a=b\n");
    let run = project.kbuild().args(["-t", "oci:./o ut:latest", "--handoff", "build.env"]).run();
    run.fails_with(2).stderr_has("IMAGE_REF").stderr_has("o ut");
    nothing_written(&project);
}

#[test]
fn a_full_disk() {
    let project = Project::new("FROM busybox\nRUN dd if=/dev/zero of=/big bs=1M count=64\n");
    let small = project.context.path("small");
    std::fs::create_dir(&small).unwrap();
    let mount = project.context.tool("mount").args(["-t", "tmpfs", "-o", "size=24m", "tmpfs"]).arg(&small);
    mount.run().success();
    let run = project.kbuild_to_layout().arg("--work-dir").arg(small.join("work")).run();
    project.context.tool("umount").arg("-l").arg(&small).run().success();
    assert!(matches!(run.code(), Some(10 | 12)), "{:?} {}", run.code(), run.stderr);
    nothing_written(&project);
    let small = project.context.path("tiny");
    std::fs::create_dir(&small).unwrap();
    let mount = project.context.tool("mount").args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"]).arg(&small);
    mount.run().success();
    let run = project.kbuild_to_layout().arg("--work-dir").arg(small.join("work")).run();
    project.context.tool("umount").arg("-l").arg(&small).run().success();
    run.fails_with(12).stderr_has("space");
    nothing_written(&project);
}
