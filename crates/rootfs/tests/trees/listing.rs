//! Everything about a tree as lines, to compare two.

use std::collections::HashMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use ktrust_rootfs::{Kind, Metadata, Root};

/// One line per path, sorted: type, mode, owner, time (whole seconds), size, device, link target, other
/// names, attributes, content.
pub(crate) fn listing(root: &Root) -> String {
    let mut lines = String::new();
    let mut inodes = HashMap::new();
    directory(root, Path::new(""), &mut inodes, &mut lines);
    lines
}

fn directory(root: &Root, path: &Path, inodes: &mut HashMap<u64, String>, lines: &mut String) {
    for entry in root.read_dir(path).unwrap() {
        line(root, &entry.path, &entry.metadata, inodes, lines);
        if entry.metadata.is_dir() {
            directory(root, &entry.path, inodes, lines);
        }
    }
}

fn line(root: &Root, path: &Path, found: &Metadata, inodes: &mut HashMap<u64, String>, lines: &mut String) {
    let name = format!("{path:?}");
    let first = inodes.entry(found.ino).or_insert_with(|| name.clone());
    let detail = match found.kind {
        Kind::Symlink => format!("{:?}", root.read_link(path).unwrap()),
        Kind::File => format!("{} {:x}", found.size, sum(&fs::read(root.path().join(path)).unwrap())),
        Kind::CharDevice | Kind::BlockDevice => format!("{:?}", found.device),
        _ => String::new(),
    };
    let (owner, xattrs) = (found.owner, root.xattrs(path).unwrap());
    writeln!(
        lines,
        "{name} {:?} {:o} {}:{} {} {detail} ={first} {xattrs:?}",
        found.kind, found.mode, owner.uid, owner.gid, found.modified.seconds
    )
    .unwrap();
}

/// FNV-1a.
fn sum(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}
