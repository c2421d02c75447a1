//! Paths inside a root, as text.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

/// The path without `/` in front, `.` and `..`: the latter stop at the root, as in a chroot. Empty for
/// the root itself.
pub fn normal(path: &Path) -> PathBuf {
    let mut result = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => result.push(name),
            Component::ParentDir => {
                result.pop();
            }
            _ => {}
        }
    }
    result
}

/// Parent and last component of a normal path. The root is `.` in itself.
pub(crate) fn split(path: &Path) -> (&Path, &OsStr) {
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => (parent, name),
        _ => (Path::new(""), OsStr::new(".")),
    }
}

/// `a`, `a/b`, `a/b/c` for the normal path `a/b/c`.
pub(crate) fn prefixes(path: &Path) -> Vec<&Path> {
    let mut prefixes: Vec<&Path> = path.ancestors().filter(|prefix| !prefix.as_os_str().is_empty()).collect();
    prefixes.reverse();
    prefixes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_paths_cannot_leave() {
        for (given, wanted) in
            [("/a//b/./c", "a/b/c"), ("../../x", "x"), ("a/../../b", "b"), ("/", ""), ("./", "")]
        {
            assert_eq!(normal(Path::new(given)), Path::new(wanted), "{given}");
        }
    }

    #[test]
    fn prefixes_run_from_the_top() {
        assert_eq!(prefixes(Path::new("a/b")), [Path::new("a"), Path::new("a/b")]);
        assert!(prefixes(Path::new("")).is_empty());
    }
}
