//! The same words for a directory.

use ktrust_registry::{BlobSource, ErrorKind, Pushed, Selector};
use tokio::io::AsyncReadExt as _;

use crate::support::{Image, repository, settings, tag};

#[tokio::test]
async fn a_layout_is_a_repository() {
    let directory = tempfile::tempdir().unwrap();
    let name = format!("oci:{}/images", directory.path().display());
    let repository = repository(settings(), &name);
    assert_eq!(repository.name(), name);
    let image = Image::new(1_500_000, 30);
    assert_eq!(repository.resolve(&tag("v1")).await.unwrap_err().kind(), ErrorKind::Input);
    assert!(!repository.has_blob(&image.layer_blob()).await.unwrap());
    repository.check_push().await.unwrap();
    assert_eq!(image.push(&repository, Some("v1")).await.unwrap(), Pushed::Uploaded);
    assert_eq!(image.push(&repository, Some("v1")).await.unwrap(), Pushed::Existed);
    assert_eq!(repository.tags().await.unwrap(), ["v1"]);
    let descriptor = repository.resolve(&Selector::Default).await.unwrap();
    assert_eq!(descriptor.digest, image.document.digest);
    let by_digest = Selector::Digest(descriptor.digest.clone());
    assert_eq!(repository.document(&by_digest).await.unwrap(), image.document);

    let layer = image.layer_blob();
    assert_eq!(repository.blob(&layer, u64::MAX).await.unwrap(), image.layer);
    let mut bytes = Vec::new();
    repository.blob_stream(&layer).await.unwrap().read_to_end(&mut bytes).await.unwrap();
    assert_eq!(bytes, image.layer);
    let file = directory.path().join("copy");
    repository.fetch_blob(&layer, &file).await.unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), image.layer);

    repository.delete(&descriptor.digest).await.unwrap();
    assert_eq!(repository.delete(&descriptor.digest).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn damage_is_noticed() {
    let directory = tempfile::tempdir().unwrap();
    let repository = repository(settings(), &format!("oci:{}", directory.path().display()));
    let image = Image::new(1_000_000, 31);
    let layer = image.layer_blob();
    let wrong = BlobSource::from(vec![0; image.layer.len()]);
    assert_eq!(repository.put_blob(&layer, wrong, None).await.unwrap_err().kind(), ErrorKind::Protocol);
    image.push(&repository, Some("v1")).await.unwrap();
    let path = directory.path().join("blobs/sha256").join(layer.digest.hex());
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[999_999] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert_eq!(repository.blob(&layer, u64::MAX).await.unwrap_err().kind(), ErrorKind::Protocol);
    let mut sink = Vec::new();
    assert!(repository.blob_stream(&layer).await.unwrap().read_to_end(&mut sink).await.is_err());
    let copy = directory.path().join("copy");
    assert_eq!(repository.fetch_blob(&layer, &copy).await.unwrap_err().kind(), ErrorKind::Protocol);
    assert!(!copy.exists());
}
