//! The referrers API, which `docker-registry` does not have.

use ktrust_oci::{Descriptor, Digest, Index, media_type};
use ktrust_registry::{Repository, Settings};

use crate::fake::{Fake, Reply};
use crate::support::{Image, repository, settings};

fn open(fake: &Fake) -> Repository {
    repository(Settings { plain_http: vec![fake.host.clone()], ..settings() }, &fake.image("app"))
}

fn page(names: &[&str]) -> Reply {
    let entries = names.iter().map(|name| {
        let mut entry = Descriptor::of(media_type::OCI_MANIFEST, name.as_bytes());
        entry.artifact_type = Some((*name).to_owned());
        entry
    });
    let text = serde_json::to_vec(&Index::new(entries.collect())).unwrap();
    Reply::ok(text).header("Content-Type", media_type::OCI_INDEX)
}

#[tokio::test]
async fn referrers_come_in_pages_and_are_filtered() {
    let subject = Digest::of("subject");
    let next = format!("</v2/app/referrers/{subject}?next=2>; rel=\"next\"");
    let fake = Fake::start(move |asked, _| {
        if asked.path.contains("next=2") {
            page(&["sbom"])
        } else {
            page(&["signature", "sbom"]).header("Link", next.clone())
        }
    });
    let all = open(&fake).referrers(&subject, None).await.unwrap().unwrap();
    assert_eq!(all.len(), 3);
    let some = open(&fake).referrers(&subject, Some("sbom")).await.unwrap().unwrap();
    assert_eq!(some.len(), 2);
    assert!(fake.asked()[2].path.ends_with("?artifactType=sbom"));
}

#[tokio::test]
async fn absence_has_many_faces() {
    for reply in [404, 400, 405, 406] {
        let fake = Fake::start(move |_, _| Reply::status(reply));
        assert_eq!(open(&fake).referrers(&Digest::of("x"), None).await.unwrap(), None, "{reply}");
    }
    for (kind, body) in [
        ("text/html", "<html>"),
        ("application/json", r#"{"schemaVersion":2,"manifests":[]}"#),
        (media_type::OCI_INDEX, "{}"),
    ] {
        let fake = Fake::start(move |_, _| Reply::ok(body).header("Content-Type", kind));
        assert_eq!(open(&fake).referrers(&Digest::of("x"), None).await.unwrap(), None, "{kind}");
    }
    // Trouble is not absence: signatures must not vanish in it.
    let fake = Fake::start(|_, _| Reply::status(503));
    assert!(open(&fake).referrers(&Digest::of("x"), None).await.is_err());
}

#[tokio::test]
async fn a_registry_says_whether_it_lists_a_referrer() {
    let subject = Digest::of("subject").to_string();
    let fake = Fake::start(move |asked, _| {
        if asked.path.ends_with("indexed") {
            Reply::status(201).header("OCI-Subject", subject.clone())
        } else {
            Reply::status(201)
        }
    });
    let document = Image::new(10, 70).document;
    assert!(open(&fake).put_document(Some("indexed"), &document).await.unwrap().subject_indexed);
    assert!(!open(&fake).put_document(Some("other"), &document).await.unwrap().subject_indexed);
}
