//! Lines, continuations, comments, here documents.

use super::Ast;
use crate::location::Location;
use crate::problem::Problem;

fn parse(source: &str) -> Ast {
    Ast::parse(source.as_bytes()).unwrap_or_else(|error| panic!("{source:?}: {error}"))
}

fn problem(source: &str) -> (Problem, Location) {
    let error = Ast::parse(source.as_bytes()).expect_err(source);
    (error.problem, error.location)
}

/// Source, then the joined lines with their locations.
#[test]
fn continuations() {
    let rows: [(&str, &[(&str, &str)]); 12] = [
        ("RUN a\\\nb", &[("RUN ab", "1-2")]),
        ("RUN a \\ \t\n  b\n", &[("RUN a   b", "1-2")]),
        ("  RUN a\n", &[("RUN a", "1")]),
        ("RUN a\\\\\nUSER b", &[("RUN a\\\\", "1"), ("USER b", "2")]),
        ("RUN a\\\n# no\\\n\n\\\nb", &[("RUN ab", "1-5")]),
        ("RU\\\nN a", &[("RUN a", "1-2")]),
        ("RUN a\\", &[("RUN a", "1")]),
        ("RUN a\\\n", &[("RUN a", "1")]),
        ("RUN a\\\n\n\nUSER b", &[("RUN aUSER b", "1-4")]),
        ("RUN a\r\nUSER b\r\n", &[("RUN a", "1"), ("USER b", "2")]),
        ("\u{feff}RUN a", &[("RUN a", "1")]),
        ("# escape=`\nRUN a`\nb\\\nUSER c", &[("RUN ab\\", "2-3"), ("USER c", "4")]),
    ];
    for (source, expected) in rows {
        let ast = parse(source);
        let seen: Vec<(&str, String)> =
            ast.nodes.iter().map(|node| (node.original.as_str(), node.location.to_string())).collect();
        let seen: Vec<(&str, &str)> = seen.iter().map(|(text, at)| (*text, at.as_str())).collect();
        assert_eq!(seen, expected, "{source:?}");
    }
    assert_eq!(parse("RUN a\\\n\nb").empty_continuations, [Location::new(1, 3)]);
    assert!(parse("RUN a\\\n# c\nb").empty_continuations.is_empty());
}

#[test]
fn comments_go_with_the_instruction_below() {
    let ast = parse("# gone\n#\n# one\n\n#two\n  # three\nRUN a\nRUN b\n# escape=`\nRUN c");
    let comments: Vec<&[String]> = ast.nodes.iter().map(|node| node.comments.as_slice()).collect();
    assert_eq!(comments[0], ["one", "two", "# three"]);
    assert!(comments[1].is_empty());
    assert_eq!(comments[2], ["escape=`"]);
    assert_eq!(ast.directives.escape, '\\');
}

#[test]
fn directives_are_no_comments() {
    let ast = parse("# syntax=docker/dockerfile:1\n# Escape = `\n# check=skip=all\n# note\nRUN a");
    assert_eq!(ast.nodes[0].comments, ["note"]);
    assert_eq!(ast.directives.escape, '`');
    let syntax = ast.directives.syntax.expect("a syntax directive");
    assert_eq!((syntax.value.as_str(), syntax.location.start), ("docker/dockerfile:1", 1));
    assert_eq!(ast.directives.check.expect("a check directive").value, "skip=all");
}

#[test]
fn heredocs() {
    let ast = parse(
        "RUN <<A cat <<-'B' >/x\n# no comment\\\n  A\nA\n\t$x\n\tB\nCOPY <<f.txt <<\"g\" /d/\nf\nf.txt\ng\nUSER a\n",
    );
    let seen: Vec<(&str, bool, &str)> = ast
        .nodes
        .iter()
        .flat_map(|node| &node.heredocs)
        .map(|heredoc| (heredoc.name.as_str(), heredoc.expand, heredoc.content.as_str()))
        .collect();
    assert_eq!(
        seen,
        [
            ("A", true, "# no comment\\\n  A\n"),
            ("B", false, "\t$x\n"),
            ("f.txt", true, "f\n"),
            ("g", false, "")
        ]
    );
    let lines: Vec<String> = ast.nodes.iter().map(|node| node.location.to_string()).collect();
    assert_eq!(lines, ["1-6", "7-10", "11"]);
}

