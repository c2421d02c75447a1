//! GNU tar writes what we read, and reads what we write.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;

use ktrust_rootfs::{Change, LayerOptions, write_layer};

use crate::listing::listing;
use crate::support::{Ground, tool};

#[test]
fn sparse_files_of_every_format() {
    for format in [
        &["--format=gnu"][..],
        &["--format=pax", "--sparse-version=1.0"],
        &["--format=pax", "--sparse-version=0.1"],
        &["--format=pax", "--sparse-version=0.0"],
    ] {
        let ground = Ground::new();
        let source = ground.tree("source");
        let mut file = File::create(ground.path("source/sparse")).unwrap();
        for number in 0..40_u64 {
            file.seek(SeekFrom::Start(number * 100_000)).unwrap();
            file.write_all(format!("piece {number}").as_bytes()).unwrap();
        }
        file.set_len(5_000_000).unwrap();
        fs::write(ground.path("source/zafter"), "x").unwrap();
        let arguments = [&["-S", "-cf", "../archive", "."], format].concat();
        tool("tar", &arguments, source.path());
        assert!(fs::metadata(ground.path("archive")).unwrap().len() < 600_000, "the archive is not sparse");
        ground.unpack(&fs::read(ground.path("archive")).unwrap()).unwrap();
        assert_eq!(listing(&ground.root()), listing(&source), "{format:?}");
        assert!(
            fs::metadata(ground.path("root/sparse")).unwrap().blocks() < 2000,
            "holes were filled: {format:?}"
        );
    }
}

#[test]
fn archives_of_gnu_tar() {
    for format in ["gnu", "pax", "ustar", "v7", "oldgnu"] {
        let ground = Ground::new();
        let source = ground.tree("source");
        let long = if format == "v7" {
            "d/e"
        } else {
            "a-long-directory-name-that-needs-the-prefix/of-a-header-because-it-is-over-one-hundred-bytes/long"
        };
        fs::create_dir_all(ground.path("source").join(long)).unwrap();
        fs::write(ground.path("source").join(long).join("f"), "1").unwrap();
        fs::write(ground.path("source/first"), "2").unwrap();
        fs::hard_link(ground.path("source/first"), ground.path("source/hard")).unwrap();
        std::os::unix::fs::symlink("hard", ground.path("source/soft")).unwrap();
        tool("tar", &["-cf", "../archive", &format!("--format={format}"), "."], source.path());
        // Fractions of seconds are only in PAX.
        ground.unpack(&fs::read(ground.path("archive")).unwrap()).unwrap();
        assert_eq!(listing(&ground.root()), listing(&source), "{format}");
    }
}

#[test]
fn gnu_tar_reads_layers() {
    let ground = Ground::new();
    let (root, again) = (ground.root(), ground.tree("again"));
    let deep = "deep/".repeat(50);
    fs::create_dir_all(ground.path("root").join(&deep)).unwrap();
    fs::write(ground.path("root").join(&deep).join("file\nname"), "1").unwrap();
    tool("setfattr", &["-n", "user.note", "-v", "a b", "deep"], root.path());
    fs::hard_link(ground.path("root").join(&deep).join("file\nname"), ground.path("root/zhard")).unwrap();
    std::os::unix::fs::chown(ground.path("root/zhard"), Some(3_000_000), Some(4_000_000)).unwrap();
    for path in ["deep", "zhard"] {
        root.set_modified(path.as_ref(), ktrust_rootfs::Time::from_seconds(1)).unwrap();
    }
    let changes: Vec<Change> =
        [format!("{deep}file\nname"), "zhard".into()].map(|path| Change::Upsert(path.into())).into();
    write_layer(&root, &changes, &LayerOptions::default(), File::create(ground.path("layer")).unwrap())
        .unwrap();
    tool("tar", &["--xattrs", "--xattrs-include=*", "--numeric-owner", "-xpf", "../layer"], again.path());
    assert_eq!(listing(&again), listing(&root));
}
