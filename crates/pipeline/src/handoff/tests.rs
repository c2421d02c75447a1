//! The hand-off as files on disk.

use std::collections::BTreeMap;

use super::Handoff;
use crate::{Error, Kind};

const DIGEST: &str = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

fn sample() -> Handoff {
    Handoff {
        reference: "r.example/a:v1".into(),
        repository: "r.example/a".into(),
        digest: DIGEST.parse().unwrap(),
        tags: vec!["v1".into(), "latest".into()],
        media_type: "application/vnd.oci.image.manifest.v1+json".into(),
        platforms: vec!["linux/amd64".into()],
    }
}

fn environment(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn written_and_read_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("build.env");
    sample().write(&path, "").unwrap();
    assert_eq!(Handoff::read(&path, "", &environment(&[("IMAGE_DIGEST", DIGEST)])).unwrap(), sample());
}

#[test]
fn two_images_in_one_project_have_two_prefixes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("api.env");
    sample().write(&path, "API_").unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("\nAPI_IMAGE_DIGEST=sha256:"), "{text}");
    assert_eq!(Handoff::read(&path, "API_", &environment(&[("IMAGE_DIGEST", "other")])).unwrap(), sample());
}

#[test]
fn a_variable_that_hides_the_digest_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("build.env");
    sample().write(&path, "").unwrap();
    let other = DIGEST.replace('2', "3");
    let error = Handoff::read(&path, "", &environment(&[("IMAGE_DIGEST", &other)])).unwrap_err();
    assert!(matches!(error, Error::Disagreement { .. }), "{error}");
    assert_eq!(error.kind(), Kind::Handoff);
}

#[test]
fn a_file_without_a_digest_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("build.env");
    sample().write(&path, "").unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    for bad in
        [text.replace(DIGEST, ""), text.replace(DIGEST, "v1"), text.replace("IMAGE_DIGEST", "IMAGE_DIGEzST")]
    {
        std::fs::write(&path, bad).unwrap();
        assert_eq!(Handoff::read(&path, "", &environment(&[])).unwrap_err().kind(), Kind::Handoff);
    }
}

#[test]
fn values_that_gitlab_would_change_are_refused_before_the_build() {
    let handoff = Handoff { tags: vec!["$TAG".into()], ..sample() };
    assert_eq!(handoff.check("").unwrap_err().kind(), Kind::Usage);
}
