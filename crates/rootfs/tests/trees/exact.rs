//! What must not get lost between a tree, its layer and the tree made of that.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use ktrust_rootfs::{Attributes, Change, Error, Kind, LayerOptions, Owner, Root, Time, UnpackOptions};
use ktrust_rootfs::{unpack, write_layer};

use crate::listing::listing;
use crate::support::{Forged, Ground, tool};

/// `cap_net_raw+ep`, without a namespace's root.
const CAPABILITY: &str = "0x0100000200200000000000000000000000000000";
/// The same, given by root of the namespace whose root is user 1000.
const IN_NAMESPACE: &str = "0x0100000300200000000000000000000000000000e8030000";

fn layer(root: &Root, paths: &[&str]) -> Vec<u8> {
    let changes: Vec<Change> = paths.iter().map(|path| Change::Upsert(path.into())).collect();
    let mut bytes = Vec::new();
    write_layer(root, &changes, &LayerOptions::default(), &mut bytes).unwrap();
    bytes
}

fn inode(ground: &Ground, path: &str) -> u64 {
    fs::symlink_metadata(ground.path("root").join(path)).unwrap().ino()
}

#[test]
fn a_link_reaches_a_lower_layer() {
    let ground = Ground::new();
    ground.unpack(&Forged::new().dir("d").file("d/a", "1").end()).unwrap();
    ground.unpack(&Forged::new().hard_link("b", "d/a").hard_link("/c", "./d/../b").end()).unwrap();
    assert_eq!(inode(&ground, "b"), inode(&ground, "d/a"));
    assert_eq!(inode(&ground, "c"), inode(&ground, "d/a"));
    // The names are apart again when one is replaced.
    ground.unpack(&Forged::new().file("b", "2").file(".wh.c", "").end()).unwrap();
    assert_eq!(fs::read_to_string(ground.path("root/d/a")).unwrap(), "1");
    assert_eq!(fs::metadata(ground.path("root/d/a")).unwrap().nlink(), 1);
}

#[test]
fn a_link_to_what_its_layer_deletes() {
    let lower = Forged::new().file("a", "1").end();
    let ground = Ground::new();
    ground.unpack(&lower).unwrap();
    // The order counts: first the name, then the deletion of the other one.
    ground.unpack(&Forged::new().hard_link("b", "a").file(".wh.a", "").end()).unwrap();
    assert_eq!(fs::read_to_string(ground.path("root/b")).unwrap(), "1");
    assert!(!ground.path("root/a").exists());
    let ground = Ground::new();
    ground.unpack(&lower).unwrap();
    let archive = Forged::new().file(".wh.a", "").hard_link("b", "a").end();
    assert!(matches!(ground.unpack(&archive), Err(Error::Missing(path)) if path == Path::new("a")));
}

#[test]
fn a_link_says_once_more_what_the_file_is() {
    let ground = Ground::new();
    let records: [(&str, &[u8]); 3] = [("uid", b"7"), ("mtime", b"5"), ("SCHILY.xattr.user.a", b"b")];
    let archive = Forged::new().file("a", "1").pax(&records).hard_link("b", "a").edit(100, b"0004755\0");
    ground.unpack(&archive.end()).unwrap();
    let found = ground.root().metadata(Path::new("a")).unwrap().unwrap();
    let wanted = (0o4755, Owner::new(7, 0), Time::from_seconds(5));
    assert_eq!((found.mode, found.owner, found.modified), wanted);
    assert_eq!(ground.root().xattrs(Path::new("a")).unwrap().len(), 1);
    // Of a link to a symbolic link there is no mode to set, and what it leads to is left alone.
    let archive = Forged::new().symlink("l", ground.path("outside/precious")).hard_link("m", "l");
    ground.unpack(&archive.end()).unwrap();
    assert_eq!(ground.root().metadata(Path::new("m")).unwrap().unwrap().kind, Kind::Symlink);
    ground.assert_outside_is_whole();
}

#[test]
fn a_link_to_a_directory_is_refused() {
    let outcome = Ground::new().unpack(&Forged::new().dir("d").hard_link("e", "d").end());
    assert!(matches!(outcome, Err(Error::Io { operation: "create hard link", .. })), "{outcome:?}");
    // Not even the root of the tree is lost by it.
    let ground = Ground::new();
    ground.unpack(&Forged::new().file("a", "1").hard_link("/", "a").hard_link("./", "a").end()).unwrap();
    assert!(ground.path("root/a").exists());
}

#[test]
fn capabilities_survive_a_second_name() {
    let ground = Ground::new();
    let root = ground.root();
    fs::write(ground.path("root/a"), "x").unwrap();
    fs::hard_link(ground.path("root/a"), ground.path("root/b")).unwrap();
    tool("chown", &["5:6", "a"], root.path());
    tool("setfattr", &["-n", "security.capability", "-v", CAPABILITY, "a"], root.path());
    let bytes = layer(&root, &["a", "b"]);
    // Each entry has them, for readers that set the owner at each.
    let mut archive = tar::Archive::new(&bytes[..]);
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let records = entry.pax_extensions().unwrap().expect("records");
        assert_eq!(
            records
                .filter(|record| record.as_ref().is_ok_and(|r| r.key().unwrap().ends_with("capability")))
                .count(),
            1
        );
    }
    let again = ground.tree("again");
    unpack(&bytes[..], &again, &UnpackOptions::LAYER).unwrap();
    assert_eq!(listing(&again), listing(&root));
}

