//! Collects findings.

use super::configuration::Configuration;
use super::finding::Finding;
use super::rule::Rule;
use crate::location::Location;

/// The findings so far, and which rules count.
#[derive(Clone, Debug, Default)]
pub(super) struct Linter {
    pub(super) configuration: Configuration,
    findings: Vec<Finding>,
}

/// An instruction as a place for findings: its lines, and the comments above it, which may skip rules.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) location: Location,
    pub(super) comments: &'a [String],
}

impl<'a> Place<'a> {
    pub(super) fn new(location: Location, comments: &'a [String]) -> Self {
        Self { location, comments }
    }

    /// A place whose comments do not matter: rules about the file as a whole can be skipped only for all of
    /// it, in BuildKit and so here.
    pub(super) fn whole(location: Location) -> Self {
        Self { location, comments: &[] }
    }
}

impl Linter {
    pub(super) fn new(configuration: Configuration) -> Self {
        Self { configuration, findings: Vec::new() }
    }

    /// Adds a finding, unless its rule is skipped.
    pub(super) fn report(&mut self, rule: Rule, place: Place<'_>, detail: impl Into<String>) {
        if self.configuration.allows_at(rule, place.comments) {
            self.findings.push(Finding { rule, detail: detail.into(), location: place.location });
        }
    }

    /// The findings, ordered by line.
    pub(super) fn finish(mut self) -> Vec<Finding> {
        self.findings.sort_by_key(|finding| finding.location.start);
        self.findings
    }
}
