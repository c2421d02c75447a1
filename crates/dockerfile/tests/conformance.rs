//! The corpora that were made with BuildKit's own parser, lexer and matcher.
//!
//! They lie outside the repository: `KTRUST_CORPORA` names their directory. The tests are ignored by
//! default, and fail, rather than pass, when they are asked for without it; `cargo xtask conformance` runs
//! them.

mod corpora;

use std::fmt::Write as _;
use std::path::Path;

use corpora::{Report, cases, directory, read};
use ktrust_dockerfile::ast::{Ast, dump};
use ktrust_dockerfile::dockerignore::Matcher;
use ktrust_dockerfile::expand::{Lexer, Variables};
use ktrust_dockerfile::{Dockerfile, Node, Problem};
use serde_json::Value;

#[test]
#[ignore = "needs the corpora that KTRUST_CORPORA names"]
fn syntax_trees() {
    let mut report = Report::new("testfiles");
    for case in cases(&directory().join("testfiles")) {
        let seen = Ast::parse(&corpora::bytes(&case.join("Dockerfile"))).map(|ast| dump(&ast) + "\n");
        report.compare(&case, seen.map_err(|error| error.to_string()), Ok(read(&case.join("result"))));
    }
    report.finish(33);
}

#[test]
#[ignore = "needs the corpora that KTRUST_CORPORA names"]
fn refused_files() {
    let mut report = Report::new("testfiles-negative");
    for case in cases(&directory().join("testfiles-negative")) {
        let seen = Ast::parse(&corpora::bytes(&case.join("Dockerfile"))).err().map(|error| error.problem);
        // For the mistake that the case is about, not for any other.
        let wanted = match case.file_name().and_then(|name| name.to_str()).unwrap_or_default() {
            "empty_dockerfile" | "only_comments" => Problem::NoInstructions,
            "env_no_value" => Problem::NoValue { keyword: "ENV" },
            "shykes-nested-json" => Problem::JsonNotStrings,
            other => panic!("a new case, {other}: which mistake is it about?"),
        };
        report.compare(&case, seen, Some(wanted));
    }
    report.finish(4);
}

#[test]
#[ignore = "needs the corpora that KTRUST_CORPORA names"]
fn line_numbers() {
    let ast =
        Ast::parse(&corpora::bytes(&directory().join("testfile-line/Dockerfile"))).expect("a valid file");
    let lines: Vec<String> = ast.nodes.iter().map(|node| node.location.to_string()).collect();
    assert_eq!(lines, ["5", "11-12", "17-31"]);
}

#[test]
#[ignore = "needs the corpora that KTRUST_CORPORA names"]
fn words_with_variables() {
    let variables = Variables::from_pairs(["PWD=/home", "SHELL=bash", "KOREAN=한국어", "NULL="]);
    let mut report = Report::new("envVarTest");
    for line in read(&directory().join("shell/envVarTest")).lines() {
        let fields: Vec<&str> = line.split('|').map(str::trim).collect();
        let [platform, word, expected] = fields[..] else { continue };
        if line.starts_with('#') || platform == "W" {
            continue;
        }
        let seen = Lexer::new('\\').process_word(word, &variables).map(|word| word.text);
        report.compare(Path::new(word), seen.unwrap_or_else(|_| "error".into()), expected.to_owned());
    }
    report.finish(228);
}

#[test]
#[ignore = "needs the corpora that KTRUST_CORPORA names"]
fn splitting_into_words() {
    let mut pairs = Vec::new();
    let mut report = Report::new("wordsTest");
    let text = read(&directory().join("shell/wordsTest"));
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some(pair) = line.strip_prefix("ENV ") {
            pairs.push(pair.trim_start_matches(' '));
            continue;
        }
        let Some((word, expected)) = line.split_once('|') else { continue };
        let variables = Variables::from_pairs(pairs.iter().copied());
        let seen = Lexer::new('\\').process_words(word.trim(), &variables);
        let seen = seen.map_or_else(|_| "error".to_owned(), |words| words.join(","));
        report.compare(Path::new(word), seen, expected.trim_start_matches(' ').to_owned());
    }
    report.finish(24);
}

