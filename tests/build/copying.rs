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

#[test]
fn links_are_followed_where_they_are_named_and_keep_that_name() {
    let project = Project::new(
        "FROM busybox\n\
         RUN mkdir -p /d && echo old > /kept && ln -s /kept /d/file && ln -s /d /way\n\
         COPY file /way/\n\
         COPY tree /way/tree\n\
         COPY l* /wild/\n",
    )
    .file("real", "r")
    .file("dir/a", "a");
    for (link, target) in [("file", "real"), ("tree", "/dir"), ("l1", "real"), ("dir/inside", "../nothing")] {
        symlink(target, project.context.path(format!("app/{link}"))).unwrap();
    }
    let image = project.build();
    let tree = image.tree();
    // What has the name in the destination is replaced, not written through.
    assert_eq!((tree["d/file"].kind, tree["d/file"].content.as_slice()), ('-', &b"r"[..]));
    assert_eq!(image.text("kept"), "old\n");
    assert_eq!(tree["d/tree/a"].content, b"a");
    assert_eq!((tree["d/tree/inside"].kind, tree["wild/l1"].kind), ('l', '-'));
}

#[test]
fn dockerignore_is_about_what_a_link_leads_to() {
    let ignored = |dockerfile: &str| {
        let project = Project::new(dockerfile)
            .file(".dockerignore", "secret\ndir/two\nlink/one\n")
            .file("secret", "s")
            .file("dir/one", "1")
            .file("dir/two", "2");
        symlink("secret", project.context.path("app/innocent")).unwrap();
        symlink("dir", project.context.path("app/link")).unwrap();
        project
    };
    let project = ignored("FROM scratch\nCOPY innocent /\n");
    project.kbuild_to_layout().run().fails_with(11).stderr_has(".dockerignore");
    // Patterns never see a path through a link.
    let tree = ignored("FROM scratch\nCOPY link /x\nCOPY link/one /y/\n").build().tree();
    assert!(tree.contains_key("x/one") && tree.contains_key("y/one") && !tree.contains_key("x/two"));
}

#[test]
fn an_ignored_directory_is_there_only_if_something_in_it_is() {
    let project = |dockerfile: &str| {
        Project::new(dockerfile).file(".dockerignore", "dir\n!dir/nothing\n").file("dir/a", "a")
    };
    project("FROM scratch\nCOPY dir /\n").kbuild_to_layout().run().fails_with(11);
    assert!(!project("FROM scratch\nCOPY . /\n").build().tree().contains_key("dir"));
}

#[test]
fn directories_on_the_way() {
    let tree = Project::new(
        "FROM busybox\n\
         RUN mkdir /shared && chgrp 33 /shared && chmod 2775 /shared\n\
         COPY a /shared/one/\n\
         COPY --chown=5:6 --chmod=4710 a /two/three/a\n\
         COPY --chmod=u=rw,go= a /four/a\n\
         USER 7\n\
         WORKDIR /shared/five\n",
    )
    .file("a", "a")
    .build()
    .tree();
    let found = |path: &str| (tree[path].mode, tree[path].owner);
    // The kernel hands setgid and the group on; an owner that is named does not change the former.
    assert_eq!(found("shared/one"), (0o2755, (0, 33)));
    assert_eq!(found("shared/five"), (0o2755, (7, 7)));
    // An octal mode reaches directories, but for the special bits; a symbolic one does not.
    assert_eq!((found("two"), found("two/three/a")), ((0o710, (5, 6)), (0o4710, (5, 6))));
    assert_eq!((found("four").0, found("four/a").0), (0o755, 0o600));
}

#[test]
fn wildcards_may_match_nothing_but_stand_in_a_directory_that_is_there() {
    let project = |dockerfile: &str| Project::new(dockerfile).file("dir/a.txt", "a").file("b*c", "star");
    let tree =
        project("FROM scratch\nCOPY nothing* /x/\nCOPY dir/[^b].t?t /y/\nCOPY b[*]c /z/\n").build().tree();
    assert_eq!(tree.keys().collect::<Vec<_>>(), ["y", "y/a.txt", "z", "z/b*c"]);
    for source in ["nothing/*", "dir/a.txt/*", "[a"] {
        let project = project(&format!("FROM scratch\nCOPY {source} /x/\n"));
        project.kbuild_to_layout().run().fails_with(if source == "[a" { 2 } else { 11 });
    }
}

#[test]
fn a_file_and_a_directory_do_not_replace_each_other() {
    for dockerfile in
        ["COPY a /d/sub\nCOPY dir /d\n", "COPY dir/sub /d/a\nCOPY a /d/\n", "COPY a /d\nCOPY a /d/x\n"]
    {
        let project =
            Project::new(&format!("FROM scratch\n{dockerfile}")).file("a", "a").file("dir/sub/b", "b");
        project.kbuild_to_layout().run().fails_with(2).stderr_has("Dockerfile:3");
    }
}

#[test]
fn here_documents_are_files_like_others() {
    let image = Project::new(
        "FROM busybox\nWORKDIR /w\nCOPY --chown=5:6 --chmod=go= <<one <<\"two\" a ./sub/.\n$HOME\none\n$HOME\ntwo\n",
    )
    .file("a", "a")
    .build();
    let tree = image.tree();
    assert_eq!((tree["w/sub/one"].mode, tree["w/sub/two"].owner), (0o600, (5, 6)));
    assert_eq!((image.text("w/sub/one").as_str(), image.text("w/sub/two").as_str()), ("\n", "$HOME\n"));
    let history = image.config["history"].as_array().unwrap().last().unwrap();
    assert_eq!(history["created_by"], "COPY --chown=5:6 --chmod=go= a <<one <<two ./sub/. # buildkit");
}
