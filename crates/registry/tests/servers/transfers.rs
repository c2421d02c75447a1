//! Blobs over bad connections.

use std::sync::Arc;

use ktrust_oci::Descriptor;
use ktrust_registry::{BlobSource, Error, ErrorKind, Pushed, Repository, Settings};
use tokio::io::AsyncReadExt as _;

use crate::fake::{Asked, Fake, Reply};
use crate::support::{account, keychain, noise, recorded, repository, settings};

fn plain(fake: &Fake) -> Settings {
    Settings { plain_http: vec![fake.host.clone()], ..settings() }
}

fn open(fake: &Fake) -> Repository {
    repository(plain(fake), &fake.image("app"))
}

/// Where a request wants to begin.
fn start_of(asked: &Asked) -> usize {
    let range = asked.header("range").and_then(|text| text.strip_prefix("bytes=")?.strip_suffix('-'));
    range.map_or(0, |start| start.parse().unwrap())
}

/// A server that knows ranges and breaks off after `piece` bytes each time.
fn breaking(content: &Arc<Vec<u8>>, piece: usize) -> Fake {
    let content = Arc::clone(content);
    Fake::start(move |asked, _| {
        let start = start_of(asked);
        let rest = content[start..].to_vec();
        let cut = piece.min(rest.len());
        let range = format!("bytes {start}-{}/{}", content.len() - 1, content.len());
        match start {
            0 => Reply::ok(rest).cut(cut),
            _ => Reply::status(206).header("Content-Range", range).with(rest).cut(cut),
        }
    })
}

#[tokio::test]
async fn a_broken_download_goes_on_where_it_broke() {
    let content = Arc::new(noise(1_000_000, 50));
    let blob = Descriptor::of("x", &content);
    // Ten breaks with four attempts: progress starts the count anew.
    let fake = breaking(&content, 100_001);
    let (settings, recorder) = recorded(plain(&fake));
    let app = repository(settings, &fake.image("app"));
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("blob");
    app.fetch_blob(&blob, &file).await.unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), *content);
    let starts: Vec<usize> = fake.asked().iter().map(start_of).collect();
    assert_eq!(starts, (0..10).map(|n| n * 100_001).collect::<Vec<_>>());
    assert_eq!(*recorder.bytes.lock().unwrap(), 1_000_000);

    let mut bytes = Vec::new();
    app.blob_stream(&blob).await.unwrap().read_to_end(&mut bytes).await.unwrap();
    assert_eq!(bytes, *content);
}

#[tokio::test]
async fn servers_without_ranges_start_again() {
    let content = Arc::new(noise(300_000, 51));
    let blob = Descriptor::of("x", &content);
    let served = Arc::clone(&content);
    let fake = Fake::start(move |_, before| {
        let cut = [100_000, 50_000, 200_000].get(before).copied();
        Reply::ok(served.to_vec()).cut(cut.unwrap_or(served.len()))
    });
    assert_eq!(open(&fake).blob(&blob, u64::MAX).await.unwrap(), *content);
    assert_eq!(fake.lines().len(), 4);
}

