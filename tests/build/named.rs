//! `--build-context`: what replaces images, stages and the sources of COPY.

use ktrust_tests::{Repository, Web};

use crate::project::Project;

/// Adds `--build-context NAME=SOURCE` and builds.
fn build(project: &Project, named: &[(&str, &str)]) -> ktrust_tests::image::Image {
    let mut kbuild = project.kbuild_to_layout();
    for (name, source) in named {
        kbuild = kbuild.args(["--build-context", &format!("{name}={source}")]);
    }
    kbuild.run().success();
    project.image()
}

#[test]
fn from_a_directory_its_files_are_the_root() {
    let project = Project::new("FROM files\nENV a=b\nCOPY one /two\n").file("one", "1");
    project.context.write("named/etc/x", "x");
    project.context.write("named/skipped", "s");
    project.context.write("named/.dockerignore", "skipped\n");
    std::os::unix::fs::chown(project.context.path("named/etc/x"), Some(12), Some(34)).expect("it is there");
    let image = build(&project, &[("files", "named")]);
    let tree = image.tree();
    assert_eq!((tree["etc/x"].content.as_slice(), tree["etc/x"].owner), (&b"x"[..], (0, 0)));
    assert!(tree.contains_key("two") && !tree.contains_key("skipped"));
    assert_eq!(image.layers().len(), 2);
    let empty: Vec<_> = image.config["history"]
        .as_array()
        .expect("it is there")
        .iter()
        .map(|line| line["empty_layer"] == true)
        .collect();
    assert_eq!(empty, [true, false, false]);
    assert_eq!(image.config["config"]["WorkingDir"], "/");
}

#[test]
fn a_stage_is_replaced_as_a_whole() {
    let project = Project::new(
        "FROM not-there AS deps\nRUN false\nFROM scratch\nCOPY --from=deps /v /by-name\nCOPY --from=0 /v /by-number\n",
    );
    project.context.write("named/v", "named");
    let tree = build(&project, &[("deps", "named")]).tree();
    assert_eq!(tree["by-name"].content, b"named");
    assert_eq!(tree["by-number"].content, b"named");
}

#[test]
fn a_target_may_be_replaced() {
    let project = Project::new("FROM not-there AS deps\nRUN false\n");
    project.context.write("named/v", "named");
    assert_eq!(build(&project, &[("deps", "named")]).tree()["v"].content, b"named");
}

#[test]
fn names_are_those_of_images() {
    let project = Project::new("FROM docker.io/library/thing:latest\nCOPY --from=me/other:1 /v /other\n");
    project.context.write("one/v", "one");
    project.context.write("two/v", "two");
    let named = [("thing", "two"), ("docker.io/library/thing", "one"), ("docker.io/me/other:1", "two")];
    let tree = build(&project, &named).tree();
    assert_eq!((tree["v"].content.as_slice(), tree["other"].content.as_slice()), (&b"one"[..], &b"two"[..]));
    let wrong = ["--build-context", "Upper=one"];
    project.kbuild_to_layout().args(wrong).run().fails_with(2).stderr_has("Upper");
    let bake = ["--build-context", "x=target:y"];
    project.kbuild_to_layout().args(bake).run().fails_with(2).stderr_has("bake");
}

#[test]
fn files_of_a_repository_and_of_the_web() {
    let project = Project::new("FROM app\nCOPY --from=page context /page\n");
    let git = project.context.path("git");
    Repository::new(&git, "app").commit("src/main", "m");
    let (git, page) = (Web::git(git, None), Web::file("page"));
    let named = [("app", git.url("app.git#main:src")), ("page", page.url("index.html"))];
    let tree = build(&project, &named.each_ref().map(|(name, source)| (*name, source.as_str()))).tree();
    assert_eq!(tree["main"].content, b"m");
    assert_eq!((tree["page"].content.as_slice(), tree["page"].mode), (&b"page"[..], 0o600));
}

#[test]
fn scratch_and_layouts() {
    let project = Project::new("FROM nothing\nCOPY --from=tools /bin/busybox /b\n");
    let layout = format!("oci-layout://{}", project.context.path("base").display());
    let tree = build(&project, &[("nothing", "docker-image://scratch"), ("tools", &layout)]).tree();
    assert_eq!(tree.keys().collect::<Vec<_>>(), ["b"]);
    let index = std::fs::read_to_string(project.context.path("base/index.json")).expect("it is there");
    let at = index.find("sha256:").expect("it is there");
    let pinned = format!("{layout}@{}", &index[at..at + 71]);
    build(&project, &[("nothing", "docker-image://scratch"), ("tools", &pinned)]);
}
