//! COPY with `--parents`: sources keep the directories they are in.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use crate::project::Project;

fn project(dockerfile: &str) -> Project {
    Project::new(dockerfile)
        .file("x/a/one", "1")
        .file("x/a/two.txt", "2")
        .file("x/b/c/three.txt", "3")
        .file("top.txt", "t")
}

fn files(dockerfile: &str) -> Vec<String> {
    let tree = project(dockerfile).build().tree();
    tree.into_iter().filter(|(_, entry)| entry.kind == '-').map(|(path, _)| path).collect()
}

#[test]
fn directories_are_kept() {
    let wanted = ["1/top.txt", "1/x/a/one", "1/x/b/c/three.txt"];
    assert_eq!(files("FROM scratch\nCOPY --parents x/a/one ./x/b top.txt /1\n"), wanted);
}

#[test]
fn those_above_the_pivot_are_not() {
    assert_eq!(files("FROM scratch\nCOPY --parents x/./a/one /1/\n"), ["1/a/one"]);
    assert_eq!(files("FROM scratch\nCOPY --parents ./x/b/./c /1/\n"), ["1/c/three.txt"]);
    assert_eq!(files("FROM scratch\nCOPY --parents x/*/./*.txt /1/\n"), ["1/two.txt"]);
}

#[test]
fn wildcards_cross_directories() {
    let wanted = ["1/top.txt", "1/x/a/two.txt", "1/x/b/c/three.txt"];
    assert_eq!(files("FROM scratch\nCOPY --parents **/*.txt /1/\n"), wanted);
    assert_eq!(files("FROM scratch\nCOPY --parents --exclude=x/a **/*.txt /1/\n"), [wanted[0], wanted[2]]);
}

#[test]
fn the_context_itself_and_a_directory_itself() {
    let wanted = ["1/one", "1/two.txt"];
    assert_eq!(files("FROM scratch\nCOPY --parents x/a/./. /1/\n"), wanted);
    assert!(files("FROM scratch\nCOPY --parents . /1/\n").contains(&"1/x/a/one".to_owned()));
}

#[test]
fn a_literal_path_must_be_there_and_a_wildcard_may_match_nothing() {
    for source in ["x/nothing", "x/./nothing", "nothing/./a", "link/one"] {
        let project = project(&format!("FROM scratch\nCOPY --parents {source} /1/\n"));
        // A link is a link in a tree: what it leads to is not below it.
        symlink("x/a", project.context.path("app/link")).unwrap();
        project.kbuild_to_layout().run().fails_with(11).stderr_has("Dockerfile:2");
    }
    assert!(files("FROM scratch\nCOPY --parents nothing* x/**/nothing /1/\n").is_empty());
}

#[test]
fn directories_on_the_way_bring_their_metadata() {
    let project = project(
        "FROM busybox\n\
         RUN mkdir -p /1/x && chown 9:9 /1/x\n\
         COPY --parents --chown=5:6 x/a/one /1/\n",
    );
    for (path, mode) in [("app/x", 0o711), ("app/x/a", 0o2750)] {
        std::fs::set_permissions(project.context.path(path), std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let tree = project.build().tree();
    assert_eq!((tree["1/x"].mode, tree["1/x"].owner), (0o711, (9, 9)));
    assert_eq!((tree["1/x/a"].mode, tree["1/x/a"].owner), (0o2750, (5, 6)));
    assert_eq!(tree["1/x/a/one"].owner, (5, 6));
}

#[test]
fn from_a_stage() {
    let tree = project(
        "FROM scratch AS s\nCOPY --chown=3:4 x /in\nFROM scratch\nCOPY --from=s --parents /in/./b/*/*.txt /1/\n",
    )
    .build()
    .tree();
    assert_eq!(tree["1/b/c/three.txt"].owner, (3, 4));
    assert_eq!(tree["1/b/c"].owner, (3, 4));
}

#[test]
fn the_history_tells_it() {
    let image = project("FROM scratch\nCOPY --parents --link x/a/one <<doc /1/\n\ndoc\n").build();
    assert_eq!(image.config["history"][0]["created_by"], "COPY --parents x/a/one <<doc /1/ # buildkit");
}
