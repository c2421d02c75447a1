//! Registries in trouble, and registries that lie.

use std::time::{Duration, Instant};

use ktrust_oci::{Descriptor, Digest, media_type};
use ktrust_registry::{Error, ErrorKind, Repository, Selector, Settings, Violation};

use crate::fake::{Fake, Reply};
use crate::support::{Image, recorded, repository, settings, tag};

fn plain(fake: &Fake) -> Settings {
    Settings { plain_http: vec![fake.host.clone()], ..settings() }
}

fn open(fake: &Fake) -> Repository {
    repository(plain(fake), &fake.image("app"))
}

fn manifest(image: &Image) -> Reply {
    Reply::ok(image.document.bytes.clone()).header("Content-Type", media_type::OCI_MANIFEST)
}

#[tokio::test]
async fn a_server_recovers() {
    let image = Image::new(10, 40);
    let document = image.document.clone();
    let fake = Fake::start(move |_, before| match before {
        0 => Reply::status(500),
        1 => Reply::status(503),
        2 => manifest(&image).cut(20),
        _ => manifest(&image),
    });
    let (settings, recorder) = recorded(plain(&fake));
    let repository = repository(settings, &fake.image("app"));
    assert_eq!(repository.document(&tag("v1")).await.unwrap(), document);
    assert_eq!(fake.lines(), ["GET /v2/app/manifests/v1"; 4]);
    assert_eq!(recorder.events().len(), 3);
}

#[tokio::test]
async fn patience_ends() {
    let fake = Fake::start(|_, _| Reply::status(503));
    let error = open(&fake).document(&tag("v1")).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Transient, Some(503)));
    assert_eq!(fake.lines().len(), 4);
    assert!(error.hint().unwrap().contains("75"));
    // What will not change is asked once.
    let fake = Fake::start(|_, _| Reply::status(400).header("X", "y"));
    assert_eq!(open(&fake).document(&tag("v1")).await.unwrap_err().kind(), ErrorKind::Protocol);
    assert_eq!(fake.lines().len(), 1);
}

#[tokio::test]
async fn retry_after_is_obeyed_within_reason() {
    let image = Image::new(10, 41);
    let fake = Fake::start(move |_, before| match before {
        0 => Reply::status(429).header("Retry-After", "1"),
        _ => manifest(&image),
    });
    let started = Instant::now();
    open(&fake).document(&tag("v1")).await.unwrap();
    assert!(started.elapsed() >= Duration::from_secs(1));

    let fake = Fake::start(|_, _| Reply::status(429).header("Retry-After", "21600"));
    let started = Instant::now();
    let error = open(&fake).document(&tag("v1")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient);
    assert!(started.elapsed() < Duration::from_secs(1));
    assert_eq!(fake.lines().len(), 1);
    assert!(error.hint().unwrap().contains("dependency proxy"));
}

