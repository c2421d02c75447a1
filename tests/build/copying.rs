//! COPY, ADD and .dockerignore.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use crate::project::Project;

#[test]
fn files_of_the_context_belong_to_root() {
    let project = Project::new("FROM scratch\nCOPY . /app/\n").file("a.txt", "a").file("dir/b.txt", "b");
    std::fs::set_permissions(project.context.path("app/a.txt"), std::fs::Permissions::from_mode(0o640))
        .unwrap();
    std::os::unix::fs::chown(project.context.path("app/a.txt"), Some(1234), Some(1234)).unwrap();
    let tree = project.build().tree();
    assert_eq!(tree["app/a.txt"].owner, (0, 0));
    assert_eq!(tree["app/a.txt"].mode, 0o640);
    assert_eq!(tree["app/dir/b.txt"].content, b"b");
    assert!(tree.contains_key("app/Dockerfile"));
    assert!(!tree.keys().any(|path| path.contains(".ktrust")));
}

#[test]
fn chown_and_chmod() {
    let tree = Project::new(
        "FROM busybox\n\
         COPY --chown=app:app a /one\n\
         COPY --chown=33 a /two\n\
         COPY --chmod=0750 a /three\n\
         COPY --chmod=u=rwx,go=x a /four\n",
    )
    .file("a", "a")
    .build()
    .tree();
    assert_eq!(tree["one"].owner, (1000, 1000));
    assert_eq!(tree["two"].owner, (33, 33));
    assert_eq!(tree["three"].mode, 0o750);
    assert_eq!(tree["four"].mode, 0o711);
}

#[test]
fn a_directory_brings_its_contents_and_a_file_its_name() {
    let tree = Project::new("FROM scratch\nWORKDIR /w\nCOPY dir ./\nCOPY f g\nCOPY f sub/\nCOPY *.md /md/\n")
        .file("dir/x", "x")
        .file("f", "f")
        .file("one.md", "1")
        .file("two.md", "2")
        .build()
        .tree();
    for path in ["w/x", "w/g", "w/sub/f", "md/one.md", "md/two.md"] {
        assert!(tree.contains_key(path), "{path}: {:?}", tree.keys());
    }
}

#[test]
fn a_source_cannot_leave_the_context() {
    let project = Project::new("FROM scratch\nCOPY ../../../../etc/hostname /\n");
    project.kbuild_to_layout().run().fails_with(11).stderr_has("Dockerfile:2").stderr_has("build context");
    let project = Project::new("FROM scratch\nCOPY link/passwd /\n");
    symlink("/etc", project.context.path("app/link")).unwrap();
    project.kbuild_to_layout().run().fails_with(11);
}

#[test]
fn a_link_of_the_image_cannot_lead_out_of_it() {
    let image = Project::new("FROM busybox\nRUN ln -s /../../../../etc/ktrust-escape /out\nCOPY a /out/\n")
        .file("a", "a")
        .build();
    assert!(!std::path::Path::new("/etc/ktrust-escape").exists());
    assert!(image.tree().contains_key("etc/ktrust-escape/a"), "{:?}", image.tree().keys());
}

#[test]
fn dockerignore_leaves_out_and_brings_back() {
    let tree = Project::new("FROM scratch\nCOPY . /\n")
        .file(".dockerignore", "*\n!src\nsrc/secret\n!keep/me\n")
        .file("src/main", "m")
        .file("src/secret", "s")
        .file("keep/me", "k")
        .file("keep/not", "n")
        .build()
        .tree();
    let files: Vec<_> =
        tree.iter().filter(|(_, entry)| entry.kind == '-').map(|(path, _)| path.as_str()).collect();
    assert_eq!(files, ["keep/me", "src/main"]);
}

#[test]
fn an_ignored_file_is_named_as_such() {
    let project = Project::new("FROM scratch\nCOPY a /\n").file(".dockerignore", "a\n").file("a", "a");
    project.kbuild_to_layout().run().fails_with(11).stderr_has(".dockerignore");
}

#[test]
fn add_unpacks_archives_by_content() {
    let project =
        Project::new("FROM scratch\nADD bundle /x\nADD --unpack=false bundle /y\nADD plain.tar /z\n")
            .file("plain.tar", "no archive");
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(2);
    header.set_mode(0o600);
    header.set_uid(7);
    header.set_gid(8);
    tar.append_data(&mut header, "in/side", &b"hi"[..]).unwrap();
    project.context.write("app/bundle", tar.into_inner().unwrap());
    let tree = project.build().tree();
    assert_eq!(tree["x/in/side"].content, b"hi");
    assert_eq!((tree["x/in/side"].owner, tree["x/in/side"].mode), ((7, 8), 0o600));
    assert_eq!(tree["y"].kind, '-');
    assert_eq!(tree["z"].content, b"no archive");
}

#[test]
fn the_context_is_never_changed() {
    let project = Project::new("FROM busybox\nCOPY . /c\nRUN rm -rf /c\n").file("a/b", "b");
    project.build();
    let mut left: Vec<_> = std::fs::read_dir(project.context.path("app"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, ["Dockerfile", "a"]);
}
