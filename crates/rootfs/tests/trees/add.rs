//! Archives of ADD.

use std::fs::{self, File};
use std::path::Path;

use ktrust_rootfs::archive::{extract, is_archive};
use ktrust_rootfs::{Owner, compress};

use crate::support::{Forged, Ground};

#[test]
fn archives_are_told_by_content() {
    let ground = Ground::new();
    fs::write(ground.path("plain.tar"), Forged::new().file("in", "1").end()).unwrap();
    let directory = ground.path("");
    for (program, suffix) in [("gzip", "gz"), ("bzip2", "bz2"), ("xz", "xz"), ("zstd", "zst")] {
        let compressed =
            std::process::Command::new(program).args(["-c", "plain.tar"]).current_dir(&directory).output();
        match compressed {
            Ok(output) => fs::write(ground.path(&format!("{suffix}.bin")), output.stdout).unwrap(),
            Err(error) => panic!("this test needs {program}: {error}"),
        }
    }
    fs::write(ground.path("empty.tar"), "").unwrap();
    fs::write(ground.path("zeros.tar"), [0; 2048]).unwrap();
    let text = "no archive, though called one, and long enough to hold a header. ".repeat(20);
    fs::write(ground.path("text.tar.gz"), &text).unwrap();
    let mut gzip = compress::gzip(File::create(ground.path("text.tar.gz.x")).unwrap(), 6);
    std::io::Write::write_all(&mut gzip, text.as_bytes()).unwrap();
    gzip.finish().unwrap();
    for (name, expected) in [
        ("plain.tar", true),
        ("gz.bin", true),
        ("bz2.bin", true),
        ("xz.bin", true),
        ("zst.bin", true),
        ("empty.tar", false),
        ("zeros.tar", false),
        ("text.tar.gz", false),
        ("text.tar.gz.x", false),
    ] {
        let mut file = File::open(ground.path(name)).unwrap();
        assert_eq!(is_archive(&mut file).unwrap(), expected, "{name}");
        if expected {
            extract(file, &ground.root(), Path::new(&format!("to/{name}")), None).unwrap();
            assert_eq!(fs::read_to_string(ground.path("root/to").join(name).join("in")).unwrap(), "1");
        }
    }
}

#[test]
fn extraction_takes_the_destination_for_its_root() {
    let ground = Ground::new();
    let archive = Forged::new()
        .file("../../../outside/x", "1")
        .symlink("up", "/")
        .file("up/y", "2")
        .hard_link("hard", "up/y")
        .file(".wh.z", "3");
    let root = ground.root();
    root.symlink(Path::new("dest"), Path::new("real")).unwrap();
    extract(&archive.end()[..], &root, Path::new("dest/in"), Some(Owner::new(7, 8))).unwrap();
    ground.assert_outside_is_whole();
    let owner = |path: &str| root.metadata(Path::new(path)).unwrap().expect(path).owner;
    for path in ["real/in", "real/in/outside/x", "real/in/y", "real/in/.wh.z", "real/in/hard"] {
        assert_eq!(owner(path), Owner::new(7, 8), "{path}");
    }
    // Directories that the archive only implies are root's.
    assert_eq!(owner("real/in/outside"), Owner::new(0, 0));
}

#[test]
fn several_streams_are_one() {
    let ground = Ground::new();
    let tar = Forged::new().file("a", &"x".repeat(3000)).end();
    let mut bytes = Vec::new();
    for part in tar.chunks(1000) {
        let mut gzip = compress::gzip(Vec::new(), 6);
        std::io::Write::write_all(&mut gzip, part).unwrap();
        bytes.extend(gzip.finish().unwrap());
    }
    extract(&bytes[..], &ground.root(), Path::new("d"), None).unwrap();
    assert_eq!(fs::metadata(ground.path("root/d/a")).unwrap().len(), 3000);
}