#[tokio::test]
async fn silence_is_noticed() {
    let fake = Fake::start(|_, _| Reply::silent(Duration::from_secs(3)));
    let mut settings = plain(&fake);
    settings.read_timeout = Duration::from_millis(200);
    settings.retry.attempts = 2;
    let started = Instant::now();
    let error = repository(settings, &fake.image("app")).document(&tag("v1")).await.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error}");
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn lies_about_manifests_are_found() {
    let image = Image::new(10, 42);
    let digest = image.document.digest.clone();
    let other = Image::new(10, 43);
    let fake = Fake::start(move |asked, _| match asked.path.rsplit('/').next().unwrap() {
        "named" => manifest(&image).header("Docker-Content-Digest", Digest::of("x").to_string()),
        "html" => Reply::ok("<html>login</html>").header("Content-Type", "text/html"),
        "huge" => Reply::ok(vec![b' '; (4 << 20) + 1]).header("Content-Type", media_type::OCI_MANIFEST),
        "schema1" => Reply::ok(r#"{"schemaVersion":1,"fsLayers":[]}"#),
        "typed" => Reply::ok(image.document.bytes.clone()).header("Content-Type", media_type::OCI_INDEX),
        _ => manifest(&other),
    });
    let repository = open(&fake);
    let violation = |error: Error| match error {
        Error::Protocol { violation, .. } => violation,
        other => panic!("{other:?}"),
    };
    let error = repository.document(&Selector::Digest(digest)).await.unwrap_err();
    assert!(
        matches!(error, Error::Content { source: ktrust_oci::Error::WrongDigest { .. }, .. }),
        "{error:?}"
    );
    assert_eq!(error.kind(), ErrorKind::Protocol);
    let named = violation(repository.document(&tag("named")).await.unwrap_err());
    assert!(matches!(named, Violation::Digest { .. }));
    let huge = violation(repository.document(&tag("huge")).await.unwrap_err());
    assert_eq!(huge, Violation::TooLong(4 << 20));
    for (name, says) in [("html", "malformed"), ("schema1", "schema 1"), ("typed", "index")] {
        let Error::Content { source, .. } = repository.document(&tag(name)).await.unwrap_err() else {
            panic!("{name}")
        };
        assert!(source.to_string().contains(says), "{source}");
    }
}

#[tokio::test]
async fn heads_that_tell_nothing_are_followed_by_a_get() {
    let image = Image::new(10, 44);
    let expected = image.document.descriptor();
    let fake = Fake::start(move |asked, _| match asked.method.as_str() {
        "HEAD" => Reply::status(405),
        _ => manifest(&image),
    });
    assert_eq!(open(&fake).resolve(&tag("v1")).await.unwrap(), expected);
    assert_eq!(fake.lines(), ["HEAD /v2/app/manifests/v1", "GET /v2/app/manifests/v1"]);
}

#[tokio::test]
async fn tags_cannot_leave_the_repository() {
    let fake = Fake::start(|_, _| Reply::status(404));
    let _ = open(&fake).document(&tag("../../other/manifests/x?y#z")).await;
    assert_eq!(fake.lines(), ["GET /v2/app/manifests/..%2F..%2Fother%2Fmanifests%2Fx%3Fy%23z"]);
}

#[tokio::test]
async fn mirrors_are_asked_first() {
    let image = Image::new(5000, 45);
    let (layer, blob, document) = (image.layer.clone(), image.layer_blob(), image.document.clone());
    let broken = Fake::start(|_, _| Reply::status(404));
    let mirror = Fake::start(move |asked, _| match asked.line() {
        line if line.contains("/manifests/") => manifest(&image),
        _ => Reply::ok(layer.clone()),
    });
    let mut settings = settings();
    settings.plain_http = vec![broken.host.clone(), mirror.host.clone()];
    let mirrors = vec![broken.host.clone(), format!("{}/group/proxy", mirror.host)];
    settings.mirrors.insert("docker.io".into(), mirrors);
    let (settings, recorder) = recorded(settings);
    let repository = repository(settings, "busybox");
    assert_eq!(repository.document(&Selector::Default).await.unwrap(), document);
    assert_eq!(repository.blob(&blob, u64::MAX).await.unwrap().len(), 5000);
    assert_eq!(mirror.lines()[0], "GET /v2/group/proxy/library/busybox/manifests/latest");
    assert_eq!(broken.lines()[0], "GET /v2/library/busybox/manifests/latest");
    let told = recorder.events();
    assert_eq!(told.iter().filter(|event| **event == format!("mirror {}", broken.host)).count(), 2);
}

#[tokio::test]
async fn mirrors_may_be_all_there_is() {
    let origin = Fake::start(|_, _| Reply::ok("{}"));
    let mirrors = [Fake::start(|_, _| Reply::status(404)), Fake::start(|_, _| Reply::status(403))];
    let hosts: Vec<_> = mirrors.iter().map(|mirror| mirror.host.clone()).collect();
    let mut settings = Settings { mirrors_only: true, ..settings() };
    settings.mirrors.insert(origin.host.clone(), hosts);
    let repository = repository(settings, &origin.image("app"));
    let error = repository.document(&tag("v1")).await.unwrap_err();
    assert_eq!(error.status(), Some(403), "the last mirror's answer");
    assert_eq!(repository.resolve(&tag("v1")).await.unwrap_err().status(), Some(403));
    assert!(repository.blob(&Descriptor::of("x", b"x"), 10).await.is_err());
    assert!(origin.lines().iter().all(|line| !line.contains("/app/")), "{:?}", origin.lines());
    let _ = repository.without_mirrors().resolve(&tag("v1")).await;
    assert!(origin.lines().iter().any(|line| line.contains("/app/")));
}

#[tokio::test]
async fn an_absent_size_is_no_size() {
    let fake = Fake::start(|_, _| Reply::ok("content"));
    let blob = Descriptor::new("x", Digest::of("content"), 0);
    assert_eq!(open(&fake).blob(&blob, 10).await.unwrap_err().kind(), ErrorKind::Protocol);
}
