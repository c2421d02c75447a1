//! Findings as a report of GitLab's Code Quality.
//!
//! <https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ktrust_dockerfile::Location;
use ktrust_dockerfile::lint::Report;
use ktrust_oci::Digest;
use ktrust_pipeline::{Environment, variables as var};
use serde::Serialize;

use crate::error::Error;
use crate::source::Text;

#[derive(Serialize)]
struct Issue {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: &'static str,
    location: IssueLocation,
}

#[derive(Serialize)]
struct IssueLocation {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
    end: usize,
}

/// The report. A mistake that ended the checks is an issue too, and the worst.
pub(super) fn report(
    report: &Report,
    source: Text<'_>,
    environment: &dyn Environment,
) -> Result<String, Error> {
    let path = in_project(source.name, environment);
    let mut seen = BTreeMap::new();
    let mut issue = |check_name: &str, severity, description: String, location: Location| {
        let fingerprint = fingerprint(check_name, &path, &description, source.text, location, &mut seen);
        let lines = Lines { begin: location.start, end: location.end };
        let location = IssueLocation { path: path.clone(), lines };
        Issue { description, check_name: check_name.to_owned(), fingerprint, severity, location }
    };
    let mut issues = Vec::new();
    for finding in &report.findings {
        let (rule, detail) = (finding.rule, finding.detail.clone());
        issues.push(issue(rule.name(), rule.severity().name(), detail, finding.location));
    }
    if let Some(error) = &report.error {
        issues.push(issue("DockerfileError", "blocker", error.problem.to_string(), error.location));
    }
    serde_json::to_string_pretty(&issues).map_err(Error::Serialize)
}

/// The same for the same finding however far it moves in the file: made of the rule, the path, what is wrong
/// and the instruction's text. Equal ones are numbered.
fn fingerprint(
    rule: &str,
    path: &str,
    detail: &str,
    text: &str,
    location: Location,
    seen: &mut BTreeMap<String, usize>,
) -> String {
    let lines = text.lines().skip(location.start - 1).take(location.end + 1 - location.start);
    let lines: Vec<&str> = lines.map(str::trim).collect();
    let key = [rule, path, detail, &lines.join("\n")].join("\0");
    let count = seen.entry(key.clone()).or_default();
    *count += 1;
    Digest::of(format!("{key}\0{count}").as_bytes()).hex().to_owned()
}

/// The path as the project has it. In a job the project lies in `CI_PROJECT_DIR`, elsewhere in the working
/// directory.
fn in_project(name: &str, environment: &dyn Environment) -> String {
    let project = environment.non_empty(var::CI_PROJECT_DIR).map_or_else(|| ".".into(), PathBuf::from);
    let real = |path: &Path| path.canonicalize().ok();
    let inside = real(Path::new(name)).zip(real(&project));
    let inside = inside.and_then(|(file, project)| Some(file.strip_prefix(project).ok()?.to_owned()));
    inside.map_or_else(|| name.trim_start_matches("./").to_owned(), |path| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use ktrust_dockerfile::Location;

    use super::fingerprint;

    #[test]
    fn fingerprints_outlive_a_move_and_tell_twins_apart() {
        let mut seen = BTreeMap::new();
        let mut of = |text, line| fingerprint("R", "Dockerfile", "d", text, Location::line(line), &mut seen);
        let first = of("FROM a\nENV a b\n", 2);
        assert_ne!(first, of("FROM a\nENV a b\n", 2));
        assert_ne!(first, of("FROM a\nENV a c\n", 2));
        let mut seen = BTreeMap::new();
        let moved =
            fingerprint("R", "Dockerfile", "d", "# x\nFROM a\n  ENV a b\n", Location::line(3), &mut seen);
        assert_eq!(first, moved);
        assert!(first.len() == 64);
    }
}
