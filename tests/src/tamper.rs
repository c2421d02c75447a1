//! Ways to break what a program is to refuse.

use std::path::{Path, PathBuf};

/// Changes one bit in the middle of a file.
pub fn flip(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let middle = bytes.len() / 2;
    *bytes.get_mut(middle).expect("an empty file has no bit to change") ^= 1;
    std::fs::write(path, bytes).expect("the file can be written");
}

/// Replaces the first occurrence of `from` in a text file, which must have one.
pub fn replace(path: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(text.contains(from), "{} does not have `{from}`", path.display());
    std::fs::write(path, text.replacen(from, to, 1)).expect("the file can be written");
}

/// Cuts a file to `length` bytes, as a full disk or a broken connection would.
pub fn truncate(path: &Path, length: u64) {
    let file = std::fs::OpenOptions::new().write(true).open(path);
    file.and_then(|file| file.set_len(length)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// The file of a blob in an OCI layout.
pub fn blob(layout: &Path, digest: &str) -> PathBuf {
    let (algorithm, hex) = digest.split_once(':').expect("a digest has an algorithm");
    layout.join("blobs").join(algorithm).join(hex)
}

/// Copies a directory tree, to break the copy and keep the original.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory can be made");
    for entry in std::fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let entry = entry.expect("a directory can be read");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("an entry has a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a file can be copied");
        }
    }
}
