//! `JUnit` reports, the form that GitLab shows in merge requests in every tier
//! (<https://docs.gitlab.com/ci/testing/unit_test_reports/>).

use std::fmt::Write as _;

/// One check.
pub(crate) struct Case {
    pub(crate) name: String,
    /// Why it failed.
    pub(crate) failure: Option<String>,
}

/// The report of one suite.
pub(crate) fn report(suite: &str, cases: &[Case]) -> String {
    let failures = cases.iter().filter(|case| case.failure.is_some()).count();
    let counts = format!("tests=\"{}\" failures=\"{failures}\" errors=\"0\"", cases.len());
    let suite = escape(suite);
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(text, "<testsuites {counts}>\n  <testsuite name=\"{suite}\" {counts}>");
    for case in cases {
        let name = escape(&case.name);
        let _ = match &case.failure {
            None => writeln!(text, "    <testcase classname=\"{suite}\" name=\"{name}\"/>"),
            Some(failure) => writeln!(
                text,
                "    <testcase classname=\"{suite}\" name=\"{name}\">\n      \
                 <failure message=\"not signed as expected\">{}</failure>\n    </testcase>",
                escape(failure)
            ),
        };
    }
    text.push_str("  </testsuite>\n</testsuites>\n");
    text
}

/// Registries and signers choose part of these texts: what XML cannot carry is replaced.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(character),
            other if other.is_control() || matches!(other, '\u{fffe}' | '\u{ffff}') => {
                escaped.push('\u{fffd}');
            }
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{Case, report};

    #[test]
    fn failures_are_counted_and_escaped() {
        let bad = Case { name: "a\"b".into(), failure: Some("<x>\u{1b}&".into()) };
        let text = report("s", &[Case { name: "ok".into(), failure: None }, bad]);
        assert!(text.contains("tests=\"2\" failures=\"1\""));
        assert!(text.contains("name=\"a&quot;b\"") && text.contains("&lt;x&gt;\u{fffd}&amp;</failure>"));
    }
}
