//! Reads a corpus and reports all that differs at once.

use std::fmt::Debug;
use std::path::{Path, PathBuf};

/// The part of the corpora that is about text.
#[expect(clippy::disallowed_methods, reason = "a test has no other way to be told where the corpora are")]
pub(crate) fn directory() -> PathBuf {
    let root = std::env::var_os("KTRUST_CORPORA")
        .expect("not run: set KTRUST_CORPORA to the directory of the acceptance corpora");
    Path::new(&root).join("parser")
}

/// The entries of a directory in order.
pub(crate) fn cases(directory: &Path) -> Vec<PathBuf> {
    let entries =
        std::fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a directory entry").path()).collect();
    paths.sort();
    paths
}

/// The bytes of a file.
pub(crate) fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The text of a file.
pub(crate) fn read(path: &Path) -> String {
    String::from_utf8(bytes(path)).expect("a corpus is UTF-8")
}

/// Counts cases and collects differences.
pub(crate) struct Report {
    name: &'static str,
    cases: usize,
    differences: Vec<String>,
}

impl Report {
    /// Nothing compared yet.
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, cases: 0, differences: Vec::new() }
    }

    /// Compares the result of a case.
    pub(crate) fn compare<T: PartialEq + Debug>(&mut self, case: &Path, seen: T, expected: T) {
        self.cases += 1;
        self.also(case, seen, expected);
    }

    /// Compares one more thing about the same case.
    pub(crate) fn also<T: PartialEq + Debug>(&mut self, case: &Path, seen: T, expected: T) {
        if seen != expected {
            self.differences
                .push(format!("{}\n    seen     {seen:?}\n    expected {expected:?}", case.display()));
        }
    }

    /// Fails if anything differed, or if the corpus has not exactly this many cases: one that is left out
    /// by a change of the corpus or of its reader would pass unseen.
    #[expect(clippy::print_stdout, reason = "the number of cases is the result")]
    pub(crate) fn finish(self, expected: usize) {
        let Self { name, cases, differences } = self;
        assert!(
            differences.is_empty(),
            "{name}: {} differences\n{}",
            differences.len(),
            differences.join("\n")
        );
        assert_eq!(cases, expected, "{name}: number of cases");
        println!("{name}: {cases} cases agree");
    }
}
