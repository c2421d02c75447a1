//! Reference pages are made from the code. `cargo xtask docs` writes them; here they are compared.

use std::fmt::Write as _;
use std::path::PathBuf;

use ktrust_console::Exit;
use ktrust_dockerfile::lint::Rule;
use ktrust_pipeline::variables;
use ktrust_tests::place::repository;

fn pages() -> [(PathBuf, String); 3] {
    let docs = repository().join("docs");
    [
        (docs.join("checks.md"), checks()),
        (docs.join("exit-codes.md"), exit_codes()),
        (docs.join("variables.md"), variables_page()),
    ]
}

fn checks() -> String {
    let mut page = "# Build checks\n\n\
        `kbuild check` and `kbuild build --check` say what in a Dockerfile is allowed and hardly meant. Rules have\n\
        BuildKit's names and conditions; findings end the program with 43, mistakes with 2. A build shows findings\n\
        of the stages that it builds as warnings.\n\n\
        - `# check=skip=RULE,RULE` at the top of the file leaves rules out, `skip=all` all of them; right above an\n  \
          instruction it counts for that one. Parts are joined by `;`.\n\
        - `# check=error=true` at the top forbids a build with findings.\n\
        - `# check=experimental=RULE` or `all` asks for rules that are off.\n\
        - The build argument `BUILDKIT_DOCKERFILE_CHECK` replaces what the top of the file says.\n\
        - `--format json` writes BuildKit's lint result, `--format codequality` a report for GitLab.\n\n\
        | rule | severity | what it is about | what to do |\n|---|---|---|---|\n"
        .to_owned();
    for rule in Rule::ALL {
        let (severity, advice) = (rule.severity().name(), rule.advice().replace('|', "\\|"));
        let _ = writeln!(page, "| `{rule}` | {severity} | {} | {advice} |", rule.summary());
    }
    page
}

fn exit_codes() -> String {
    let mut page = "# Exit codes\n\n\
        The same for `kbuild`, `ksign` and `kdeploy`. They are interface: GitLab's `retry:exit_codes` and\n\
        `allow_failure:exit_codes` are written against them.\n\n\
        | code | meaning |\n|---|---|\n"
        .to_owned();
    for exit in Exit::ALL {
        let _ = writeln!(page, "| {} | {} |", exit.code(), exit.meaning());
    }
    page
}

fn variables_page() -> String {
    let mut page = "# Variables\n\n\
        Flags win over variables, ktrust's own variables over GitLab's. Lists are one item a line, a JSON array,\n\
        or, on one line, separated by commas.\n\n\
        | variable | meaning |\n|---|---|\n"
        .to_owned();
    for (name, meaning) in variables::ALL {
        let _ = writeln!(page, "| `{name}` | {} |", meaning.trim());
    }
    page
}

#[test]
fn pages_are_up_to_date() {
    for (path, expected) in pages() {
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(found, expected, "{} is old: run `cargo xtask docs`", path.display());
    }
}

#[test]
#[ignore = "writes the pages: `cargo xtask docs`"]
fn write_pages() {
    for (path, text) in pages() {
        std::fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

#[test]
fn the_readme_has_the_same_table() {
    let readme = std::fs::read_to_string(repository().join("README.md")).expect("README.md");
    for exit in Exit::ALL {
        let row = format!("| {} | {} |", exit.code(), exit.meaning());
        assert!(readme.contains(&row), "README.md lacks `{row}`");
    }
}
