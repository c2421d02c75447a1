//! Trees become layers and come back the same.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use ktrust_rootfs::{Attributes, Change, Error, LayerOptions, Owner, PackOptions, Root, Time, UnpackOptions};
use ktrust_rootfs::{compress, pack, unpack, write_layer};

use crate::listing::listing;
use crate::support::{Forged, Ground, tool};

/// Every path of a tree as a change, in the order in which a directory lists them.
fn everything(root: &Root, path: &Path, changes: &mut Vec<Change>) {
    for entry in root.read_dir(path).unwrap() {
        changes.push(Change::Upsert(entry.path.clone()));
        if entry.metadata.is_dir() {
            everything(root, &entry.path, changes);
        }
    }
}

fn all(root: &Root) -> Vec<Change> {
    let mut changes = Vec::new();
    everything(root, Path::new(""), &mut changes);
    changes
}

/// A tree with one of everything that has a form in an archive.
fn rich(root: &Root) {
    let path = |name: &str| root.path().join(name);
    fs::create_dir_all(path("a/b/empty")).unwrap();
    fs::write(path("a/file"), "content").unwrap();
    fs::hard_link(path("a/file"), path("a/b/link")).unwrap();
    fs::hard_link(path("a/file"), path("Z")).unwrap();
    symlink("../nowhere\n", path("a/b/symlink")).unwrap();
    fs::write(root.path().join(std::ffi::OsStr::from_bytes(b"odd \xff\n\"name")), "x").unwrap();
    fs::create_dir_all(path(&"long/".repeat(60))).unwrap();
    fs::write(path(&("long/".repeat(60) + &"n".repeat(200))), "y").unwrap();
    tool("mkfifo", &["fifo"], root.path());
    tool("mknod", &["null", "c", "1", "3"], root.path());
    tool("mknod", &["disk", "b", "8", "300"], root.path());
    chown(path("a/file"), Some(1000), Some(3_000_000)).unwrap();
    fs::set_permissions(path("a/file"), fs::Permissions::from_mode(0o6751)).unwrap();
    fs::set_permissions(path("a/b"), fs::Permissions::from_mode(0o1777)).unwrap();
    tool("setfattr", &["-n", "user.note", "-v", "0x0a00ff", "a/b"], root.path());
    tool("setcap", &["cap_net_raw+ep", "Z"], root.path());
    for (number, change) in all(root).iter().enumerate() {
        root.set_modified(change.path(), Time { seconds: 1_500_000_000 + number as i64, nanoseconds: 999 })
            .unwrap();
    }
    root.set_modified(Path::new("fifo"), Time::from_seconds(-5)).unwrap();
}

#[test]
fn a_tree_goes_round() {
    let ground = Ground::new();
    let (root, again) = (ground.root(), ground.tree("again"));
    rich(&root);
    let packed = pack(&root, &all(&root), &PackOptions::default(), &ground.path("layer")).unwrap();
    let reader = compress::decompress(File::open(ground.path("layer")).unwrap()).unwrap();
    let unpacked = unpack(reader, &again, &UnpackOptions::LAYER).unwrap();
    assert_eq!((unpacked.entries, unpacked.refused), (packed.stats.entries, vec![]));
    assert_eq!(listing(&again), listing(&root));
    // And once more from the copy: the same bytes.
    let second = pack(&again, &all(&again), &PackOptions::default(), &ground.path("layer2")).unwrap();
    assert_eq!(second, packed);
    // A change of the copy shows.
    again.set_mode(Path::new("a"), 0o700).unwrap();
    assert_ne!(
        pack(&again, &all(&again), &PackOptions::default(), &ground.path("layer3")).unwrap().diff_id,
        packed.diff_id
    );
}

#[test]
fn digests_and_size_are_those_of_the_file() {
    let ground = Ground::new();
    let root = ground.root();
    rich(&root);
    let packed = pack(&root, &all(&root), &PackOptions::default(), &ground.path("layer")).unwrap();
    let blob = fs::read(ground.path("layer")).unwrap();
    let mut tar = Vec::new();
    compress::decompress(&blob[..]).unwrap().read_to_end(&mut tar).unwrap();
    assert_eq!((packed.digest, packed.size), (ktrust_oci::Digest::of(&blob), blob.len() as u64));
    assert_eq!((packed.diff_id, packed.tar_size), (ktrust_oci::Digest::of(&tar), tar.len() as u64));
}

