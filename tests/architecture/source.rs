//! The Rust files of this repository, read once.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use ktrust_tests::place::repository;

/// One file.
pub(crate) struct Source {
    /// Its path in the repository.
    pub(crate) path: PathBuf,
    /// Its text.
    pub(crate) text: String,
}

impl Source {
    /// Its syntax tree.
    pub(crate) fn parse(&self) -> syn::File {
        syn::parse_file(&self.text).unwrap_or_else(|error| panic!("{}: {error}", self.path.display()))
    }

    /// Whether the whole file is test code: a package of tests, or a module called `tests`.
    pub(crate) fn is_test(&self) -> bool {
        let packages = ["tests", "fuzz"];
        packages.iter().any(|package| self.path.starts_with(package))
            || self.path.iter().any(|part| part == "tests" || part == "tests.rs")
    }
}

/// Every Rust file of the repository, by path.
pub(crate) static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(|| {
    let mut paths = Vec::new();
    walk(&repository(), &mut paths);
    paths.sort();
    paths.into_iter().map(|path| read(&path)).collect()
});

fn walk(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("a directory of the repository") {
        let path = entry.expect("an entry of a directory").path();
        let name = path.file_name().expect("an entry has a name").to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            walk(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            found.push(path);
        }
    }
}

fn read(path: &Path) -> Source {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let path = path.strip_prefix(repository()).expect("a file of the repository").to_path_buf();
    Source { path, text }
}
