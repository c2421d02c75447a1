//! COPY and ADD with `--exclude`: patterns on what is in a source directory.

use crate::project::Project;

fn files(flags: &str) -> Vec<String> {
    let project = Project::new(&format!("FROM scratch\nCOPY {flags} /1/\n"));
    let project = project
        .file("x/a/one", "1")
        .file("x/a/two.txt", "2")
        .file("x/b/c/three", "3")
        .file("x/four.txt", "4");
    let tree = project.build().tree();
    let below = |path: String| path.strip_prefix("1/").map(str::to_owned);
    tree.into_iter().filter(|(_, entry)| entry.kind == '-').filter_map(|(path, _)| below(path)).collect()
}

#[test]
fn patterns_begin_at_the_source() {
    assert_eq!(files("--exclude=a x"), ["b/c/three", "four.txt"]);
    assert_eq!(files("--exclude=x/a x"), ["a/one", "a/two.txt", "b/c/three", "four.txt"]);
    assert_eq!(files("--exclude=*.txt x"), ["a/one", "a/two.txt", "b/c/three"]);
    assert_eq!(files("--exclude=**/*.txt --exclude=b/** x"), ["a/one"]);
    assert_eq!(files("--exclude=one --exclude=c x/*"), ["four.txt", "two.txt"]);
}

#[test]
fn exceptions_bring_back() {
    assert_eq!(files("--exclude=* --exclude=!a x"), ["a/one", "a/two.txt"]);
    assert_eq!(files("--exclude=b --exclude=!b/c/three --exclude=a --exclude=four.txt x"), ["b/c/three"]);
}

#[test]
fn a_file_that_is_the_source_is_not_asked_about() {
    assert_eq!(files("--exclude=*.txt x/four.txt"), ["four.txt"]);
}

#[test]
fn directories_of_which_nothing_is_left_are_made_only_where_they_match() {
    let project = Project::new("FROM scratch\nCOPY --exclude=a/* --exclude=b x /1/\n");
    let tree = project.file("x/a/one", "1").file("x/b/two", "2").build().tree();
    assert!(tree.contains_key("1/a") && !tree.contains_key("1/b"), "{:?}", tree.keys());
}

#[test]
fn with_dockerignore_and_add() {
    let tree = Project::new("FROM scratch\nADD --exclude=*.md . /1/\n")
        .file(".dockerignore", "docs\n!docs/kept\nDockerfile\n")
        .file("docs/kept", "k")
        .file("docs/gone", "g")
        .file("read.md", "r")
        .build()
        .tree();
    let files: Vec<_> = tree.keys().filter(|path| path.starts_with("1/")).map(String::as_str).collect();
    assert_eq!(files, ["1/.dockerignore", "1/docs", "1/docs/kept"]);
}

#[test]
fn a_pattern_that_is_none_is_refused() {
    let project = Project::new("FROM scratch\nCOPY --exclude=[a . /\n");
    project.kbuild_to_layout().run().fails_with(2).stderr_has("Dockerfile:2").stderr_has("--exclude");
}
