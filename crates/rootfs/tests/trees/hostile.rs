//! Archives that try to reach what is beside the tree.

use std::fs;
use std::path::Path;

use ktrust_rootfs::{Error, Kind, RefusedPart};

use crate::support::{Forged, Ground};

#[test]
fn names_that_climb_stay_inside() {
    let ground = Ground::new();
    let absolute = ground.path("outside/precious");
    let archive = Forged::new()
        .file("../outside/precious", "1")
        .file("/etc/shadow", "2")
        .file("a/../../../../../outside/precious2", "3")
        .file("./././b/./c", "4")
        .file(absolute.to_str().unwrap(), "5");
    ground.unpack(&archive.end()).unwrap();
    ground.assert_outside_is_whole();
    let root = ground.root();
    let read = |path: &str| String::from_utf8(root.read(Path::new(path)).unwrap().unwrap()).unwrap();
    assert_eq!(
        ["outside/precious", "etc/shadow", "outside/precious2", "b/c"].map(read),
        ["1", "2", "3", "4"]
    );
}

#[test]
fn links_that_lead_out_lead_nowhere() {
    for target in ["/", "../..", "../../../../../../../.."] {
        let ground = Ground::new();
        let outside = ground.path("outside").display().to_string();
        let archive = Forged::new()
            .symlink("out", target)
            .file(format!("out{outside}/precious"), "gone")
            .dir("out/made");
        ground.unpack(&archive.end()).unwrap();
        ground.assert_outside_is_whole();
        // The link is kept as it is, and means the tree's own root.
        assert!(ground.root().is_dir(Path::new("made")).unwrap());
        assert!(ground.root().read(Path::new(&format!("{outside}/precious"))).unwrap().is_some());
    }
}

#[test]
fn a_file_is_never_written_through_a_link() {
    let ground = Ground::new();
    let precious = ground.path("outside/precious");
    let archive = Forged::new()
        .symlink("file", &precious)
        .file("file", "new")
        .symlink("dir", ground.path("outside"))
        .dir("dir");
    ground.unpack(&archive.end()).unwrap();
    ground.assert_outside_is_whole();
    assert_eq!(fs::read_to_string(ground.path("root/file")).unwrap(), "new");
    assert_eq!(ground.root().metadata(Path::new("dir")).unwrap().unwrap().kind, Kind::Directory);
}

#[test]
fn hard_links_cannot_take_files_from_outside() {
    for target in ["../outside/precious", "/outside/precious", "out/precious"] {
        let ground = Ground::new();
        let archive = Forged::new().symlink("out", ground.path("outside")).hard_link("stolen", target);
        assert!(matches!(ground.unpack(&archive.end()), Err(Error::Missing(_))), "{target}");
        ground.assert_outside_is_whole();
    }
    // A link to a link is a second name of the link, not of what it leads to.
    let ground = Ground::new();
    let archive = Forged::new()
        .symlink("link", ground.path("outside/precious"))
        .hard_link("again", "link")
        .file("again", "x");
    ground.unpack(&archive.end()).unwrap();
    ground.assert_outside_is_whole();
}

#[test]
fn whiteouts_delete_only_inside() {
    let ground = Ground::new();
    let archive = Forged::new()
        .symlink("out", ground.path("outside"))
        .file("../outside/.wh.precious", "")
        .file("out/.wh.precious", "")
        .file("out/.wh..wh..opq", "")
        .file(".wh...", "")
        .file(".wh..", "")
        .file("a/.wh...", "")
        .file("a/.wh...wh.", "");
    ground.unpack(&archive.end()).unwrap();
    ground.assert_outside_is_whole();
    assert!(ground.root().is_dir(Path::new("a")).unwrap());
}

#[test]
fn whiteouts_do_not_follow_what_they_delete() {
    let ground = Ground::new();
    ground.unpack(&Forged::new().dir("d").symlink("d/out", ground.path("outside")).end()).unwrap();
    ground.unpack(&Forged::new().file("d/.wh.out", "").file(".wh.d", "").end()).unwrap();
    ground.assert_outside_is_whole();
    assert!(ground.root().metadata(Path::new("d")).unwrap().is_none());
}

