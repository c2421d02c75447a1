//! ADD of git repositories.

use std::path::Path;

use ktrust_tests::image::Image;
use ktrust_tests::{Repository, Web};

use crate::project::Project;

/// A repository with a link, a program and a tag, and a module in it.
fn repository(root: &Path, format: &str) -> (Repository, String) {
    let app = Repository::with_format(root, "app", format);
    app.commit("src/main", "one");
    app.git(&["tag", "--annotate", "v1", "--message", "v1"]);
    std::os::unix::fs::symlink("main", app.tree().join("src/link")).expect("a link");
    let program = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(app.tree().join("src/main"), program).expect("a program");
    let commit = app.commit("second", "two");
    (app, commit)
}

/// Builds a Dockerfile in which `APP` is the address of the repository.
fn build(web: &Web, dockerfile: &str) -> Image {
    Project::new(&dockerfile.replace("APP", &web.url("app.git"))).build()
}

#[test]
fn files_of_a_commit() {
    let place = tempfile::tempdir().unwrap();
    let (_app, commit) = repository(place.path(), "sha1");
    let web = Web::git(place.path().to_owned(), None);
    let tree = build(
        &web,
        &format!(
            "FROM busybox\nADD APP /head\nADD APP#v1 /tag\nADD APP#{commit} /commit\nADD APP#main:src /src\n\
             ADD --chown=app APP?ref=main&subdir=src /owned\nADD --exclude=src APP /less\n"
        ),
    )
    .tree();
    assert_eq!(
        (tree["head/src/main"].mode, tree["head/second"].mode, tree["head/src"].mode),
        (0o755, 0o644, 0o755)
    );
    assert_eq!(tree["head/src/main"].owner, (0, 0));
    assert_eq!(tree["head/src/link"].content, b"main");
    assert!(tree.contains_key("commit/second") && !tree.contains_key("tag/second"));
    assert_eq!(tree["src/main"].content, b"one");
    assert_eq!(tree["owned/main"].owner, (1000, 1000));
    assert!(tree.contains_key("less/second") && !tree.contains_key("less/src"));
    assert!(!tree.keys().any(|path| path.contains(".git")));
}

#[test]
fn longer_hashes() {
    let place = tempfile::tempdir().unwrap();
    let (_app, commit) = repository(place.path(), "sha256");
    let web = Web::git(place.path().to_owned(), None);
    let tree =
        build(&web, &format!("FROM scratch\nADD --checksum={commit} APP#main /a\nADD APP#{commit} /b\n"))
            .tree();
    assert_eq!(
        (tree["a/second"].content.as_slice(), tree["b/second"].content.as_slice()),
        (&b"two"[..], &b"two"[..])
    );
}

#[test]
fn a_history_that_is_kept() {
    let place = tempfile::tempdir().unwrap();
    repository(place.path(), "sha1");
    let web = Web::git(place.path().to_owned(), None);
    let tree =
        build(&web, "FROM scratch\nADD --keep-git-dir=true APP /a\nADD APP?keep-git-dir=1&tag=v1 /b\n")
            .tree();
    for path in ["a/.git/HEAD", "a/.git/refs/heads/main", "b/.git/refs/tags/v1"] {
        assert!(tree.contains_key(path), "{path}: {:?}", tree.keys());
    }
    let text = String::from_utf8_lossy(&tree["a/.git/config"].content).into_owned();
    assert!(text.contains(&web.url("app.git")) && !text.contains("file://"), "{text}");
    assert!(!tree.contains_key("a/.git/hooks"));
}

#[test]
fn a_checksum_is_the_beginning_of_a_commit() {
    let place = tempfile::tempdir().unwrap();
    let (app, commit) = repository(place.path(), "sha1");
    let web = Web::git(place.path().to_owned(), None);
    let run = |flag: &str, rest: &str| {
        let text = format!("FROM scratch\nADD {flag} {}{rest} /a\n", web.url("app.git"));
        Project::new(&text).kbuild_to_layout().run()
    };
    run(&format!("--checksum={commit}"), "").success();
    run(&format!("--checksum={}", &commit[..12]), "#main").success();
    run("", &format!("?checksum={commit}")).success();
    let tag = app.git(&["rev-parse", "v1^{commit}"]);
    run(&format!("--checksum={tag}"), "#v1").success();
    run(&format!("--checksum={tag}"), "#main").fails_with(11).stderr_has(&commit);
    run("--checksum=nothex", "").fails_with(11);
    run(&format!("--checksum={tag}"), &format!("?checksum={commit}")).fails_with(2);
    run("--keep-git-dir=false", "?keep-git-dir=true").fails_with(2);
    run("", "?unknown=1").fails_with(11).stderr_has("unknown");
}

