//! What an honest archive says is what is there afterwards.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use ktrust_rootfs::{Kind, Owner, Time};

use crate::support::{Forged, Ground};

#[test]
fn names_are_bytes() {
    let ground = Ground::new();
    let long = format!("{}/{}", "d".repeat(200), "f".repeat(255));
    let archive = Forged::new()
        .file(b"new\nline", "1")
        .file(b"not \xff\xfe utf-8", "2")
        .pax(&[("path", b"pax\nnew \xff line")])
        .file("short", "3")
        .pax(&[("path", long.as_bytes())])
        .file("short", "4")
        .member(b'L', "././@LongLink", "", format!("gnu/{long}\0").as_bytes())
        .file("short", "5");
    ground.unpack(&archive.end()).unwrap();
    let names: Vec<_> =
        fs::read_dir(ground.path("root")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    for name in [&b"new\nline"[..], b"not \xff\xfe utf-8", b"pax\nnew \xff line"] {
        assert!(names.iter().any(|found| found.as_bytes() == name), "{names:?}");
    }
    assert_eq!(fs::read_to_string(ground.path("root").join(&long)).unwrap(), "4");
    assert_eq!(fs::read_to_string(ground.path("root/gnu").join(&long)).unwrap(), "5");
}

#[test]
fn missing_parents_are_made() {
    let ground = Ground::new();
    ground.unpack(&Forged::new().symlink("lib", "usr/lib").file("lib/x/y", "1").end()).unwrap();
    let made = ground.root().metadata(Path::new("usr/lib/x")).unwrap().unwrap();
    assert_eq!((made.kind, made.mode, made.owner), (Kind::Directory, 0o755, Owner::new(0, 0)));
    assert_eq!(fs::read_to_string(ground.path("root/usr/lib/x/y")).unwrap(), "1");
}

#[test]
fn metadata_is_kept() {
    let ground = Ground::new();
    let mut builder = tar::Builder::new(Vec::new());
    let mut add = |kind, name: &str, mode, device: (u32, u32)| {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_uid(70_000);
        header.set_gid(3_000_000);
        header.set_mtime(1_234_567);
        header.set_size(0);
        header.set_device_major(device.0).unwrap();
        header.set_device_minor(device.1).unwrap();
        builder.append_data(&mut header, name, std::io::empty()).unwrap();
    };
    add(tar::EntryType::Directory, "d", 0o3711, (0, 0));
    add(tar::EntryType::Regular, "d/suid", 0o6755, (0, 0));
    add(tar::EntryType::Char, "d/null", 0o666, (1, 3));
    add(tar::EntryType::Block, "d/sda", 0o660, (8, 300));
    add(tar::EntryType::Fifo, "d/fifo", 0o600, (0, 0));
    ground.unpack(&builder.into_inner().unwrap()).unwrap();
    for (name, mode, device) in [
        ("d", 0o3711, (0, 0)),
        ("d/suid", 0o6755, (0, 0)),
        ("d/null", 0o666, (1, 3)),
        ("d/sda", 0o660, (8, 300)),
        ("d/fifo", 0o600, (0, 0)),
    ] {
        let found = ground.root().metadata(Path::new(name)).unwrap().unwrap();
        assert_eq!(
            (found.mode, found.owner, found.device),
            (mode, Owner::new(70_000, 3_000_000), device),
            "{name}"
        );
        assert_eq!(found.modified, Time::from_seconds(1_234_567), "{name}");
    }
}

#[test]
fn attributes_may_hold_any_byte() {
    let ground = Ground::new();
    // cap_net_raw+ep, with a newline among the bytes.
    let capability = [1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let records: [(&str, &[u8]); 2] =
        [("SCHILY.xattr.security.capability", &capability), ("SCHILY.xattr.user.n", b"a\nb\0c=\n")];
    let report = ground.unpack(&Forged::new().pax(&records).file("ping", "x").end()).unwrap();
    assert_eq!(report.refused, []);
    let expected = [
        (b"security.capability".to_vec(), capability.to_vec()),
        (b"user.n".to_vec(), b"a\nb\0c=\n".to_vec()),
    ];
    assert_eq!(ground.root().xattrs(Path::new("ping")).unwrap(), expected);
}

#[test]
fn layers_replace_and_delete() {
    let ground = Ground::new();
    let lower = Forged::new()
        .dir("keep")
        .file("keep/old", "1")
        .dir("gone")
        .file("gone/deep", "1")
        .dir("was-dir")
        .file("was-dir/x", "1");
    ground.unpack(&lower.file("was-file", "1").dir("opaque").file("opaque/old", "1").end()).unwrap();
    // The order within a layer does not matter: what the layer itself brings stays.
    let upper = Forged::new()
        .file("opaque/new", "2")
        .file("opaque/.wh..wh..opq", "")
        .file(".wh.gone", "")
        .file("was-dir", "2")
        .dir("was-file")
        .file("was-file/x", "2")
        .dir("keep")
        .file("keep/new", "2")
        .file("both", "2")
        .file(".wh.both", "");
    ground.unpack(&upper.end()).unwrap();
    let found: Vec<_> = ["keep/old", "keep/new", "was-dir", "was-file/x", "opaque/new", "both"]
        .map(|path| fs::read_to_string(ground.path("root").join(path)).unwrap())
        .into();
    assert_eq!(found, ["1", "2", "2", "2", "2", "2"]);
    for path in ["gone", "opaque/old"] {
        assert!(!ground.path("root").join(path).exists(), "{path}");
    }
}

#[test]
fn directories_keep_their_time() {
    let ground = Ground::new();
    ground.unpack(&Forged::new().dir("a").dir("a/b").file("a/b/c", "1").file("a/.wh.b2", "").end()).unwrap();
    for path in ["root/a", "root/a/b"] {
        assert_eq!(fs::metadata(ground.path(path)).unwrap().mtime(), 1_000_000_000, "{path}");
    }
}
