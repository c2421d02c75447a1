//! Layouts on a real file system, also by many writers at once.

use std::io::Read as _;

use super::Layout;
use crate::{Descriptor, Digest, Document, Error, ErrorKind, Index, Manifest, media_type};

fn document(note: &str) -> Document {
    let mut manifest = Manifest::new(Descriptor::of(media_type::OCI_CONFIG, b"{}"), vec![]);
    manifest.annotations.insert("note".into(), note.into());
    Document::from_manifest(&manifest).unwrap()
}

fn layout() -> (tempfile::TempDir, Layout) {
    let directory = tempfile::tempdir().unwrap();
    let layout = Layout::create(directory.path().join("a/b")).unwrap();
    (directory, layout)
}

#[test]
fn tags_move_and_images_are_found() {
    let (_directory, layout) = layout();
    let (one, two) = (document("one"), document("two"));
    assert!(matches!(layout.resolve(None), Err(Error::NoDefaultImage { count: 0, .. })));
    layout.write_document(Some("v1"), &one).unwrap();
    assert_eq!(layout.resolve(None).unwrap().digest, one.digest);
    let signature = format!("{}.sig", one.digest.tag_form());
    layout.write_document(Some(&signature), &two).unwrap();
    assert_eq!(layout.resolve(Some(&signature)).unwrap().digest, two.digest);
    assert_eq!(layout.resolve(None).unwrap().digest, one.digest);
    layout.write_document(Some("v2"), &two).unwrap();
    assert!(matches!(layout.resolve(None), Err(Error::NoDefaultImage { count: 2, .. })));
    assert!(layout.remove_tag("v2").unwrap());
    layout.write_document(Some("latest"), &two).unwrap();
    assert_eq!(layout.resolve(None).unwrap().digest, two.digest);
    layout.write_document(Some("v1"), &two).unwrap();
    assert_eq!(layout.resolve(Some("v1")).unwrap().digest, two.digest);
    assert_eq!(layout.tags().unwrap(), [signature.as_str(), "latest", "v1"]);
    let error = layout.resolve(Some("v2")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.hint().unwrap().contains("latest"));

    assert_eq!(layout.read_document(&one.digest).unwrap(), one);
    assert!(layout.remove_tag("v1").unwrap());
    assert!(!layout.remove_tag("v1").unwrap());
    assert!(layout.remove_document(&two.digest).unwrap());
    assert!(layout.tags().unwrap().is_empty());
    assert!(matches!(layout.read_document(&two.digest), Err(Error::BlobNotFound { .. })));
}

#[test]
fn untagged_entries() {
    let (_directory, layout) = layout();
    let one = document("one");
    layout.write_document(None, &one).unwrap();
    assert!(layout.index().unwrap().manifests.is_empty());
    layout.add_entry(None, one.descriptor()).unwrap();
    layout.add_entry(None, one.descriptor()).unwrap();
    assert_eq!(layout.index().unwrap().manifests.len(), 1);
    layout.write_document(Some("t"), &one).unwrap();
    assert_eq!(layout.index().unwrap().manifests.len(), 1);
}

#[test]
fn blobs_are_verified_both_ways() {
    let (_directory, layout) = layout();
    let promised = Descriptor::of("x", b"hello");
    for wrong in [&b"hallo"[..], b"hell", b"hello!"] {
        assert!(layout.write_blob(&promised, wrong).is_err());
        assert!(!layout.has_blob(&promised.digest));
    }
    layout.write_blob(&promised, &b"hello"[..]).unwrap();
    let mut text = String::new();
    layout.open_blob(&promised).unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "hello");
    std::fs::write(layout.blob_path(&promised.digest), "hallo").unwrap();
    assert!(layout.open_blob(&promised).unwrap().read_to_string(&mut text).is_err());
    let blobs = std::fs::read_dir(layout.path().join("blobs/sha256")).unwrap();
    assert_eq!(blobs.count(), 1, "nothing unfinished is left");
}

#[test]
fn other_directories_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let error = Layout::open(directory.path()).unwrap_err();
    assert!(error.to_string().contains("oci-layout"), "{error}");
    std::fs::write(directory.path().join("oci-layout"), r#"{"imageLayoutVersion":"2.0.0"}"#).unwrap();
    assert!(matches!(Layout::open(directory.path()), Err(Error::NotALayout { .. })));
    // A document replaced on disk is noticed.
    let layout = Layout::create(directory.path().join("x")).unwrap();
    let one = document("one");
    layout.write_document(Some("t"), &one).unwrap();
    std::fs::write(layout.blob_path(&one.digest), document("two").bytes).unwrap();
    assert!(matches!(layout.read_document(&one.digest), Err(Error::WrongDigest { .. })));
}

#[test]
fn concurrent_writers_lose_nothing() {
    let (_directory, layout) = layout();
    let path = layout.path().to_owned();
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let path = path.clone();
            scope.spawn(move || {
                let layout = Layout::create(path).unwrap();
                for number in 0..8 {
                    let tag = format!("w{writer}-{number}");
                    layout.write_document(Some(&tag), &document(&tag)).unwrap();
                }
            });
        }
    });
    let mut tags = layout.tags().unwrap();
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 64);
    let digest = layout.resolve(Some("w3-3")).unwrap().digest;
    assert_eq!(digest, document("w3-3").digest);
    assert_ne!(digest, Digest::of(""));
}

#[test]
fn validation_reads_everything_below_an_image() {
    let (_directory, layout) = layout();
    let layer = Descriptor::of(media_type::OCI_LAYER, b"content");
    let config = Descriptor::of(media_type::OCI_CONFIG, b"{}");
    layout.write_blob(&layer, &b"content"[..]).unwrap();
    layout.write_blob(&config, &b"{}"[..]).unwrap();
    let image = Document::from_manifest(&Manifest::new(config, vec![layer.clone()])).unwrap();
    layout.write_document(None, &image).unwrap();
    let index = Document::from_index(&Index::new(vec![image.descriptor()])).unwrap();
    layout.write_document(Some("latest"), &index).unwrap();
    layout.validate(&index.digest).unwrap();
    let path = layout.blob_path(&layer.digest);
    std::fs::write(&path, b"cuntent").unwrap();
    assert!(matches!(layout.validate(&index.digest), Err(Error::WrongDigest { .. })));
    std::fs::remove_file(&path).unwrap();
    assert_eq!(layout.validate(&index.digest).unwrap_err().kind(), ErrorKind::NotFound);
}
