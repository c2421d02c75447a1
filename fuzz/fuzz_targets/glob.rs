//! Any text as a pattern of COPY, matched against any name, also by a second opinion.
#![no_main]

use ktrust_dockerfile::glob::{Glob, is_pattern, matches};
use libfuzzer_sys::fuzz_target;

fn check(data: &[u8]) {
    let (pattern, name) = ktrust_fuzz::two(data);
    let Ok(glob) = Glob::parse(&pattern) else {
        assert!(is_pattern(&pattern) || pattern.ends_with('\\'));
        return;
    };
    let seen = glob.matches(&name);
    assert_eq!(matches(&pattern, &name), Ok(seen));
    if !is_pattern(&pattern) && !pattern.contains('\\') {
        assert_eq!(seen, pattern == name);
    }
    if let Some(expected) = ktrust_fuzz::naive::glob(&pattern, &name) {
        // Go takes the first place where a part fits and never comes back to a star. Without a slash
        // that finds every match.
        assert!(!seen || expected, "{pattern:?} matches {name:?}");
        assert!(seen || !expected || name.contains('/'), "{pattern:?} does not match {name:?}");
    }
}

fuzz_target!(|data: &[u8]| check(data));
