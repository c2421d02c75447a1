//! Any bytes as an archive. Nothing outside the tree may change, whatever comes of it.
#![no_main]

use std::io::Cursor;
use std::path::Path;

use ktrust_fuzz::archive::with_checksums;
use ktrust_fuzz::ground::Ground;
use ktrust_rootfs::{UnpackOptions, archive};
use libfuzzer_sys::fuzz_target;

fn check(data: &[u8]) {
    let Some((first, data)) = data.split_first() else { return };
    let ground = Ground::default();
    let bytes = if first & 1 == 0 { with_checksums(data) } else { data.to_vec() };
    if first & 2 == 0 {
        let _ = ground.unpack("root", &bytes, &UnpackOptions::LAYER);
    } else if archive::is_archive(&mut Cursor::new(&bytes)).is_ok_and(|found| found) {
        let _ = archive::extract(&bytes[..], &ground.tree("root"), Path::new("a/b"), None);
    }
    ground.assert_whole();
}

fuzz_target!(|data: &[u8]| check(data));
