//! Where the result goes: `--output` of every type.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::process::Command;

use ktrust_tests::{Registry, tools::tool};

use crate::project::Project;

const DOCKERFILE: &str = "FROM busybox\n\
    RUN echo built > /built && ln /built /hard && ln -s built /soft && mkdir -m 1777 /sticky && \
        echo x > /owned && chown 1000:2000 /owned && chmod 4711 /owned && rm -r /home\n";

fn listed(project: &Project, archive: &str) -> Vec<String> {
    let run = project.context.command("tar").args(["-tvf", archive, "--numeric-owner"]).run().success();
    run.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn one_build_goes_to_many_places_and_has_one_digest() {
    let project = Project::new(DOCKERFILE);
    let registry = Registry::start(&project.context);
    let image = registry.image("app:v1");
    let run = project
        .kbuild()
        .args(["-t", &image, "--push", "-o", "type=oci,dest=oci.tar"])
        .args(["-o", "type=docker,dest=new/docker.tar", "-o", "type=oci,tar=false,dest=layout"])
        .args(["-o", "type=tar,dest=root.tar", "-o", "files"]);
    let digest = run.run().success().stdout.trim().to_owned();
    for source in ["oci-archive:oci.tar", "oci:layout:v1"] {
        let inspected = project.context.tool("skopeo").args(["inspect", source]).run().success();
        assert_eq!(inspected.json()["Digest"], digest.as_str(), "{source}");
    }
    let pushed = format!("docker://{image}");
    let skopeo = project.context.tool("skopeo").args(["inspect", "--tls-verify=false", &pushed]);
    assert_eq!(skopeo.run().success().json()["Digest"], digest.as_str());
    project.context.tool("skopeo").args(["inspect", "docker-archive:new/docker.tar"]).run().success();
    let list = project.context.command("tar").args(["-xOf", "new/docker.tar", "manifest.json"]);
    assert_eq!(list.run().success().json()[0]["RepoTags"][0], image.as_str());
    assert_eq!(project.context.read("files/built"), "built\n");
    assert!(listed(&project, "root.tar").iter().any(|line| line.ends_with(" built")));
}

#[test]
fn podman_loads_the_docker_archive() {
    let project = Project::new(DOCKERFILE);
    project.kbuild().args(["-t", "r.test/app:1", "-o", "type=docker,dest=a.tar"]).run().success();
    let (storage, run) = (project.context.path("storage"), project.context.path("run"));
    let podman = || {
        let podman = project.context.tool("podman").arg("--root").arg(&storage).arg("--runroot").arg(&run);
        podman.args(["--storage-driver", "vfs", "--cgroup-manager", "cgroupfs"])
    };
    podman().args(["load", "-i", "a.tar"]).run().success().stdout_has("r.test/app:1");
    let names = podman().args(["images", "--format", "{{.Repository}}:{{.Tag}}"]).run().success();
    assert_eq!(names.stdout.trim(), "r.test/app:1");
}

#[test]
fn tags_only_name_the_image_where_there_is_an_output() {
    let project = Project::new(DOCKERFILE);
    let registry = Registry::start(&project.context);
    let image = registry.image("app:v1");
    let run = project.kbuild().args(["-t", &image, "-o", "type=oci,dest=a.tar"]).run().success();
    run.stderr_has("pushed nothing");
    let inspect = ["inspect", "--tls-verify=false", &format!("docker://{image}")];
    assert_ne!(project.context.tool("skopeo").args(inspect).run().code(), Some(0));
    project.kbuild().args(["-t", &image, "-o", "type=registry"]).run().success();
    project.context.tool("skopeo").args(inspect).run().success();
}

#[test]
fn by_digest_there_is_no_tag() {
    let project = Project::new(DOCKERFILE);
    let registry = Registry::start(&project.context);
    let spec = format!("type=image,name={},push=true,push-by-digest=true", registry.image("app"));
    let run = project.kbuild().args(["-o", &spec, "--handoff", "build.env"]).run().success();
    let digest = run.stdout.trim();
    let env = project.context.read("build.env");
    assert!(env.contains(&format!("IMAGE_REF={}@{digest}\n", registry.image("app"))), "{env}");
    let skopeo = project.context.tool("skopeo");
    let image = format!("docker://{}@{digest}", registry.image("app"));
    skopeo.args(["inspect", "--raw", "--tls-verify=false", &image]).run().success();
}

#[test]
fn the_root_file_system_on_standard_output() {
    let project = Project::new(DOCKERFILE);
    let shell = format!(
        "'{}' build app --build-context busybox=oci-layout://{} -o - > root.tar",
        ktrust_tests::place::program("kbuild").display(),
        project.context.path("base").display()
    );
    project.context.command("sh").args(["-c", &shell]).run().success();
    let lines = listed(&project, "root.tar");
    let has = |start: &str, end: &str| {
        assert!(lines.iter().any(|line| line.starts_with(start) && line.ends_with(end)), "{end}: {lines:?}");
    };
    has("-rws--x--x 1000/2000", " owned");
    has("l", " soft -> built");
    has("h", " hard link to built");
    has("drwxrwxrwt 0/0", " sticky/");
    assert!(!lines.iter().any(|line| line.ends_with(" home/")), "{lines:?}");
}

#[test]
fn files_replace_files_and_belong_to_the_builder() {
    let project = Project::new(DOCKERFILE);
    project.context.write("files/built", "old");
    project.context.write("files/mine", "mine");
    std::os::unix::fs::symlink("/etc", project.context.path("files/sticky")).unwrap();
    project.kbuild().args(["-o", "type=local,dest=files"]).run().success();
    assert_eq!(project.context.read("files/built"), "built\n");
    assert_eq!(project.context.read("files/mine"), "mine");
    let owned = std::fs::metadata(project.context.path("files/owned")).unwrap();
    let me = std::fs::metadata(project.context.path("files/mine")).unwrap();
    assert_eq!((owned.uid(), owned.permissions().mode() & 0o7777), (me.uid(), 0o4711));
    assert!(std::fs::symlink_metadata(project.context.path("files/sticky")).unwrap().is_dir());
    let left = std::fs::read_dir(project.context.path("files")).unwrap();
    assert!(left.flatten().all(|entry| !entry.file_name().to_string_lossy().starts_with(".ktrust")));
}

#[test]
fn a_failed_build_leaves_the_old_output() {
    let project = Project::new("FROM busybox\nRUN false\n");
    project.context.write("a.tar", "old");
    project.kbuild().args(["-o", "type=oci,dest=a.tar", "-o", "files"]).run().fails_with(10);
    assert_eq!(project.context.read("a.tar"), "old");
    assert!(!project.context.path("files").exists());
}

#[test]
fn what_cannot_be_done_is_refused_before_anything_runs() {
    let project = Project::new("FROM busybox\nRUN false\n");
    for (arguments, part) in [
        (vec!["-o", "type=oci,dest=a.tar,compression=zstd"], "compression=zstd"),
        (vec!["-o", "type=oci,dest=a.tar,colour=red"], "`colour`"),
        (vec!["--load"], "type=docker"),
        (vec!["-t", "a:1", "-o", "type=oci,dest=a.tar", "--handoff", "x"], "--push"),
        (vec!["--annotation", "index:a=b", "-o", "type=oci,dest=a.tar"], "--platform"),
    ] {
        project.kbuild().args(arguments).run().fails_with(2).stderr_has(part);
    }
}

#[test]
fn docker_media_types_and_two_equal_archives() {
    let project = Project::new(DOCKERFILE);
    let archive = |name: &str| {
        let spec = format!("type=docker,dest={name},oci-mediatypes=false");
        let run = project.kbuild().args(["-t", "a:1", "-o", &spec]).env("SOURCE_DATE_EPOCH", "1700000000");
        run.run().success();
        std::fs::read(project.context.path(name)).unwrap()
    };
    assert!(archive("one.tar") == archive("two.tar"));
    let list = Command::new(tool("skopeo"))
        .current_dir(project.context.work())
        .args(["inspect", "--raw", "oci-archive:one.tar"])
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&list.stdout).contains("vnd.docker.distribution.manifest.v2"));
}