#[test]
fn names_may_collide() {
    let ground = Ground::new();
    let archive = Forged::new()
        .file("x", "file")
        .dir("x/")
        .file("x/in", "1")
        .symlink("x", "y")
        .file("x", "again")
        .member(b'6', "x", "", b"")
        .file("x", "last")
        .hard_link("x", "x")
        .file("same", "1")
        .hard_link("other", "same")
        .file("same", "2");
    ground.unpack(&archive.end()).unwrap();
    assert_eq!(fs::read_to_string(ground.path("root/x")).unwrap(), "last");
    // Replacing a name leaves the other names of its inode alone.
    assert_eq!(fs::read_to_string(ground.path("root/other")).unwrap(), "1");
}

#[test]
fn the_root_cannot_be_replaced() {
    let ground = Ground::new();
    let archive =
        Forged::new().symlink("/", "/outside").file("./", "x").symlink("..", "/").file(".wh..", "").dir("./");
    ground.unpack(&archive.end()).unwrap();
    assert!(ground.path("root").is_dir());
    ground.assert_outside_is_whole();
}

#[test]
fn devices_are_made_but_none_that_deletes() {
    let ground = Ground::new();
    let archive = Forged::new().member(b'3', "null", "", b"").end();
    let report = ground.unpack(&archive).unwrap();
    // 0:0 is what overlayfs takes for a deletion.
    assert_eq!(report.refused[0].what, RefusedPart::Device);
    assert!(ground.root().metadata(Path::new("null")).unwrap().is_none());
}

#[test]
fn attributes_of_overlayfs_are_refused() {
    let ground = Ground::new();
    let records: [(&str, &[u8]); 3] = [
        ("SCHILY.xattr.trusted.overlay.opaque", b"y"),
        ("SCHILY.xattr.trusted.overlay.redirect", b"/x"),
        ("SCHILY.xattr.user.ok", b"1"),
    ];
    let report = ground.unpack(&Forged::new().pax(&records).dir("d").end()).unwrap();
    assert_eq!(report.refused.len(), 2);
    assert_eq!(ground.root().xattrs(Path::new("d")).unwrap(), [(b"user.ok".to_vec(), b"1".to_vec())]);
}

#[test]
fn circles_of_links_end() {
    let ground = Ground::new();
    let archive = Forged::new().symlink("a", "b").symlink("b", "a").file("a/x", "1");
    assert!(matches!(ground.unpack(&archive.end()), Err(Error::LinkLoop(_))));
    ground.assert_outside_is_whole();
}

#[test]
fn broken_archives_are_errors() {
    let whole = Forged::new().file("a", &"x".repeat(2000)).end();
    for cut in [100, 600, 1500] {
        assert!(Ground::new().unpack(&whole[..cut]).is_err(), "cut at {cut}");
    }
    let mut changed = whole.clone();
    changed[3] ^= 1;
    assert!(matches!(Ground::new().unpack(&changed), Err(Error::Malformed { offset: 512, .. })));
    for bytes in [&b"6 a=b"[..], b"5 ab\n", b"9999999 a=b\n"] {
        let archive = Forged::new().member(b'x', "pax", "", bytes).file("a", "");
        assert!(Ground::new().unpack(&archive.end()).is_err());
    }
    assert!(Ground::new().unpack(&[]).unwrap().entries == 0);
}

#[test]
fn random_damage_never_panics_nor_escapes() {
    let ground = Ground::new();
    let base = Forged::new()
        .pax(&[("path", b"long/name"), ("SCHILY.xattr.user.a", b"b")])
        .file("a", "content")
        .symlink("l", "../../outside")
        .member(b'S', "sparse", "", b"0123")
        .dir("l/d")
        .end();
    let mut seed = 88_172_645_463_325_252_u64;
    for _ in 0..3000 {
        let mut bytes = base.clone();
        for _ in 0..3 {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            let at = (seed >> 8) as usize % bytes.len();
            bytes[at] = seed as u8;
            fix_checksum(&mut bytes, at / 512);
        }
        let _ = ground.unpack(&bytes);
    }
    ground.assert_outside_is_whole();
}

fn fix_checksum(bytes: &mut [u8], block: usize) {
    let block = &mut bytes[block * 512..(block + 1) * 512];
    block[148..156].copy_from_slice(b"        ");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}
