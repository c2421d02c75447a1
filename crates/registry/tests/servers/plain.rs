//! Against a real registry without TLS and passwords.

use ktrust_oci::{Descriptor, Digest, Document, Index, media_type};
use ktrust_registry::{BlobSource, ErrorKind, Pushed, Selector};
use tokio::io::AsyncReadExt as _;

use crate::real::{Kind, Registry};
use crate::support::{Image, recorded, repository, settings, tag};

#[tokio::test]
async fn what_is_pushed_can_be_pulled() {
    let registry = Registry::start(Kind::Plain);
    let (settings, recorder) = recorded(settings());
    let repository = repository(settings, &registry.image("group/app"));
    let image = Image::new(3 << 20, 1);
    repository.check_push().await.unwrap();
    // The registry's own tidying leaves an empty directory; it has to say that it has cancelled.
    let log = registry.log();
    assert!(log.lines().any(|line| line.contains("method=DELETE") && line.contains("status=204")), "{log}");

    assert_eq!(image.push(&repository, Some("v1")).await.unwrap(), Pushed::Uploaded);
    assert_eq!(image.push(&repository, Some("v2")).await.unwrap(), Pushed::Existed);
    assert_eq!(recorder.events(), ["Push", "Push", "Exists", "Exists"]);
    let sizes = (image.config.len() + image.layer.len()) as u64;
    assert_eq!(*recorder.bytes.lock().unwrap(), sizes);

    let expected = image.document.descriptor();
    assert_eq!(repository.resolve(&tag("v1")).await.unwrap(), expected);
    let by_digest = Selector::Digest(expected.digest.clone());
    assert_eq!(repository.resolve(&by_digest).await.unwrap(), expected);
    assert_eq!(repository.document(&by_digest).await.unwrap(), image.document);
    assert_eq!(repository.document(&tag("v2")).await.unwrap(), image.document);
    assert_eq!(repository.tags().await.unwrap(), ["v1", "v2"]);

    assert_eq!(repository.blob(&image.config_blob(), 1 << 20).await.unwrap(), image.config);
    assert!(repository.blob(&image.layer_blob(), 1 << 20).await.is_err(), "more than the caller allows");
    let mut bytes = Vec::new();
    repository.blob_stream(&image.layer_blob()).await.unwrap().read_to_end(&mut bytes).await.unwrap();
    assert_eq!(bytes, image.layer);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("layer");
    repository.fetch_blob(&image.layer_blob(), &file).await.unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), image.layer);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);

    repository.delete(&expected.digest).await.unwrap();
    assert_eq!(repository.resolve(&tag("v1")).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn blobs_are_mounted_across_repositories() {
    let registry = Registry::start(Kind::Plain);
    let image = Image::new(10_000, 2);
    image.push(&repository(settings(), &registry.image("base")), Some("1")).await.unwrap();
    let (recording, recorder) = recorded(settings());
    let app = repository(recording, &registry.image("app"));
    assert!(!app.has_blob(&image.layer_blob()).await.unwrap());
    let source = || BlobSource::from(image.layer.clone());
    let pushed = app.put_blob(&image.layer_blob(), source(), Some("base")).await.unwrap();
    assert_eq!(pushed, Pushed::Mounted);
    assert!(app.has_blob(&image.layer_blob()).await.unwrap());
    // A repository that has not got it.
    let config = BlobSource::from(image.config.clone());
    let pushed = app.put_blob(&image.config_blob(), config, Some("nothing/here")).await.unwrap();
    assert_eq!(pushed, Pushed::Uploaded);
    assert_eq!(recorder.events(), ["Mounted", "Push"]);

    // The question alone, with nothing at hand to send.
    let third = repository(settings(), &registry.image("third"));
    let base = repository(settings(), &registry.image("base"));
    assert!(third.mount_blob(&image.layer_blob(), &base).await.unwrap());
    assert!(third.has_blob(&image.layer_blob()).await.unwrap());
    let missing = Descriptor::new("x", Digest::of("missing"), 7);
    assert!(!third.mount_blob(&missing, &base).await.unwrap());
    assert!(!third.mount_blob(&image.layer_blob(), &third).await.unwrap());
}

#[tokio::test]
async fn an_index_and_its_images() {
    let registry = Registry::start(Kind::Plain);
    let repository = repository(settings(), &registry.image("multi"));
    let images = [Image::new(100, 3), Image::new(100, 4)];
    for image in &images {
        image.push(&repository, None).await.unwrap();
    }
    let entries = images.iter().map(|image| image.document.descriptor()).collect();
    let index = Document::from_index(&Index::new(entries)).unwrap();
    repository.put_document(Some("latest"), &index).await.unwrap();
    let found = repository.document(&Selector::Default).await.unwrap();
    assert_eq!(found, index);
    assert_eq!(found.media_type, media_type::OCI_INDEX);
    assert_eq!(repository.tags().await.unwrap(), ["latest"]);
    // docker-registry 2.8 has no referrers API.
    assert_eq!(repository.referrers(&index.digest, None).await.unwrap(), None);
}

#[tokio::test]
async fn what_does_not_exist_is_named() {
    let registry = Registry::start(Kind::Plain);
    let repository = repository(settings(), &registry.image("app"));
    let error = repository.document(&tag("v9")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let text = error.to_string();
    assert!(text.contains("/v2/app/manifests/v9") && text.contains("MANIFEST_UNKNOWN"), "{text}");
    assert_eq!(repository.tags().await.unwrap_err().registry_errors()[0].code, "NAME_UNKNOWN");
    let missing = Descriptor::new("x", Digest::of("missing"), 7);
    assert!(!repository.has_blob(&missing).await.unwrap());
    assert_eq!(repository.blob(&missing, 10).await.unwrap_err().kind(), ErrorKind::NotFound);
    // The registry checks what it is sent.
    let wrong = BlobSource::from(b"missinG".to_vec());
    let error = repository.put_blob(&missing, wrong, None).await.unwrap_err();
    assert_eq!(error.registry_errors()[0].code, "DIGEST_INVALID");
    // A manifest whose blobs are not there.
    let error = repository.put_document(Some("x"), &Image::new(10, 5).document).await.unwrap_err();
    assert!(error.registry_errors().iter().any(|error| error.code == "MANIFEST_BLOB_UNKNOWN"), "{error}");
}

#[tokio::test]
async fn tags_come_in_pages() {
    let registry = Registry::start(Kind::Plain);
    let repository = repository(settings(), &registry.image("app"));
    let image = Image::new(10, 6);
    image.push(&repository, Some("t0")).await.unwrap();
    // The registry serves at most 1000 at a time; links in its storage are quicker than pushes.
    let tags = registry.storage("repositories/app/_manifests/tags");
    for number in 1..1200 {
        std::fs::create_dir(tags.join(format!("t{number}"))).unwrap();
    }
    assert_eq!(repository.tags().await.unwrap().len(), 1200);
}

#[tokio::test]
async fn a_closed_port_is_transient() {
    let registry = Registry::start(Kind::Plain);
    let name = registry.image("app");
    drop(registry);
    let error = repository(settings(), &name).document(&tag("x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient, "{error}");
    assert!(error.hint().is_some());
}
