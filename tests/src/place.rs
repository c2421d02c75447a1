//! Where things are: this repository, the programs under test, the cache of tools.
#![expect(clippy::disallowed_methods, reason = "a harness is told by variables what to test")]

use std::path::{Path, PathBuf};

/// The root of this repository.
pub fn repository() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("tests/ lies in the repository").to_path_buf()
}

/// The program called `name`: the file that the variable of that name (`KBUILD`, `KSIGN`, `KDEPLOY`)
/// points at, as for a release that is to be tested; else what cargo built beside this test.
pub fn program(name: &str) -> PathBuf {
    if let Some(path) = std::env::var_os(name.to_uppercase()) {
        return path.into();
    }
    let test = std::env::current_exe().expect("a test knows its own path");
    let built = test.ancestors().nth(2).expect("tests lie in target/…/deps");
    let path = built.join(format!("{name}-under-test"));
    assert!(path.is_file(), "{} is missing: run the tests of the package ktrust-tests", path.display());
    path
}

/// The directory in which `cargo xtask test` keeps the tools that it installs.
pub fn tool_cache() -> PathBuf {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("KTRUST_TOOLS")
        .or_else(|| Some(set("XDG_CACHE_HOME")?.join("ktrust/tools")))
        .or_else(|| Some(set("HOME")?.join(".cache/ktrust/tools")))
        .expect("HOME says where the tools are")
}
