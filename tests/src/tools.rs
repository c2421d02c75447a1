//! The tools of others that tests hold ktrust against.
//!
//! A missing one fails the test that asks for it: a check that did not run has not passed.

use std::path::PathBuf;

use crate::place::tool_cache;

/// Directories of programs that a distribution installs.
const SYSTEM: [&str; 6] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// Tools that are kept in the cache, with their place in it.
const CACHED: [(&str, &str); 8] = [
    ("busybox", "busybox-static/bin/busybox"),
    ("docker-registry", "docker-registry/bin/docker-registry"),
    ("cosign-2", "cosign-2/bin/cosign"),
    ("cosign-3", "cosign-3/bin/cosign"),
    ("gitlab-ci-local", "node/node_modules/.bin/gitlab-ci-local"),
    ("node", "node/node_modules/.bin/node"),
    ("check-jsonschema", "python/bin/check-jsonschema"),
    ("cargo-deny", "cargo-deny/bin/cargo-deny"),
];

/// The path of the tool called `name`: `cosign-2`, `cosign-3`, `gitlab-ci-local`, `node`,
/// `check-jsonschema`, `cargo-deny`, or a program that the distribution has (`skopeo`, `podman`, …).
pub fn tool(name: &str) -> PathBuf {
    find(name)
        .unwrap_or_else(|| panic!("`{name}` is not installed: run `cargo xtask test`, which installs it"))
}

fn find(name: &str) -> Option<PathBuf> {
    let cached = CACHED.iter().find(|(cached, _)| *cached == name);
    let candidates: Vec<PathBuf> = match cached {
        Some((_, below)) => vec![tool_cache().join(below)],
        None => SYSTEM.iter().map(|directory| PathBuf::from(directory).join(name)).collect(),
    };
    candidates.into_iter().find(|path| path.is_file())
}
