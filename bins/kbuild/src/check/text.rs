//! Findings for people.

use std::fmt::Write as _;

use ktrust_dockerfile::excerpt;
use ktrust_dockerfile::lint::Report;

use crate::source::Text;

/// A count, then each finding with the lines around it, laid out as docker buildx does.
pub(super) fn report(report: &Report, source: Text<'_>) -> String {
    let mut text = format!("checked {}: {}\n", source.name, counted(report.findings.len()));
    for finding in &report.findings {
        let _ = write!(
            text,
            "\nWARNING: {} - line {}\n{}\n{}",
            finding.rule,
            finding.location.start,
            finding.detail,
            excerpt(source.text, source.name, finding.location)
        );
    }
    text
}

/// `1 finding`.
pub(crate) fn counted(count: usize) -> String {
    match count {
        0 => "no findings".into(),
        1 => "1 finding".into(),
        count => format!("{count} findings"),
    }
}
