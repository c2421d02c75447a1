//! Build contexts that are no directory: archives, standard input, web addresses, repositories of git.

use std::io::Write as _;
use std::path::Path;

use ktrust_tests::image::Image;
use ktrust_tests::{Context, Invocation, Reply, Repository, Web};

/// A project without a directory: `kbuild build CONTEXT` into the layout `out`.
fn build(context: &Context, from: &str) -> Invocation {
    context.kbuild().args(["build", from, "-t", "oci:./out:latest"])
}

fn image(context: &Context) -> Image {
    Image::open(&context.path("out"), "latest")
}

/// A tar archive with these files, owned by 7:8.
fn tar(files: &[(&str, &str)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o640);
        header.set_uid(7);
        header.set_gid(8);
        header.set_mtime(1_400_000_000);
        tar.append_data(&mut header, path, content.as_bytes()).expect("an archive in memory");
    }
    tar.into_inner().expect("an archive in memory")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("an archive in memory");
    encoder.finish().expect("an archive in memory")
}

const FILES: [(&str, &str); 4] =
    [("Dockerfile", "FROM scratch\nCOPY . /c/\n"), ("a", "a"), ("dir/b", "b"), (".dockerignore", "a\n")];

/// Nothing of a fetched context stays behind.
fn left_overs(context: &Context) -> usize {
    std::fs::read_dir(context.path(".ktrust/builds")).expect("an archive in memory").count()
}

#[test]
fn an_archive_on_standard_input_keeps_its_owners_and_all_its_files() {
    let context = Context::new();
    for archive in [tar(&FILES), gzip(&tar(&FILES))] {
        build(&context, "-").stdin(archive).run().success();
        let tree = image(&context).tree();
        // BuildKit reads no .dockerignore in a context that is not a directory of the client's.
        assert_eq!(tree["c/a"].content, b"a");
        assert_eq!((tree["c/dir/b"].owner, tree["c/dir/b"].mode), ((7, 8), 0o640));
        assert_eq!(left_overs(&context), 0);
    }
}

#[test]
fn a_file_that_is_an_archive() {
    let context = Context::new();
    context.write("context.tar.gz", gzip(&tar(&FILES)));
    build(&context, "context.tar.gz").run().success();
    assert_eq!(image(&context).tree()["c/dir/b"].content, b"b");
    context.write("nonsense", "no archive");
    build(&context, "nonsense").run().fails_with(2).stderr_has("nonsense").stderr_has("cannot be unpacked");
}

#[test]
fn another_dockerfile_of_the_archive() {
    let context = Context::new();
    let other =
        [("sub/Other", "FROM scratch\nENV this=other\n"), ("dockerfile", "FROM scratch\nENV this=lower\n")];
    build(&context, "-").args(["-f", "sub/Other"]).stdin(tar(&other)).run().success();
    assert_eq!(image(&context).config["config"]["Env"][1], "this=other");
    build(&context, "-").stdin(tar(&other)).run().success();
    assert_eq!(image(&context).config["config"]["Env"][1], "this=lower");
    build(&context, "-").args(["-f", "nowhere"]).stdin(tar(&other)).run().fails_with(2).stderr_has("nowhere");
}

#[test]
fn a_hostile_archive_stays_in_its_place() {
    let context = Context::new();
    let mut tar = tar::Builder::new(Vec::new());
    let mut link = tar::Header::new_gnu();
    link.set_entry_type(tar::EntryType::Symlink);
    link.set_size(0);
    tar.append_link(&mut link, "out", context.path("stolen")).expect("an archive in memory");
    for (path, content) in [("out/Dockerfile", "x"), ("Dockerfile", "FROM scratch\nCOPY f /\n"), ("f", "f")] {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, path, content.as_bytes()).expect("an archive in memory");
    }
    std::fs::create_dir(context.path("stolen")).expect("an archive in memory");
    build(&context, "-").stdin(tar.into_inner().expect("an archive in memory")).run().success();
    assert_eq!(std::fs::read_dir(context.path("stolen")).expect("an archive in memory").count(), 0);
}

#[test]
fn a_link_to_a_dockerfile_does_not_leave_the_archive() {
    let context = Context::new();
    context.write("secret", "FROM scratch\nENV stolen=1\n");
    let mut tar = tar::Builder::new(Vec::new());
    let mut link = tar::Header::new_gnu();
    link.set_entry_type(tar::EntryType::Symlink);
    link.set_size(0);
    tar.append_link(&mut link, "Dockerfile", context.path("secret")).expect("an archive in memory");
    build(&context, "-").stdin(tar.into_inner().expect("an archive in memory")).run().fails_with(2);
}

#[test]
fn a_dockerfile_on_standard_input() {
    let context = Context::new();
    build(&context, "-").stdin("FROM scratch\nENV a=b\n").run().success();
    assert_eq!(image(&context).config["config"]["Env"][1], "a=b");
    build(&context, "-")
        .stdin("FROM scratch\nCOPY a /\n")
        .run()
        .fails_with(11)
        .stderr_has("standard input:2");
    build(&context, "-").stdin("").run().fails_with(2);
    build(&context, "-").args(["-f", "Other"]).stdin("FROM scratch\n").run().fails_with(2).stderr_has("-f");
    build(&context, "-").args(["-f", "-"]).stdin("FROM scratch\n").run().fails_with(2).stderr_has("both");
    context.write("app/a", "a");
    build(&context, "app").args(["-f", "-"]).stdin("FROM scratch\nCOPY a /\n").run().success();
    assert_eq!(image(&context).tree()["a"].content, b"a");
}