#[test]
#[ignore = "needs the corpora that KTRUST_CORPORA names"]
fn ignored_paths() {
    let mut report = Report::new("dockerignore.tsv");
    let text = read(&directory().join("dockerignore.tsv"));
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let patterns: Vec<String> = serde_json::from_str(fields[0]).expect("a list of patterns");
        let path: String = serde_json::from_str(fields[1]).expect("a path");
        let seen = Matcher::new(&patterns).map(|matcher| matcher.excludes(&path).to_string());
        report.compare(Path::new(line), seen.unwrap_or_else(|_| "error".into()), fields[2].to_owned());
    }
    report.finish(242);
}

#[test]
#[ignore = "needs the corpora that KTRUST_CORPORA names"]
fn probes() {
    let mut report = Report::new("probes");
    for case in cases(&directory().join("probes")) {
        let source = corpora::bytes(&case.join("Dockerfile"));
        let expected: Value = serde_json::from_str(&read(&case.join("expected.json"))).expect("JSON");
        let seen = Dockerfile::parse(&source).err().map(|error| error.problem.to_string());
        report.compare(&case, verdict(seen), wanted(&expected));
        if let (Ok(ast), Some(nodes)) = (Ast::parse(&source), expected["nodes"].as_array()) {
            let seen: Vec<String> = ast.nodes.iter().map(|node| outline(node, true)).collect();
            let wanted: Vec<String> = nodes.iter().map(expected_outline).collect();
            report.also(&case, seen, wanted);
            report.also(&case, ast.directives.escape.to_string(), text(&expected["escape"]));
        }
    }
    report.finish(78);
}

/// Our message for a refused file, `None` for an accepted one, brought to what both sides must agree on.
fn verdict(message: Option<String>) -> Option<String> {
    let message = message?.to_lowercase();
    // We say more: which terminator is missing, what stands before FROM.
    Some(message.split(" before the first").next().unwrap_or_default().split(": ").next()?.to_owned())
}

fn wanted(expected: &Value) -> Option<String> {
    if expected["valid"] == Value::Bool(true) {
        return None;
    }
    let message =
        [&expected["parse_error"], &expected["instruction_error"]].map(text).concat().to_lowercase();
    let message = message
        .strip_prefix("dockerfile parse error on line ")
        .map_or(message.as_str(), |rest| rest.split_once(": ").map_or(rest, |(_, message)| message));
    // The corpus words this one itself.
    let message = if message == "no stages" { "dockerfile contains no stages to build" } else { message };
    Some(message.split(": ").next()?.to_owned())
}

fn outline(node: &Node, numbered: bool) -> String {
    let mut text = format!("{} ", node.keyword.to_lowercase());
    let flags: Vec<&str> = node.flags.iter().map(|flag| flag.text.as_str()).collect();
    let _ = write!(text, "{flags:?} {:?} {} {:?}", node.arguments, node.json, node.original);
    for heredoc in &node.heredocs {
        let (name, content) = (&heredoc.name, &heredoc.content);
        let _ = write!(text, " <<{name} {} {} {content:?}", heredoc.expand, heredoc.chomp);
    }
    if let Some(trigger) = &node.trigger {
        let _ = write!(text, " ({})", outline(trigger, false));
    }
    let line = if numbered { node.location.start } else { 0 };
    format!("{line}: {text}")
}

fn expected_outline(node: &Value) -> String {
    let strings =
        |value: &Value| -> Vec<String> { value.as_array().into_iter().flatten().map(text).collect() };
    let mut line = format!("{}: {} ", node["line"], text(&node["name"]));
    let (flags, arguments) = (strings(&node["flags"]), strings(&node["args"]));
    let _ = write!(line, "{flags:?} {arguments:?} {} {:?}", node["json"], text(&node["orig"]));
    for heredoc in node["hd"].as_array().into_iter().flatten() {
        let (name, content) = (text(&heredoc["name"]), text(&heredoc["content"]));
        let _ = write!(line, " <<{name} {} {} {content:?}", heredoc["expand"], heredoc["chomp"]);
    }
    if node["sub"].is_object() {
        let _ = write!(line, " ({})", expected_outline(&node["sub"]));
    }
    line
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
