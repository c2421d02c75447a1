//! ADD of addresses: files of web servers.

use ktrust_tests::{Reply, Web};

use crate::project::Project;

fn digest(content: &[u8]) -> String {
    use sha2::Digest as _;
    format!("sha256:{}", hex::encode(sha2::Sha256::digest(content)))
}

fn tar() -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(2);
    header.set_mode(0o640);
    header.set_uid(7);
    tar.append_data(&mut header, "in/side", &b"hi"[..]).expect("a member");
    tar.into_inner().expect("an archive")
}

#[test]
fn a_file_gets_its_name_its_mode_and_its_time() {
    let web = Web::start(|asked, _| match asked.path.as_str() {
        "/a/file.txt" => Reply::ok("content")
            .header("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT")
            .header("Content-Disposition", "attachment; filename=other"),
        "/moved" => Reply::status(302).header("Location", "/a/file.txt"),
        _ => Reply::ok("plain"),
    });
    let tree = Project::new(&format!(
        "FROM busybox\nARG WHERE=a\nADD {0} /dir/\nADD {0} /name\nADD {1} {2} /two/\nADD --chmod=0750 --chown=app:app {2} /changed\n",
        web.url("$WHERE/file.txt?query=1"),
        web.url("moved"),
        web.url(""),
    ))
    .build()
    .tree();
    let file = &tree["dir/file.txt"];
    assert_eq!((file.content.as_slice(), file.mode, file.owner), (&b"content"[..], 0o600, (0, 0)));
    assert_eq!(file.modified, 784_111_777);
    assert_eq!(tree["name"].content, b"content");
    assert_eq!(tree["two/moved"].content, b"content");
    assert_eq!(tree["two/__unnamed__"].modified, 0);
    assert_eq!((tree["changed"].mode, tree["changed"].owner), (0o750, (1000, 1000)));
}

#[test]
fn a_file_is_fetched_once_in_a_build() {
    let web = Web::file("x");
    let line = format!("ADD {} /x", web.url("x"));
    Project::new(&format!("FROM scratch AS one\n{line}\nFROM scratch\n{line}\nCOPY --from=one /x /y\n"))
        .build();
    assert_eq!(web.asked().len(), 1);
}

#[test]
fn archives_are_unpacked_only_when_asked_for() {
    let web = Web::file(tar());
    let url = web.url("it.tar");
    let tree = Project::new(&format!(
        "FROM scratch\nADD {url} /plain/\nADD --unpack=true {url} /unpacked\nADD --unpack --chown=5 {url} /owned\n"
    ))
    .build()
    .tree();
    assert_eq!(tree["plain/it.tar"].content, tar());
    assert_eq!((tree["unpacked/in/side"].owner, tree["unpacked/in/side"].mode), ((7, 0), 0o640));
    assert_eq!(tree["owned/in/side"].owner, (5, 5));
}

#[test]
fn checksums_are_checked() {
    let web = Web::file("content");
    let build = |flag: &str, sources: &str| {
        Project::new(&format!("FROM scratch\nARG SUM={}\nADD {flag} {sources} /x/\n", digest(b"content")))
            .file("a", "a")
            .kbuild_to_layout()
            .run()
    };
    let url = web.url("x");
    build("--checksum=$SUM", &url).success();
    build(&format!("--checksum={}", digest(b"other")), &url).fails_with(11).stderr_has("Dockerfile:3");
    build("--checksum=sha256:12", &url).fails_with(2);
    build("--checksum=$SUM", "a").fails_with(2).stderr_has("address");
    build("--checksum=$SUM", &format!("{url} {url}")).fails_with(2).stderr_has("one source");
}

#[test]
fn a_broken_connection_is_taken_up_again() {
    let content: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    let sent = content.clone();
    let web = Web::start(move |asked, before| {
        let range =
            asked.headers.get("range").and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-'));
        match range.map(|start| start.parse::<usize>().unwrap()) {
            _ if before == 1 => Reply::status(503),
            None => Reply::ok(sent.clone()).header("ETag", "\"1\"").cut(300_000),
            Some(start) => Reply::partial(&sent, start),
        }
    });
    let tree = Project::new(&format!("FROM scratch\nADD {} /x\n", web.url("x"))).build().tree();
    assert_eq!(tree["x"].content, content);
    assert_eq!(web.asked().len(), 3);
    assert_eq!(web.asked()[2].headers["if-range"], "\"1\"");
}

#[test]
fn secrets_open_a_server() {
    let web = Web::start(|asked, _| match asked.headers.get("authorization") {
        Some(header) if header == "Bearer s3cret" => Reply::ok("x"),
        _ => Reply::status(401),
    });
    let project = Project::new(&format!("FROM scratch\nADD {} /x\n", web.url("x")));
    project.kbuild_to_layout().run().fails_with(20).stderr_has("HTTP_AUTH_TOKEN");
    let secret = ["--secret", "id=HTTP_AUTH_TOKEN_127.0.0.1,env=TOKEN"];
    project.kbuild_to_layout().args(secret).env("TOKEN", "s3cret").run().success().nowhere_has("s3cret");
}

#[test]
fn what_is_not_there() {
    let web = Web::start(|_, _| Reply::status(404));
    let project = Project::new(&format!("FROM scratch\nADD {} /x\n", web.url("x?token=hidden")));
    project.kbuild_to_layout().run().fails_with(11).stderr_has("Dockerfile:2").stderr_has("address");
    let copy = Project::new(&format!("FROM scratch\nCOPY {} /x\n", web.url("x")));
    copy.kbuild_to_layout().run().fails_with(2).stderr_has("ADD");
}