#[test]
fn modules_are_part_of_the_files() {
    let place = tempfile::tempdir().unwrap();
    let (app, _) = repository(place.path(), "sha1");
    Repository::new(place.path(), "module").commit("inner", "i");
    let web = Web::git(place.path().to_owned(), None);
    app.git(&["submodule", "--quiet", "add", &web.url("module.git"), "module"]);
    app.commit("with-module", "");
    let tree = build(&web, "FROM scratch\nADD APP /with\nADD APP?submodules=false /without\n").tree();
    assert_eq!(tree["with/module/inner"].content, b"i");
    assert!(!tree.contains_key("with/module/.git") && !tree.contains_key("without/module/inner"));
}

#[test]
fn a_module_is_no_directory_of_this_machine() {
    let place = tempfile::tempdir().unwrap();
    let (app, _) = repository(place.path(), "sha1");
    Repository::new(place.path(), "private").commit("secret", "s");
    let private = format!("file://{}", place.path().join("private.git").display());
    app.git(&["submodule", "--quiet", "add", &private, "module"]);
    app.commit("with-module", "");
    let web = Web::git(place.path().to_owned(), None);
    let text = format!("FROM scratch\nADD {} /a\n", web.url("app.git"));
    Project::new(&text).kbuild_to_layout().run().fails_with(11).stderr_has("submodule");
}

#[test]
fn a_server_without_gits_own_protocol() {
    let place = tempfile::tempdir().unwrap();
    repository(place.path(), "sha1");
    let bare = place.path().join("app.git");
    let update = std::process::Command::new(ktrust_tests::tools::tool("git"))
        .args(["-c", "safe.directory=*", "update-server-info"])
        .current_dir(&bare)
        .status();
    assert!(update.unwrap().success());
    let root = place.path().to_owned();
    let web =
        Web::start(move |asked, _| match std::fs::read(root.join(asked.path.trim_start_matches('/'))) {
            Ok(content) => ktrust_tests::Reply::ok(content),
            Err(_) => ktrust_tests::Reply::status(404),
        });
    assert_eq!(build(&web, "FROM scratch\nADD APP#main /a\n").tree()["a/second"].content, b"two");
}

#[test]
fn credentials_open_a_server_and_are_not_shown() {
    let place = tempfile::tempdir().unwrap();
    repository(place.path(), "sha1");
    // x-access-token:s3cret
    let web = Web::git(place.path().to_owned(), Some("basic eC1hY2Nlc3MtdG9rZW46czNjcmV0"));
    let project = Project::new(&format!("FROM scratch\nADD --keep-git-dir=true {} /a\n", web.url("app.git")));
    project.kbuild_to_layout().run().fails_with(20).stderr_has("GIT_AUTH_TOKEN");
    let secret = ["--secret", "id=GIT_AUTH_TOKEN,env=TOKEN"];
    project.kbuild_to_layout().args(secret).env("TOKEN", "s3cret").run().success().nowhere_has("s3cret");
    for (path, entry) in project.image().tree() {
        let text = String::from_utf8_lossy(&entry.content).into_owned();
        assert!(!text.contains("s3cret") && !text.contains("eC1hY2Nlc3"), "{path}");
    }
    let inside = format!("http://x-access-token:s3cret@{}/app.git", web.host());
    let context = project.context.kbuild().args(["build", &format!("{inside}#:src"), "-f", "nowhere"]).run();
    context.fails_with(2).nowhere_has("s3cret");
}

#[test]
fn no_git_no_repository() {
    let project = Project::new("FROM scratch\nADD https://127.0.0.1:1/app.git /a\n");
    project.kbuild_to_layout().env("PATH", "/nonexistent").run().fails_with(12).stderr_has("install git");
    project.kbuild_to_layout().run().fails_with(75).stderr_has("ls-remote");
}
