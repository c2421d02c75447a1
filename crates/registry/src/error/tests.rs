//! Messages, classes, and that nothing secret is shown.

use std::error::Error as _;

use reqwest::{Method, StatusCode, Url};

use super::describe::{is_transient, read_errors};
use super::{Attempt, Error, ErrorKind, Outcome, Request};

fn request(url: &str) -> Request {
    Request::new(&Method::GET, &Url::parse(url).unwrap())
}

#[test]
fn urls_are_shown_without_secrets() {
    let shown = request("https://user:pass@r.example/v2/a?digest=sha256:1&_state=secret&X-Amz-Signature=s");
    assert_eq!(shown.to_string(), "GET https://r.example/v2/a?digest=sha256:1&_state=…&X-Amz-Signature=…");
}

#[test]
fn the_registry_speaks() {
    let errors =
        read_errors(br#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest\nunknown","detail":{}}]}"#);
    assert_eq!(errors[0].to_string(), "MANIFEST_UNKNOWN (manifest unknown)");
    assert_eq!(errors[0].known(), oci_client::errors::OciErrorCode::ManifestUnknown);
    assert_eq!(read_errors(b"upstream timed out")[0].to_string(), "upstream timed out");
    assert!(read_errors(b"<html>").is_empty());
    let error = Error::NotFound { request: request("https://r.example/v2/a"), errors };
    assert_eq!(
        error.to_string(),
        "not found: GET https://r.example/v2/a: MANIFEST_UNKNOWN (manifest unknown)"
    );
    assert!(error.source().is_none());
}

#[test]
fn attempts_are_named() {
    let error = Error::Unauthorized {
        request: request("https://registry-1.docker.io/v2/a/manifests/b"),
        errors: vec![],
        attempts: vec![
            Attempt { origin: "DOCKER_AUTH_CONFIG".into(), outcome: Outcome::Refused(401) },
            Attempt { origin: "anonymous".into(), outcome: Outcome::Unusable("only for pulls".into()) },
        ],
    };
    assert_eq!(error.kind(), ErrorKind::Auth);
    let text = error.to_string();
    assert!(
        text.ends_with("tried DOCKER_AUTH_CONFIG (answer 401), then anonymous (only for pulls)"),
        "{text}"
    );
    assert!(error.hint().unwrap().contains("docker login docker.io"));
}

#[test]
fn transient_answers() {
    let transient = |code: u16| is_transient(StatusCode::from_u16(code).unwrap());
    for code in [408, 429, 500, 502, 503, 504, 520] {
        assert!(transient(code), "{code}");
    }
    for code in [400, 401, 403, 404, 405, 413, 416, 501, 505] {
        assert!(!transient(code), "{code}");
    }
}

#[test]
fn a_cloud_says_how_it_is_entered() {
    let (request, errors) = (request("https://1.dkr.ecr.eu-west-1.amazonaws.com/v2/a/manifests/b"), vec![]);
    let denied = Error::Forbidden { request: request.clone(), errors: vec![], attempts: vec![] };
    assert!(denied.hint().unwrap().contains("ecr-login"));
    let unknown = Error::Unauthorized { request, errors, attempts: vec![] };
    assert!(unknown.hint().unwrap().contains("aws ecr get-login-password"));
}