#[tokio::test]
async fn wrong_blobs_leave_nothing() {
    let content = noise(200_000, 52);
    let blob = Descriptor::of("x", &content);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("blob");
    for (served, kind) in [
        (noise(200_000, 53), ErrorKind::Protocol),
        ([content.clone(), vec![0]].concat(), ErrorKind::Protocol),
        (content[..1000].to_vec(), ErrorKind::Transient),
    ] {
        let fake = Fake::start(move |_, _| Reply::ok(served.clone()));
        let error = open(&fake).fetch_blob(&blob, &file).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        let mut sink = Vec::new();
        assert!(open(&fake).blob_stream(&blob).await.unwrap().read_to_end(&mut sink).await.is_err());
        assert!(sink.len() < content.len(), "the last piece is held back");
    }
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_wrong_range_is_refused() {
    let content = noise(1000, 54);
    let blob = Descriptor::of("x", &content);
    let fake = Fake::start(move |_, before| match before {
        0 => Reply::ok(content.clone()).cut(500),
        _ => Reply::status(206).header("Content-Range", "bytes 0-999/1000").with(content.clone()),
    });
    let error = open(&fake).blob(&blob, u64::MAX).await.unwrap_err();
    assert!(matches!(error, Error::Protocol { .. }), "{error:?}");
}

#[tokio::test]
async fn storage_elsewhere_gets_no_credentials() {
    let content = noise(1000, 55);
    let blob = Descriptor::of("x", &content);
    let storage = Fake::start(move |_, _| Reply::ok(content.clone()));
    let target = format!("http://{}/bucket/blob?signature=secret", storage.host);
    let fake = Fake::start(move |asked, _| match asked.header("authorization") {
        None => Reply::status(401).header("WWW-Authenticate", "Basic realm=x"),
        Some(_) => Reply::status(307).header("Location", target.clone()),
    });
    let settings = keychain(vec![account(&fake.host, "user", "pass")]);
    let settings = Settings { plain_http: vec![fake.host.clone(), storage.host.clone()], ..settings };
    repository(settings, &fake.image("app")).blob(&blob, u64::MAX).await.unwrap();
    assert_eq!(storage.asked()[0].header("authorization"), None);
    assert_eq!(fake.asked()[1].header("authorization"), Some("Basic dXNlcjpwYXNz"));
}

/// A registry that takes uploads, with `put` deciding what becomes of the content.
fn taking(put: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static) -> Fake {
    Fake::start(move |asked, before| match asked.method.as_str() {
        "HEAD" => Reply::status(404),
        "POST" => Reply::status(202).header("Location", "/v2/app/blobs/uploads/1?_state=a%2Bb"),
        _ => put(asked, before),
    })
}

#[tokio::test]
async fn an_upload_is_repeated_from_the_start() {
    let content = noise(700_000, 56);
    let blob = Descriptor::of("x", &content);
    let fake = taking(|_, before| Reply::status(if before < 2 { 502 } else { 201 }));
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("blob");
    std::fs::write(&file, &content).unwrap();
    let pushed = open(&fake).put_blob(&blob, BlobSource::File(file.clone()), None).await.unwrap();
    assert_eq!(pushed, Pushed::Uploaded);
    let round = ["HEAD /v2/app/blobs/", "POST /v2/app/blobs/uploads/", "PUT /v2/app/blobs/uploads/1"];
    for (line, expected) in fake.lines().iter().zip(round.iter().cycle()) {
        assert!(line.starts_with(expected), "{line}");
    }
    let last = fake.asked().pop().unwrap();
    // The upload's own query stays as it is, the digest is added.
    let digest = blob.digest.as_str().replace(':', "%3A");
    assert_eq!(last.path, format!("/v2/app/blobs/uploads/1?_state=a%2Bb&digest={digest}"));
    assert_eq!(last.body, content);

    std::fs::write(&file, b"changed").unwrap();
    let error = open(&fake).put_blob(&blob, BlobSource::File(file), None).await.unwrap_err();
    assert!(matches!(error, Error::FileSize { actual: 7, .. }), "{error}");
}

#[tokio::test]
async fn a_lost_answer_is_no_lost_blob() {
    let blob = Descriptor::of("x", b"content");
    let fake = Fake::start(|asked, before| match (asked.method.as_str(), before) {
        ("HEAD", 0) => Reply::status(404),
        ("HEAD", _) => Reply::status(200),
        ("POST", _) => Reply::status(202).header("Location", "uploads/1"),
        _ => Reply::status(504),
    });
    let pushed = open(&fake).put_blob(&blob, b"content".to_vec().into(), None).await.unwrap();
    assert_eq!(pushed, Pushed::Existed);
    assert!(fake.lines().contains(&"PUT /v2/app/blobs/uploads/uploads/1".to_owned()), "relative Location");
}

#[tokio::test]
async fn mounts_that_fail_become_uploads() {
    for refusal in [202, 403, 404, 405] {
        let blob = Descriptor::of("x", b"content");
        let fake = Fake::start(move |asked, _| match asked.method.as_str() {
            "HEAD" => Reply::status(404),
            "POST" if asked.path.contains("mount=") && refusal != 202 => Reply::status(refusal),
            "POST" => Reply::status(202).header("Location", "/upload"),
            _ => Reply::status(201),
        });
        let pushed = open(&fake).put_blob(&blob, b"content".to_vec().into(), Some("base")).await.unwrap();
        assert_eq!(pushed, Pushed::Uploaded, "{refusal}");
        let mount = &fake.asked()[1].path;
        assert!(mount.contains("mount=sha256%3A") && mount.ends_with("&from=base"), "{mount}");
        assert_eq!(fake.asked().last().unwrap().body, b"content");
    }
}

#[tokio::test]
async fn uploads_to_elsewhere_get_no_credentials() {
    let storage = Fake::start(|_, _| Reply::status(201));
    let target = format!("http://{}/upload?sig=secret", storage.host);
    let fake = Fake::start(move |asked, _| match (asked.header("authorization"), asked.method.as_str()) {
        (None, _) => Reply::status(401).header("WWW-Authenticate", "Basic realm=x"),
        (_, "HEAD") => Reply::status(404),
        _ => Reply::status(202).header("Location", target.clone()),
    });
    let settings = keychain(vec![account(&fake.host, "user", "pass")]);
    let settings = Settings { plain_http: vec![fake.host.clone(), storage.host.clone()], ..settings };
    let blob = Descriptor::of("x", b"content");
    let app = repository(settings, &fake.image("app"));
    app.put_blob(&blob, b"content".to_vec().into(), None).await.unwrap();
    assert_eq!(storage.asked()[0].header("authorization"), None);
}
