//! Tests use programs, programs use crates, and crates use each other in one direction only.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};
use ktrust_tests::place::repository;

/// What each crate may use of ours.
const CRATES: [(&str, &[&str]); 11] = [
    ("admission", &["oci"]),
    ("console", &[]),
    ("dockerfile", &[]),
    ("oci", &[]),
    ("pipeline", &["console", "oci", "registry"]),
    ("registry", &["oci"]),
    ("rootfs", &["oci"]),
    ("sandbox", &["rootfs"]),
    ("signature", &["oci", "registry", "sigstore"]),
    ("sigstore", &[]),
    ("xtask", &[]),
];

const PROGRAMS: [&str; 3] = ["kbuild", "ksign", "kdeploy"];

/// What signs and deploys has no business with build steps.
const BUILD_ONLY: [&str; 3] = ["dockerfile", "rootfs", "sandbox"];

type Graph = BTreeMap<String, BTreeSet<String>>;

/// Our packages and what each uses of ours, tests left out, names without the prefix.
fn graph() -> Graph {
    let metadata = MetadataCommand::new().current_dir(repository()).no_deps().exec().expect("cargo metadata");
    let short = |name: &str| name.strip_prefix("ktrust-").map(str::to_owned);
    let mut graph = Graph::new();
    for package in metadata.packages {
        let name = short(&package.name).unwrap_or_else(|| panic!("`{}` lacks the prefix", package.name));
        let used = package.dependencies.iter().filter(|used| used.kind != DependencyKind::Development);
        graph.insert(name, used.filter_map(|used| short(&used.name)).collect());
    }
    graph
}

/// Everything that `start` links of ours.
fn linked(graph: &Graph, start: &str) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut open = vec![start.to_owned()];
    while let Some(name) = open.pop() {
        if seen.insert(name.clone()) {
            open.extend(graph[&name].iter().cloned());
        }
    }
    seen
}

#[test]
fn crates_use_each_other_in_one_direction() {
    let graph = graph();
    for (name, allowed) in CRATES {
        let excess: Vec<_> = graph[name].iter().filter(|used| !allowed.contains(&used.as_str())).collect();
        assert!(excess.is_empty(), "`{name}` may use {allowed:?} of ours, and uses {excess:?}");
    }
}

#[test]
fn every_package_is_a_crate_a_program_or_the_tests() {
    let known: BTreeSet<&str> =
        CRATES.iter().map(|(name, _)| *name).chain(PROGRAMS).chain(["tests"]).collect();
    let graph = graph();
    let found: BTreeSet<&str> = graph.keys().map(String::as_str).collect();
    assert_eq!(found, known);
}

#[test]
fn programs_use_crates_and_never_each_other() {
    let graph = graph();
    for program in PROGRAMS {
        let used = &graph[program];
        let others: Vec<_> = PROGRAMS.iter().filter(|other| used.contains(**other)).collect();
        assert!(others.is_empty(), "`{program}` uses {others:?}");
        assert!(!used.contains("xtask") && !used.contains("tests"), "`{program}` uses tools");
    }
}

#[test]
fn signing_and_deploying_link_nothing_that_builds() {
    let graph = graph();
    for program in ["ksign", "kdeploy"] {
        let linked = linked(&graph, program);
        let excess: Vec<_> = BUILD_ONLY.iter().filter(|part| linked.contains(**part)).collect();
        assert!(excess.is_empty(), "`{program}` links {excess:?}");
    }
}
