//! Own rows; the results are those of moby's matcher.

use super::{Matcher, Parents, parse};

fn excludes(patterns: &[&str], path: &str) -> bool {
    Matcher::new(patterns).expect("valid patterns").excludes(path)
}

#[test]
fn files() {
    let text = "\u{feff}# comment\n\n  /abs/./dir/ \r\n!  keep/../kept \n #indented\n!\n/\n..\n";
    let expected = [(3, "abs/dir"), (4, "!kept"), (5, "#indented"), (6, "!"), (7, "/"), (8, "..")];
    assert_eq!(parse(text), expected.map(|(line, pattern)| (line, pattern.to_owned())));
    let error = Matcher::of_file("a\n[\n").expect_err("a broken pattern");
    assert_eq!(error.to_string(), "line 2: syntax error in pattern \"[\"");
    let error = Matcher::of_file("a\n!\n").expect_err("a lone mark");
    assert_eq!(error.to_string(), "line 2: illegal exclusion pattern: \"!\"");
}

/// Patterns, excluded paths, included paths.
type Row<'a> = (&'a [&'a str], &'a [&'a str], &'a [&'a str]);

#[test]
fn paths() {
    let rows: [Row<'_>; 18] = [
        (&["build"], &["build", "build/x", "build/x/y"], &["builds", "a/build"]),
        (&["build/"], &["build", "build/x"], &["a/build"]),
        (&["*.o"], &["a.o", "x.o/y"], &["a/b.o", "a.oo"]),
        (&["**/*.o"], &["a.o", "a/b.o", "a/b/c.o", "a/b.o/c"], &["a.ob"]),
        (&["**/tmp"], &["tmp", "a/tmp", "a/tmp/b"], &["atmp", "tmps"]),
        (&["**tmp"], &["tmp", "a/tmp", "atmp"], &["tmps"]),
        (&["**"], &["a", "a/b"], &[]),
        (&["a/**"], &["a/b", "a/b/c"], &["a", "ab"]),
        (&["a/**/z"], &["a/z", "a/b/z", "a/b/c/z/d"], &["az", "a/zz"]),
        (&["a**z"], &["az", "a/z", "ab/z"], &["abz"]),
        (&["a?"], &["ab", "ab/c"], &["a", "abc", "a/"]),
        (&["[a-c]x", "[^d]y"], &["ax", "cx/y", "ey"], &["dx", "dy"]),
        (&["*", "!src"], &["a", "b/c"], &["src", "src/x"]),
        (&["*", "!src/x"], &["a", "src", "src/y"], &["src/x", "src/x/z"]),
        (&["a/**/*.t", "!a/b"], &["a/1.t", "a/b/2.t"], &["a/b"]),
        (&["a", "!a/b", "a/b/c"], &["a", "a/x", "a/b/c", "a/b/c/d"], &["a/b", "a/b/x"]),
        (&["!a", "a"], &["a", "a/b"], &[]),
        (&["\\!x", "a.b", "(c)*"], &["!x", "a.b", "(c)d"], &["x", "axb", "c"]),
    ];
    for (patterns, excluded, included) in rows {
        for path in excluded {
            assert!(excludes(patterns, path), "{patterns:?} should exclude {path}");
        }
        for path in included {
            assert!(!excludes(patterns, path), "{patterns:?} should not exclude {path}");
        }
    }
}

#[test]
fn broken_patterns() {
    for pattern in ["!", "[", "[a", "a\\", "!a["] {
        assert!(Matcher::new([pattern]).is_err(), "{pattern}");
    }
    assert!(Matcher::new(["", " "]).expect("blank patterns are dropped").is_empty());
}

/// Patterns, a directory, whether the walk may stop there.
#[test]
fn pruning() {
    let rows: [(&[&str], &str, bool); 9] = [
        (&["a"], "a", true),
        (&["a", "!b"], "a", true),
        (&["a", "!a/b"], "a", false),
        (&["a", "!ab"], "a", true),
        (&["a", "!a/b/c"], "a/b", false),
        (&["a", "!a/b/c"], "a/x", true),
        (&["a", "!**/keep"], "a", false),
        (&["*", "!a/*.c"], "a/b", false),
        (&["*", "!a/*.c"], "b", true),
    ];
    for (patterns, directory, expected) in rows {
        let matcher = Matcher::new(patterns).expect("valid patterns");
        assert_eq!(matcher.may_prune(directory), expected, "{patterns:?} {directory}");
    }
}

/// A walk that prunes finds the same as one that asks for every path.
#[test]
fn a_walk_agrees_with_single_questions() {
    let paths = ["a", "a/b", "a/b/c", "a/b/d", "a/e", "f", "f/g"];
    let sets: [&[&str]; 5] =
        [&["a", "!a/b/c"], &["*", "!f"], &["**/b", "!**/c"], &["a/*", "!a/b", "a/b/d"], &["!a", "f/**"]];
    for patterns in sets {
        let matcher = Matcher::new(patterns).expect("valid patterns");
        let mut found = Vec::new();
        walk(&matcher, &paths, "", &Parents::default(), &mut found);
        let expected: Vec<&str> = paths.into_iter().filter(|path| !matcher.excludes(path)).collect();
        assert_eq!(found, expected, "{patterns:?}");
    }
}

fn walk<'a>(matcher: &Matcher, paths: &[&'a str], top: &str, parents: &Parents, found: &mut Vec<&'a str>) {
    let below = paths
        .iter()
        .filter(|path| path.strip_prefix(top).is_some_and(|rest| !rest.is_empty() && !rest.contains('/')));
    for path in below {
        let verdict = matcher.judge(path, parents);
        if !verdict.excluded {
            found.push(path);
        }
        if !(verdict.excluded && matcher.may_prune(path)) {
            walk(matcher, paths, &format!("{path}/"), &verdict.parents, found);
        }
    }
}