#[test]
fn a_dockerfile_outside_of_the_context() {
    let context = Context::new();
    context.write("app/a", "a");
    context.write("app/.dockerignore", "");
    context.write("build/App.Dockerfile", "FROM scratch\nCOPY . /\n");
    context.write("build/App.Dockerfile.dockerignore", "a\n");
    context.write("app/b", "b");
    build(&context, "app").args(["-f", "build/App.Dockerfile"]).run().success();
    let tree = image(&context).tree();
    assert!(tree.contains_key("b") && !tree.contains_key("a"), "{:?}", tree.keys());
    let web = Web::file("FROM scratch\nCOPY b /\n");
    build(&context, "app").args(["-f", &web.url("Dockerfile")]).run().success();
}

#[test]
fn an_archive_from_the_web() {
    let context = Context::new();
    let archive = gzip(&tar(&FILES));
    let web = Web::start(move |asked, _| match asked.path.as_str() {
        "/moved" => Reply::status(302).header("Location", "/context.tar.gz"),
        "/context.tar.gz" => Reply::ok(archive.clone()),
        _ => Reply::status(404),
    });
    build(&context, &web.url("moved")).run().success();
    assert_eq!(image(&context).tree()["c/dir/b"].owner, (7, 8));
    build(&context, &web.url("gone")).run().fails_with(11).stderr_has("not found");
}

#[test]
fn a_dockerfile_from_the_web_is_the_one_file_of_its_context() {
    let context = Context::new();
    let web = Web::file("FROM scratch\nCOPY context /it\n");
    build(&context, &web.url("some/Dockerfile")).args(["-f", "ignored"]).run().success();
    let tree = image(&context).tree();
    assert_eq!(tree["it"].mode, 0o600);
    assert_eq!(tree["it"].content, b"FROM scratch\nCOPY context /it\n");
}

/// A server with the repository `app`: two commits, a tag on the first.
fn served(root: &Path) -> (Repository, Web) {
    let app = Repository::new(root, "app");
    app.commit("Dockerfile", "FROM scratch\nCOPY . /c/\n");
    app.git(&["tag", "v1"]);
    app.commit("sub/Dockerfile", "FROM scratch\nCOPY . /sub/\n");
    (app, Web::git(root.to_owned(), None))
}

#[test]
fn a_repository() {
    let context = Context::new();
    let (app, web) = served(&context.path("git"));
    app.commit(".dockerignore", "sub\n");
    build(&context, &web.url("app.git")).run().success();
    let tree = image(&context).tree();
    assert_eq!(tree["c/sub/Dockerfile"].owner, (0, 0));
    assert!(!tree.keys().any(|path| path.contains(".git/")), "{:?}", tree.keys());
    build(&context, &web.url("app.git#v1")).run().success();
    assert!(!image(&context).tree().contains_key("c/sub"));
    build(&context, &web.url("app.git#main:sub")).run().success();
    assert_eq!(image(&context).tree()["sub/Dockerfile"].mode, 0o644);
    build(&context, &web.url("app.git?branch=main&subdir=sub")).run().success();
    build(&context, &web.url("app.git#nowhere")).run().fails_with(11).stderr_has("nowhere");
    build(&context, &web.url("app.git#main:nowhere")).run().fails_with(11).stderr_has("no directory");
    build(&context, &web.url("other.git")).run().fails_with(11);
    assert_eq!(left_overs(&context), 0);
}

#[test]
fn a_history_is_kept_when_asked_for() {
    let context = Context::new();
    let (_app, web) = served(&context.path("git"));
    let keep = ["--build-arg", "BUILDKIT_CONTEXT_KEEP_GIT_DIR=1"];
    build(&context, &web.url("app.git")).args(keep).run().success();
    let tree = image(&context).tree();
    assert!(tree.contains_key("c/.git/HEAD"), "{:?}", tree.keys());
    assert!(!String::from_utf8_lossy(&tree["c/.git/config"].content).contains("file://"));
}

#[test]
fn the_context_tells_the_time() {
    let context = Context::new();
    let (_app, web) = served(&context.path("git"));
    let created = |from: &str, stdin: Vec<u8>| {
        build(&context, from).env("SOURCE_DATE_EPOCH", "context").stdin(stdin).run().success();
        image(&context).config["created"].as_str().expect("an archive in memory").to_owned()
    };
    assert_eq!(created(&web.url("app.git"), Vec::new()), "2017-07-14T02:40:00Z");
    assert_eq!(image(&context).tree()["c/Dockerfile"].modified, 1_500_000_000);
    assert_eq!(created("-", tar(&FILES)), "2014-05-13T16:53:20Z");
    context.write("app/Dockerfile", "FROM scratch\n");
    assert!(created("app", Vec::new()).as_str() > "2026");
}
