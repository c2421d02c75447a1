//! Against a real registry with TLS under an authority of its own.

use ktrust_registry::{ErrorKind, Settings};

use crate::real::{Kind, Registry};
use crate::support::{Image, repository, settings, tag};

#[tokio::test]
async fn an_unknown_authority_is_refused() {
    let registry = Registry::start(Kind::Tls);
    let error = repository(settings(), &registry.image("app")).document(&tag("x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
    assert!(error.hint().unwrap().contains("CI_SERVER_TLS_CA_FILE"));
}

#[tokio::test]
async fn an_added_authority_is_trusted() {
    let registry = Registry::start(Kind::Tls);
    let settings = Settings { extra_roots: vec![registry.authority()], ..settings() };
    let repository = repository(settings, &registry.image("app"));
    let image = Image::new(2 << 20, 20);
    image.push(&repository, Some("v1")).await.unwrap();
    assert_eq!(repository.document(&tag("v1")).await.unwrap(), image.document);
    assert_eq!(repository.blob(&image.layer_blob(), u64::MAX).await.unwrap(), image.layer);
}

#[tokio::test]
async fn the_check_can_be_left_out_for_one_host() {
    let registry = Registry::start(Kind::Tls);
    let name = registry.image("app");
    let skip = |host: &str| Settings { skip_tls_verify: vec![host.into()], ..settings() };
    repository(skip(&registry.host), &name).check_push().await.unwrap();
    let error = repository(skip("other.example"), &name).check_push().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls);
}

#[tokio::test]
async fn plain_http_to_tls_is_explained() {
    let registry = Registry::start(Kind::Tls);
    let settings = Settings { plain_http: vec![registry.host.clone()], ..settings() };
    let error = repository(settings, &registry.image("app")).check_push().await.unwrap_err();
    assert!(error.hint().unwrap().contains("speaks HTTPS"), "{error}");
}
