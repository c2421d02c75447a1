//! Several layers as one archive, or as files: the same tree as when they are unpacked one after the other.

use std::io::Read;
use std::path::Path;

use ktrust_rootfs::{Error, Flat, Owner, Root, TreeArchive, UnpackOptions, move_into, unpack};

use crate::listing::listing;
use crate::support::{Forged, Ground, tool};

type Layer = Box<dyn Read + Send>;

fn opener(layers: &[Vec<u8>]) -> impl FnMut(usize) -> Result<Layer, Error> + '_ {
    |number| Ok(Box::new(std::io::Cursor::new(layers[number].clone())) as Layer)
}

fn flat(layers: &[Vec<u8>]) -> Vec<u8> {
    let flat = Flat::read(layers.len(), &mut opener(layers)).unwrap();
    let mut out = TreeArchive::new(Vec::new());
    flat.write(&mut opener(layers), Path::new(""), &mut out).unwrap();
    out.finish().unwrap()
}

/// Unpacks the layers in turn, the flat archive by ourselves and by GNU tar: three equal trees.
fn assert_same(layers: &[Vec<u8>]) {
    let ground = Ground::new();
    let ours = ground.tree("ours");
    for layer in layers {
        unpack(layer.as_slice(), &ours, &UnpackOptions::LAYER).unwrap();
    }
    let archive = flat(layers);
    let again = ground.tree("again");
    unpack(archive.as_slice(), &again, &UnpackOptions { whiteouts: false, owner: None }).unwrap();
    assert_eq!(listing(&again), listing(&ours));
    let gnu = ground.tree("gnu");
    std::fs::write(ground.path("flat.tar"), archive).unwrap();
    tool("tar", &["-xpf", "../flat.tar", "--numeric-owner", "--xattrs", "--xattrs-include=*"], gnu.path());
    assert_eq!(listing(&gnu), listing(&ours));
}

fn base() -> Forged {
    Forged::new()
        .dir("d")
        .file("d/kept", "kept")
        .file("d/gone", "gone")
        .dir("o")
        .file("o/old", "old")
        .file("one", "shared")
        .hard_link("two", "one")
        .symlink("way", "/d")
        .member(b'6', "fifo", "", b"")
}

#[test]
fn deletions_replacements_and_links() {
    // Each directory that changes has an entry, as in every real layer: else its time is the present.
    let upper = Forged::new()
        .dir("d")
        .dir("o")
        .dir("made")
        .dir("made/in")
        .file("d/.wh.gone", "")
        .file("o/new", "new")
        .file("o/.wh..wh..opq", "")
        .file(".wh.one", "")
        .hard_link("three", "two")
        .file("way/through", "by the link")
        .file("made/in/turn", "x")
        .file("fifo", "a file now");
    assert_same(&[base().end(), upper.end()]);
}

#[test]
fn directories_become_files_and_files_become_directories() {
    let upper =
        Forged::new().file("d", "a file").dir("one").file("one/in", "in").dir("way").file("way/x", "x");
    let third = Forged::new().file(".wh.d", "").dir("d").file("d/again", "again").file(".wh.nothing", "");
    assert_same(&[base().end(), upper.end(), third.end()]);
}

/// The last name that is unpacked says what the file is.
#[test]
fn further_names_say_once_more_what_a_file_is() {
    let capability = [1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let first = Forged::new().pax(&[("SCHILY.xattr.security.capability", &capability)]).file("one", "x");
    let second = Forged::new()
        .pax(&[("uid", b"7"), ("mtime", b"99"), ("SCHILY.xattr.user.note", b"n")])
        .hard_link("two", "one");
    assert_same(&[first.end(), second.end()]);
}

#[test]
fn attributes_long_names_and_holes() {
    let name = format!("{}/{}", "n".repeat(90), "m".repeat(200));
    let layer = Forged::new()
        .pax(&[("path", name.as_bytes()), ("SCHILY.xattr.user.note", b"a\nb"), ("mtime", b"12.5")])
        .file("x", "content")
        .pax(&[("GNU.sparse.size", b"5000"), ("GNU.sparse.numblocks", b"1"), ("GNU.sparse.map", b"4096,3")])
        .file("holes", "abc");
    let archive = flat(&[layer.clone().end()]);
    let ground = Ground::new();
    let root = ground.root();
    unpack(archive.as_slice(), &root, &UnpackOptions::LAYER).unwrap();
    assert_eq!(root.xattrs(Path::new(&name)).unwrap(), [(b"user.note".to_vec(), b"a\nb".to_vec())]);
    let holes = root.read(Path::new("holes")).unwrap().unwrap();
    assert_eq!((holes.len(), &holes[4096..4099]), (5000, b"abc".as_slice()));
    assert!(holes[..4096].iter().chain(&holes[4099..]).all(|byte| *byte == 0));
}

#[test]
fn a_link_to_nothing_and_a_circle_are_errors() {
    for layer in [
        Forged::new().hard_link("a", "nothing"),
        Forged::new().symlink("a", "b").symlink("b", "a").file("a/x", ""),
        Forged::new().file("a", "").file("a/x", ""),
        Forged::new().dir("d").hard_link("a", "d"),
    ] {
        let layers = [layer.end()];
        assert!(Flat::read(1, &mut opener(&layers)).is_err());
    }
}

/// Files of the one who asks, whatever the layers say, and nothing outside.
#[test]
fn files_replace_and_stay_inside() {
    let ground = Ground::new();
    let layers = [Forged::new()
        .symlink("out", "../outside")
        .file("../up", "up")
        .file("/abs", "abs")
        .dir("dir")
        .file("dir/file", "new")
        .end()];
    let root = ground.root();
    std::fs::create_dir(root.path().join("dir")).unwrap();
    std::fs::write(root.path().join("dir/file"), "old").unwrap();
    std::fs::write(root.path().join("dir/mine"), "mine").unwrap();
    std::os::unix::fs::symlink("../outside/precious", root.path().join("abs")).unwrap();
    std::fs::create_dir(root.path().join(".ktrust-x")).unwrap();
    let staged = Root::open(&root.path().join(".ktrust-x")).unwrap();
    let flat = Flat::read(1, &mut opener(&layers)).unwrap();
    flat.extract(&mut opener(&layers), &staged, Owner::new(7, 8)).unwrap();
    move_into(&staged, &root).unwrap();
    std::fs::remove_dir_all(root.path().join(".ktrust-x")).unwrap();
    let text = |name: &str| String::from_utf8(root.read(Path::new(name)).unwrap().unwrap()).unwrap();
    assert_eq!([text("dir/file"), text("dir/mine"), text("abs"), text("up")], ["new", "mine", "abs", "up"]);
    assert_eq!(root.metadata(Path::new("dir/file")).unwrap().unwrap().owner, Owner::new(7, 8));
    ground.assert_outside_is_whole();
}
