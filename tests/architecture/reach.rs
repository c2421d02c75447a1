//! Every file is compiled: a test that no target reaches would pass for ever.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use cargo_metadata::MetadataCommand;
use ktrust_tests::place::repository;
use syn::{Item, ItemMod};

use crate::source::SOURCES;

/// The root files of all targets of all packages, those of the fuzz targets' own workspace too.
fn roots() -> Vec<PathBuf> {
    let packages = ["", "fuzz"].into_iter().flat_map(|workspace| {
        let directory = repository().join(workspace);
        MetadataCommand::new().current_dir(directory).no_deps().exec().expect("cargo metadata").packages
    });
    let targets = packages.flat_map(|package| package.targets);
    let relative = |path: &Path| path.strip_prefix(repository()).expect("a target of ours").to_path_buf();
    targets.map(|target| relative(target.src_path.as_std_path())).collect()
}

/// Adds the files of all modules that are declared in `items`; `directory` is where they lie.
fn follow(items: &[Item], directory: &Path, reached: &mut BTreeSet<PathBuf>) {
    for item in items {
        let Item::Mod(module) = item else { continue };
        let name = module.ident.to_string();
        match &module.content {
            Some((_, items)) => follow(items, &directory.join(name), reached),
            None => visit(&file_of(module, directory), false, reached),
        }
    }
}

fn file_of(module: &ItemMod, directory: &Path) -> PathBuf {
    let name = module.ident.to_string();
    let beside = directory.join(format!("{name}.rs"));
    if repository().join(&beside).is_file() { beside } else { directory.join(name).join("mod.rs") }
}

fn visit(file: &Path, is_root: bool, reached: &mut BTreeSet<PathBuf>) {
    let Some(source) = SOURCES.iter().find(|source| source.path == file) else { return };
    if !reached.insert(file.to_path_buf()) {
        return;
    }
    let parent = file.parent().expect("a file lies in a directory");
    let is_directory = is_root || file.ends_with("mod.rs");
    let directory = if is_directory { parent.to_path_buf() } else { file.with_extension("") };
    follow(&source.parse().items, &directory, reached);
}

#[test]
fn no_file_is_forgotten() {
    let mut reached = BTreeSet::new();
    for root in roots() {
        visit(&root, true, &mut reached);
    }
    let forgotten: Vec<_> =
        SOURCES.iter().map(|source| &source.path).filter(|path| !reached.contains(*path)).collect();
    assert!(forgotten.is_empty(), "no target reaches {forgotten:#?}");
}