#[test]
fn the_order_of_changes_does_not_matter_and_nothing_comes_twice() {
    let ground = Ground::new();
    let root = ground.root();
    rich(&root);
    let mut changes = all(&root);
    let layer = |changes: &[Change]| {
        let mut bytes = Vec::new();
        write_layer(&root, changes, &LayerOptions::default(), &mut bytes).unwrap();
        bytes
    };
    let sorted = layer(&changes);
    changes.reverse();
    changes.extend_from_within(..5);
    assert!(layer(&changes) == sorted);
    let mut archive = tar::Archive::new(&sorted[..]);
    let names: Vec<Vec<u8>> =
        archive.entries().unwrap().map(|entry| entry.unwrap().path_bytes().into_owned()).collect();
    assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
}

#[test]
fn one_file_brings_its_directories() {
    let ground = Ground::new();
    let root = ground.root();
    rich(&root);
    let changes =
        [Change::Upsert("a/b/link".into()), Change::Remove("a/old".into()), Change::Opaque("a/b".into())];
    let mut bytes = Vec::new();
    write_layer(&root, &changes, &LayerOptions::default(), &mut bytes).unwrap();
    let mut archive = tar::Archive::new(&bytes[..]);
    let names: Vec<PathBuf> =
        archive.entries().unwrap().map(|entry| entry.unwrap().path().unwrap().into_owned()).collect();
    assert_eq!(names, ["a/", "a/b/", "a/b/.wh..wh..opq", "a/b/link", "a/.wh.old"].map(PathBuf::from));
}

#[test]
fn later_times_are_clamped_and_earlier_ones_kept() {
    let ground = Ground::new();
    let root = ground.root();
    for (name, seconds) in [("old", 100), ("new", 2_000_000_000)] {
        let modified = Some(Time { seconds, nanoseconds: 7 });
        root.write(Path::new(name), b"", &Attributes { mode: 0o644, modified, ..Attributes::default() })
            .unwrap();
    }
    let mut bytes = Vec::new();
    write_layer(&root, &all(&root), &LayerOptions { clamp: Some(1000) }, &mut bytes).unwrap();
    let again = ground.tree("again");
    unpack(&bytes[..], &again, &UnpackOptions::LAYER).unwrap();
    let time = |name: &str| again.metadata(Path::new(name)).unwrap().unwrap().modified;
    assert_eq!([time("old"), time("new")], [Time::from_seconds(100), Time::from_seconds(1000)]);
}

#[test]
fn what_has_no_form_is_said() {
    let ground = Ground::new();
    let root = ground.root();
    let _socket = UnixListener::bind(ground.path("root/socket")).unwrap();
    let stats = write_layer(&root, &all(&root), &LayerOptions::default(), Vec::new()).unwrap();
    assert_eq!((stats.entries, stats.skipped_sockets), (0, vec![PathBuf::from("socket")]));
    fs::write(ground.path("root/.wh.file"), "").unwrap();
    let refused = write_layer(&root, &all(&root), &LayerOptions::default(), Vec::new());
    assert!(matches!(refused, Err(Error::ReservedName(_))));
}

#[test]
fn an_empty_layer_is_an_archive() {
    let ground = Ground::new();
    let packed = pack(&ground.root(), &[], &PackOptions::default(), &ground.path("layer")).unwrap();
    // The well-known digest of 1,024 zero bytes, which every builder gives an empty layer.
    assert_eq!(
        packed.diff_id.to_string(),
        "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"
    );
}

#[test]
fn a_failed_pack_leaves_nothing() {
    let ground = Ground::new();
    let missing = [Change::Upsert("missing".into())];
    assert!(matches!(
        pack(&ground.root(), &missing, &PackOptions::default(), &ground.path("layer")),
        Err(Error::Missing(_))
    ));
    ground.assert_outside_is_whole();
}

#[test]
fn owners_can_be_given() {
    let ground = Ground::new();
    let options = UnpackOptions { owner: Some(Owner::new(5, 6)), whiteouts: false };
    let archive = Forged::new().file("new/.wh.file", "kept").end();
    unpack(&archive[..], &ground.root(), &options).unwrap();
    let owner = |path: &str| ground.root().metadata(Path::new(path)).unwrap().unwrap().owner;
    // The archive does not name the directory.
    assert_eq!([owner("new"), owner("new/.wh.file")], [Owner::new(0, 0), Owner::new(5, 6)]);
}
