//! How references are read, compared with `oci-spec` where it knows the form.

use super::Reference;
use crate::error::ReferenceProblem as Problem;
use crate::{Digest, Error};

const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn parsed(text: &str) -> Reference {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn problem(text: &str) -> Problem {
    match text.parse::<Reference>() {
        Err(Error::Reference { problem, .. }) => problem,
        other => panic!("`{text}` gave {other:?}"),
    }
}

#[test]
fn short_forms_are_completed() {
    for (text, expected) in [
        ("busybox", "docker.io/library/busybox:latest"),
        ("docker.io/busybox", "docker.io/library/busybox:latest"),
        ("index.docker.io/busybox:1", "docker.io/library/busybox:1"),
        ("index.docker.io/a/b", "docker.io/a/b:latest"),
        ("user/app:Tag_1.0-x", "docker.io/user/app:Tag_1.0-x"),
        ("localhost/app", "localhost/app:latest"),
        ("localhost:5000/app", "localhost:5000/app:latest"),
        ("app:5000", "docker.io/library/app:5000"),
        ("host:5000/a/b:t", "host:5000/a/b:t"),
        ("127.0.0.1:5000/a", "127.0.0.1:5000/a:latest"),
        ("registry.gitlab.com/g/sub/p/image:v1", "registry.gitlab.com/g/sub/p/image:v1"),
        ("xn--n3h.com/myimage:xn--n3h.com", "xn--n3h.com/myimage:xn--n3h.com"),
        ("foo_bar.com:8080", "docker.io/library/foo_bar.com:8080"),
        ("b.gcr.io/test.example.com/my--app__x", "b.gcr.io/test.example.com/my--app__x:latest"),
    ] {
        assert_eq!(parsed(text).to_string(), expected, "{text}");
        let second: oci_spec::distribution::Reference = text.parse().unwrap();
        assert_eq!(second.whole(), expected, "oci-spec reads `{text}` otherwise");
    }
    // What oci-spec does not know.
    assert_eq!(parsed("[::1]:5000/a").to_string(), "[::1]:5000/a:latest");
    assert_eq!(parsed("Host/a").to_string(), "Host/a:latest");
}

#[test]
fn tag_and_digest() {
    let both = parsed(&format!("host:5000/a:t@{DIGEST}"));
    assert_eq!((both.tag(), both.digest().unwrap().as_str()), (Some("t"), DIGEST));
    assert_eq!(both.name(), "host:5000/a");
    assert_eq!((both.registry(), both.repository()), ("host:5000", "a"));
    let only = parsed(&format!("a@{DIGEST}"));
    assert_eq!(only.tag(), None);
    assert_eq!(only.to_string(), format!("docker.io/library/a@{DIGEST}"));

    let other = Digest::of("x");
    assert_eq!(both.with_digest(other.clone()).to_string(), format!("host:5000/a@{other}"));
    assert_eq!(both.with_tag("u").unwrap().to_string(), "host:5000/a:u");
    assert_eq!(both.pinned(other.clone()).to_string(), format!("host:5000/a:t@{other}"));
    assert!(both.with_tag("no/tag").is_err());
}

#[test]
fn mistakes_are_named() {
    for (text, expected) in [
        ("", Problem::Empty),
        (":tag", Problem::Empty),
        ("host.com/", Problem::Empty),
        ("docker.io/", Problem::Empty),
        ("UPPER", Problem::Uppercase),
        ("registry.gitlab.com/Group/app", Problem::Uppercase),
        ("a//b", Problem::Repository),
        ("a/b_", Problem::Repository),
        ("a/b..c", Problem::Repository),
        ("a/b___c", Problem::Repository),
        ("a b", Problem::Repository),
        ("https://host.com/a", Problem::Repository),
        ("host.com:port/a", Problem::Registry),
        ("host.com:0/a", Problem::Registry),
        ("-host.com/a", Problem::Registry),
        ("[::1/a", Problem::Registry),
        ("a:.tag", Problem::Tag),
        ("a:", Problem::Tag),
        ("a@sha256:abc", Problem::Digest),
        ("a@", Problem::Digest),
        (&DIGEST[7..], Problem::ImageId),
    ] {
        assert_eq!(problem(text), expected, "{text}");
    }
    assert_eq!(problem(&format!("a/{}", "b".repeat(260))), Problem::TooLong);
    assert_eq!(problem(&format!("a:{}", "b".repeat(129))), Problem::Tag);
}

#[test]
fn text_and_json_are_the_same() {
    let reference = parsed("busybox:1");
    let json = serde_json::to_string(&reference).unwrap();
    assert_eq!(json, "\"docker.io/library/busybox:1\"");
    assert_eq!(serde_json::from_str::<Reference>(&json).unwrap(), reference);
}
