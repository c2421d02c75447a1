//! Against a real registry with TLS under an authority of its own.

use ktrust_registry::{ErrorKind, Hosts, Settings};

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
    let skip = |host: &str| Settings { skip_tls_verify: vec![host.into()].into(), ..settings() };
    repository(skip(&registry.host), &name).check_push().await.unwrap();
    let error = repository(skip("other.example"), &name).check_push().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls);
}

#[tokio::test]
async fn an_authority_may_be_for_one_host() {
    let registry = Registry::start(Kind::Tls);
    let name = registry.image("app");
    let only = |host: &str| Settings {
        host_roots: [(host.to_owned(), vec![registry.authority()])].into(),
        ..settings()
    };
    repository(only(&registry.host), &name).check_push().await.unwrap();
    let error = repository(only("other.example"), &name).check_push().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls);
}

#[tokio::test]
async fn a_registry_may_want_our_certificate() {
    let registry = Registry::start(Kind::Identified);
    let name = registry.image("app");
    let stranger = || Settings { extra_roots: vec![registry.authority()], ..settings() };
    assert!(repository(stranger(), &name).check_push().await.is_err());
    let own = [(registry.host.clone(), registry.certificate())].into();
    let known = Settings { client_certificates: own, ..stranger() };
    let image = Image::new(5000, 21);
    image.push(&repository(known, &name), Some("v1")).await.unwrap();
}

#[tokio::test]
async fn whether_there_is_tls_may_be_asked() {
    let (tls, plain) = (Registry::start(Kind::Tls), Registry::start(Kind::Plain));
    // Loopback is asked anyway; this address of the same machine is not known as such.
    let other_name = |registry: &Registry| registry.image("app").replace("127.0.0.1", "[::ffff:7f00:1]");
    let trusting = || Settings { skip_tls_verify: Hosts::default().and_all_but(vec![]), ..settings() };
    assert!(repository(trusting(), &other_name(&plain)).check_push().await.is_err());
    for registry in [&tls, &plain] {
        let fallback = Hosts::default().and_all_but(vec![]);
        let settings = Settings { plain_http_fallback: fallback, ..trusting() };
        repository(settings, &other_name(registry)).check_push().await.unwrap();
    }
}

#[tokio::test]
async fn plain_http_to_tls_is_explained() {
    let registry = Registry::start(Kind::Tls);
    let settings = Settings { plain_http: vec![registry.host.clone()], ..settings() };
    let error = repository(settings, &registry.image("app")).check_push().await.unwrap_err();
    assert!(error.hint().unwrap().contains("speaks HTTPS"), "{error}");
}