#[test]
fn no_heredocs() {
    for source in [
        "RUN [\"cat\", \"<<A\"]\nUSER a",
        "CMD cat <<A\nUSER a",
        "RUN echo \"<<A\"\nUSER a",
        "RUN cat <<< A\nUSER a",
        "ONBUILD CMD <<A\nUSER a",
    ] {
        let ast = parse(source);
        assert!(ast.nodes.len() == 2 && ast.nodes[0].heredocs.is_empty(), "{source}");
    }
    let ast = parse("ONBUILD RUN <<A\nx\nA\n");
    assert_eq!(ast.nodes[0].heredocs.len(), 1);
}

/// A flag knows its own lines, also where the instruction spans many.
#[test]
fn flags_have_their_own_lines() {
    let ast =
        parse("USER a\nRUN --network=none \\\n  # why\n  --mount=type=cache,\\\ntarget=/c \\\n  make\n");
    let flags: Vec<(&str, String)> =
        ast.nodes[1].flags.iter().map(|flag| (flag.text.as_str(), flag.location.to_string())).collect();
    assert_eq!(flags[0], ("--network=none", "2".to_owned()));
    assert_eq!(flags[1], ("--mount=type=cache,target=/c", "4-5".to_owned()));
    let ast = parse("ONBUILD \\\n RUN \\\n --network=none x");
    let trigger = ast.nodes[0].trigger.as_ref().expect("a trigger");
    assert_eq!(trigger.flags[0].location, Location::line(3));
}

#[test]
fn arguments() {
    let rows: [(&str, &[&str]); 12] = [
        ("ENV a=1 b='x y' c=\"\\\" z\"", &["a", "1", "=", "b", "'x y'", "=", "c", "\"\\\" z\"", "="]),
        ("ENV a  b  c ", &["a", "b  c", ""]),
        ("LABEL \"a b\"=c", &["\"a b\"", "c", "="]),
        ("ARG a b= c=\"d e\"", &["a", "b=", "c=\"d e\""]),
        ("USER  a b ", &["a b"]),
        ("EXPOSE 80   90", &["80", "90"]),
        ("COPY \"a b\" c", &["\"a", "b\"", "c"]),
        ("COPY [\"a b\", \"c\"]", &["a b", "c"]),
        ("CMD [\"a\"] b", &["[\"a\"] b"]),
        ("HEALTHCHECK  CMD  [\"a\", \"b\"]", &["CMD", "a", "b"]),
        ("ENTRYPOINT", &[]),
        ("WHATEVER a b", &[""]),
    ];
    for (source, expected) in rows {
        assert_eq!(parse(source).nodes[0].arguments, expected, "{source}");
    }
}

#[test]
fn refusals() {
    assert_eq!(problem(""), (Problem::NoInstructions, Location::line(1)));
    assert_eq!(problem("# a\n\n"), (Problem::NoInstructions, Location::line(2)));
    assert_eq!(
        problem("# escape=`\n# escape=`\nRUN a"),
        (Problem::DuplicateDirective { name: "escape".into() }, Location::line(2))
    );
    assert_eq!(problem("# escape=x\nRUN a").0, Problem::BadEscape { value: "x".into() });
    assert_eq!(
        problem("USER a\nRUN <<A\nx\n A\n"),
        (Problem::UnterminatedHeredoc { name: "A".into() }, Location::new(2, 4))
    );
    assert_eq!(problem("USER a\n\nENV \\\n a").0, Problem::NoValue { keyword: "ENV" });
    assert_eq!(problem("LABEL a=1 \\\n b"), (Problem::NoEquals { word: "b".into() }, Location::new(1, 2)));
    assert_eq!(problem("RUN [1]").0, Problem::JsonNotStrings);
    let long = format!("USER a\nRUN {}\n", "x".repeat(70_000));
    assert_eq!(problem(&long), (Problem::LineTooLong { limit: 65_535 }, Location::line(2)));
}

#[test]
fn bytes_that_are_not_text_pass_in_comments_only() {
    let ast = Ast::parse(b"# caf\xe9\nRUN a\\\n# caf\xe9\nb").expect("comments are not read");
    assert_eq!(ast.nodes[0].original, "RUN ab");
    for source in [b"RUN caf\xe9\n".as_slice(), b"RUN a\\\ncaf\xe9", b"RUN <<A\ncaf\xe9\nA\n"] {
        let error = Ast::parse(source).expect_err("not UTF-8");
        assert_eq!(error.problem, Problem::NotUtf8);
    }
}

#[test]
fn triggers_below_triggers_end() {
    let chained = |count: usize| format!("{}RUN a", "ONBUILD ".repeat(count));
    assert!(Ast::parse(chained(8).as_bytes()).is_ok());
    let lines = "ONBUILD ONBUILD \\\n".repeat(200_000);
    for source in [chained(9), chained(8_000), lines] {
        assert_eq!(problem(&source).0, Problem::OnbuildChained);
    }
}
