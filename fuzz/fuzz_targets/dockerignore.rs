//! Any text as a `.dockerignore`, and any path judged by it; each pattern also by a second opinion.
#![no_main]

use ktrust_dockerfile::dockerignore::{Matcher, Parents, parse};
use ktrust_dockerfile::path::clean;
use libfuzzer_sys::fuzz_target;

fn check(data: &[u8]) {
    let (file, path) = ktrust_fuzz::two(data);
    let path = clean(&path).trim_start_matches(['/', '.']).to_owned();
    let rules = parse(&file);
    let Ok(matcher) = Matcher::of_file(&file) else { return };
    if path.is_empty() {
        return;
    }
    let excluded = matcher.excludes(&path);
    // What a walk may leave out holds nothing that belongs in.
    let mut parents = Parents::default();
    for (at, _) in path.char_indices().skip(1).filter(|(_, character)| *character == '/') {
        let verdict = matcher.judge(&path[..at], &parents);
        if verdict.excluded && matcher.may_prune(&path[..at]) {
            assert!(excluded, "{:?} was left out with {path:?} below it", &path[..at]);
        }
        parents = verdict.parents;
    }
    for (_, rule) in &rules {
        alone(rule.trim_start_matches('!'), &path);
    }
}

/// One pattern, which is not negated, against one path without what lies above it.
fn alone(pattern: &str, path: &str) {
    let Ok(matcher) = Matcher::new([pattern]) else { return };
    let seen = matcher.judge(path, &Parents::default()).excluded;
    let cleaned = clean(pattern.trim());
    if pattern.trim().is_empty() || cleaned.starts_with('!') {
        return;
    }
    if let Some(expected) = ktrust_fuzz::naive::ignore_pattern(&cleaned, path) {
        assert_eq!(seen, expected, "{cleaned:?} on {path:?}");
    }
}

fuzz_target!(|data: &[u8]| check(data));