#[test]
fn capabilities_of_a_namespace_become_those_of_an_image() {
    let ground = Ground::new();
    let root = ground.root();
    for (name, value) in [("plain", CAPABILITY), ("space", IN_NAMESPACE)] {
        fs::write(root.path().join(name), "x").unwrap();
        tool("setfattr", &["-n", "security.capability", "-v", value, name], root.path());
    }
    let of = |path: &str| root.xattrs(Path::new(path)).unwrap();
    assert_eq!(of("space"), of("plain"));
    assert_eq!(of("plain")[0].1.len(), 20);
}

#[test]
fn attributes_of_the_host_stay_there() {
    let ground = Ground::new();
    let root = ground.root();
    fs::write(ground.path("root/a"), "x").unwrap();
    for name in ["trusted.secret", "user.kept", "user.overlay.opaque"] {
        tool("setfattr", &["-n", name, "-v", "y", "a"], root.path());
    }
    assert_eq!(root.xattrs(Path::new("a")).unwrap(), [(b"user.kept".to_vec(), b"y".to_vec())]);
    let bytes = layer(&root, &["a"]);
    assert!(!bytes.windows(7).any(|window| window == b"trusted" || window == b"overlay"));
    // Nor does an image bring any.
    let archive = Forged::new().pax(&[("SCHILY.xattr.trusted.b", b"y")]).file("b", "");
    assert_eq!(ground.unpack(&archive.end()).unwrap().refused.len(), 1);
    assert_eq!(root.xattrs(Path::new("b")).unwrap(), []);
}

#[test]
fn one_kind_replaces_another() {
    let ground = Ground::new();
    let lower = Forged::new()
        .dir("dir-link")
        .file("dir-link/in", "1")
        .dir("target")
        .symlink("link-dir", "target")
        .symlink("link-file", "target")
        .file("file-fifo", "1")
        .dir("dir-fifo")
        .file("dir-fifo/in", "1");
    ground.unpack(&lower.end()).unwrap();
    let upper = Forged::new()
        .symlink("dir-link", "target")
        .dir("link-dir")
        .file("link-dir/new", "2")
        .file("link-file", "2")
        .member(b'6', "file-fifo", "", b"")
        .member(b'6', "dir-fifo", "", b"");
    ground.unpack(&upper.end()).unwrap();
    let kind = |path: &str| ground.root().metadata(Path::new(path)).unwrap().unwrap().kind;
    let kinds = ["dir-link", "link-dir", "link-file", "file-fifo", "dir-fifo"].map(kind);
    assert_eq!(kinds, [Kind::Symlink, Kind::Directory, Kind::File, Kind::Fifo, Kind::Fifo]);
    // Nothing went through the links to what they led to.
    assert_eq!(fs::read_dir(ground.path("root/target")).unwrap().count(), 0);
}

#[test]
fn names_differ_in_spelling_or_not() {
    let ground = Ground::new();
    let archive = Forged::new()
        .file("A", "1")
        .file("a", "2")
        .file("d/../b", "1")
        .file("./b", "2")
        .file("//b", "3")
        .file("e\u{301}", "1")
        .file("\u{e9}", "2")
        .file("f/", "");
    ground.unpack(&archive.end()).unwrap();
    let read = |path: &str| fs::read_to_string(ground.path("root").join(path)).unwrap();
    assert_eq!(["A", "a", "b", "e\u{301}", "\u{e9}"].map(read), ["1", "2", "3", "1", "2"]);
    // A file whose name ends with a slash was a directory before there were types.
    assert!(ground.path("root/f").is_dir());
}

#[test]
fn times_and_owners_of_any_size() {
    let ground = Ground::new();
    let root = ground.root();
    let times = [-2_000_000_000, -1, 0, 8_589_934_592, 10_000_000_000];
    for (number, seconds) in times.into_iter().enumerate() {
        let modified = Some(Time { seconds, nanoseconds: 999_999_999 });
        let owner = Owner::new(2_097_152 + number as u32, u32::MAX - 1);
        let attributes = Attributes { mode: 0o7777, owner, modified, xattrs: Vec::new() };
        root.write(Path::new(&format!("f{number}")), b"", &attributes).unwrap();
    }
    let names = ["f0", "f1", "f2", "f3", "f4"];
    let again = ground.tree("again");
    unpack(&layer(&root, &names)[..], &again, &UnpackOptions::LAYER).unwrap();
    for (name, seconds) in names.into_iter().zip(times) {
        let found = again.metadata(Path::new(name)).unwrap().unwrap();
        // Layers have whole seconds, rounded down.
        assert_eq!((found.modified, found.mode), (Time::from_seconds(seconds), 0o7777), "{name}");
        assert_eq!(found.owner, root.metadata(Path::new(name)).unwrap().unwrap().owner);
    }
}

#[test]
fn names_of_every_length() {
    let ground = Ground::new();
    let root = ground.root();
    let mut names: Vec<String> = [99, 100, 101, 155, 156, 254, 255].map(|length| "n".repeat(length)).into();
    for length in [98, 99, 100, 101, 255] {
        names.push(format!("{}/in", "d".repeat(length)));
    }
    names.push(format!("{}end", format!("{}/", "x".repeat(250)).repeat(14)));
    for name in &names {
        let path = root.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, name).unwrap();
        root.set_modified(Path::new(name), Time::from_seconds(1)).unwrap();
    }
    let mut paths: Vec<&str> = names.iter().map(String::as_str).collect();
    std::os::unix::fs::symlink(&names[11][..101], ground.path("root/link")).unwrap();
    paths.push("link");
    let bytes = layer(&root, &paths);
    let again = ground.tree("again");
    unpack(&bytes[..], &again, &UnpackOptions::LAYER).unwrap();
    for name in &names {
        assert_eq!(fs::read_to_string(again.path().join(name)).unwrap(), *name);
    }
    assert_eq!(again.read_link(Path::new("link")).unwrap().as_os_str().len(), 101);
}
