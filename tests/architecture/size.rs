//! The size budget: what no longer fits is split.

use proc_macro2::LineColumn;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Block, ImplItemFn, ItemFn, ItemMod, Signature, TraitItemFn};

use crate::source::SOURCES;

const FILE_MEDIAN: usize = 150;
const FILE_MOST: usize = 800;
const FUNCTION_MEDIAN: usize = 8;
const FUNCTION_LONG: usize = 60;
/// Of a thousand functions, how many may be long.
const LONG_PER_MILLE: usize = 20;

/// A function outside tests.
struct Function {
    place: String,
    lines: usize,
}

/// Collects functions, leaving out what is compiled for tests alone.
struct Collector<'a> {
    file: String,
    found: &'a mut Vec<Function>,
}

impl Collector<'_> {
    fn add(&mut self, signature: &Signature, block: &Block) {
        let (LineColumn { line: first, .. }, LineColumn { line: last, .. }) =
            (signature.span().start(), block.span().end());
        let place = format!("{}:{first} {}", self.file, signature.ident);
        self.found.push(Function { place, lines: last - first + 1 });
    }
}

impl<'ast> Visit<'ast> for Collector<'_> {
    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if !is_for_tests(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        if !is_for_tests(&function.attrs) {
            self.add(&function.sig, &function.block);
            visit::visit_item_fn(self, function);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        self.add(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast TraitItemFn) {
        if let Some(block) = &function.default {
            self.add(&function.sig, block);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || attribute.path().is_ident("cfg")
                && attribute.meta.require_list().is_ok_and(|list| list.tokens.to_string() == "test")
    })
}

fn functions() -> Vec<Function> {
    let mut found = Vec::new();
    for source in SOURCES.iter().filter(|source| !source.is_test()) {
        let file = source.path.display().to_string();
        Collector { file, found: &mut found }.visit_file(&source.parse());
    }
    found
}

fn median(mut lengths: Vec<usize>) -> usize {
    lengths.sort_unstable();
    lengths[lengths.len() / 2]
}

#[test]
fn files_are_short() {
    let lines = SOURCES.iter().map(|source| source.text.lines().count()).collect();
    let median = median(lines);
    assert!(median <= FILE_MEDIAN, "the median file has {median} lines, {FILE_MEDIAN} are allowed");
}

#[test]
fn no_file_is_long() {
    let length = |source: &&crate::source::Source| source.text.lines().count();
    let long: Vec<_> = SOURCES.iter().filter(|source| length(source) > FILE_MOST).map(|s| &s.path).collect();
    assert!(long.is_empty(), "over {FILE_MOST} lines: {long:?}");
}

#[test]
fn functions_are_short() {
    let median = median(functions().iter().map(|function| function.lines).collect());
    assert!(
        median <= FUNCTION_MEDIAN,
        "the median function has {median} lines, {FUNCTION_MEDIAN} are allowed"
    );
}

#[test]
fn long_functions_are_rare() {
    let functions = functions();
    let long: Vec<_> = functions.iter().filter(|function| function.lines > FUNCTION_LONG).collect();
    let allowed = functions.len() * LONG_PER_MILLE / 1000;
    let listed: Vec<_> = long.iter().map(|long| format!("{} ({} lines)", long.place, long.lines)).collect();
    assert!(
        long.len() <= allowed,
        "{} long functions, {allowed} are allowed:\n{}",
        long.len(),
        listed.join("\n")
    );
}
