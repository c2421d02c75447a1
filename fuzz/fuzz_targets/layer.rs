//! Any bytes as the members of two layers, one upon the other: what comes out goes round unchanged, and
//! nothing outside the tree changes.
#![no_main]

use ktrust_fuzz::archive::of_members;
use ktrust_fuzz::ground::Ground;
use ktrust_rootfs::{Error, UnpackOptions};
use libfuzzer_sys::fuzz_target;

fn check(data: &[u8]) {
    let ground = Ground::default();
    let (lower, upper) = data.split_at(data.len() / 2);
    let mut unpacked = Ok(());
    for part in [lower, upper] {
        unpacked =
            unpacked.and_then(|()| ground.unpack("root", &of_members(part), &UnpackOptions::LAYER).map(drop));
    }
    ground.assert_whole();
    // A broken layer leaves a tree too.
    let layer = match ground.pack("root") {
        Err(Error::ReservedName(_)) => return,
        other => other.expect("a tree can be packed"),
    };
    ground.unpack("again", &layer, &UnpackOptions::LAYER).expect("our own layer can be unpacked");
    assert!(ground.pack("again").expect("a tree can be packed") == layer, "the tree has changed");
    ground.assert_whole();
}

fuzz_target!(|data: &[u8]| check(data));
