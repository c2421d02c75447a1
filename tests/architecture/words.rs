//! What must stand in a file, and what must not.

use std::str::FromStr;

use proc_macro2::{TokenStream, TokenTree};

use crate::source::{SOURCES, Source};

/// Where system calls are made.
const UNSAFE: [&str; 2] = ["crates/sandbox/src/syscalls.rs", "crates/sandbox/src/syscalls"];

fn paths<'a>(sources: impl Iterator<Item = &'a Source>) -> Vec<String> {
    sources.map(|source| source.path.display().to_string()).collect()
}

fn has_word(tokens: TokenStream, word: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => has_word(group.stream(), word),
        TokenTree::Ident(ident) => ident == word,
        _ => false,
    })
}

#[test]
fn every_file_says_what_it_is_for() {
    let has_docs =
        |source: &Source| source.parse().attrs.iter().any(|attribute| attribute.path().is_ident("doc"));
    let bare = paths(SOURCES.iter().filter(|source| !has_docs(source)));
    assert!(bare.is_empty(), "no `//!` at the top of {bare:#?}");
}

#[test]
fn unsafe_code_is_in_one_place() {
    let is_unsafe = |source: &Source| {
        has_word(TokenStream::from_str(&source.text).expect("a file that compiles has tokens"), "unsafe")
    };
    let elsewhere =
        SOURCES.iter().filter(|source| !UNSAFE.iter().any(|place| source.path.starts_with(place)));
    let found = paths(elsewhere.filter(|source| is_unsafe(source)));
    assert!(found.is_empty(), "unsafe code outside {UNSAFE:?}: {found:#?}");
}

#[test]
fn every_crate_but_the_sandbox_forbids_unsafe_code() {
    let roots = SOURCES.iter().filter(|source| {
        let path = source.path.to_string_lossy();
        path.ends_with("src/lib.rs") && !path.starts_with("crates/sandbox/")
    });
    let lax = paths(roots.filter(|source| !source.text.contains("#![forbid(unsafe_code)]")));
    assert!(lax.is_empty(), "no `#![forbid(unsafe_code)]` in {lax:#?}");
}

#[test]
fn nothing_unfinished_is_left() {
    let marks = ["todo!", "unimplemented!", "FIXME", "TODO"];
    let here = std::path::Path::new("tests/architecture/words.rs");
    let others = SOURCES.iter().filter(|source| source.path != here);
    let found = paths(others.filter(|source| marks.iter().any(|mark| source.text.contains(mark))));
    assert!(found.is_empty(), "one of {marks:?} stands in {found:#?}");
}
