//! What the checks found.

use super::rule::Rule;
use crate::error::Error;
use crate::location::Location;

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule that it breaks.
    pub rule: Rule,
    /// What exactly is wrong here.
    pub detail: String,
    /// The lines of the instruction.
    pub location: Location,
}

/// Everything that the checks found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// The findings, ordered by line.
    pub findings: Vec<Finding>,
    /// The mistake that ended the checks early, if there is one.
    pub error: Option<Error>,
    /// `error=true` is in force: any finding makes a build fail.
    pub strict: bool,
}

impl Report {
    /// Whether a build must not be made of this: a finding where findings are errors.
    pub fn forbids(&self) -> bool {
        self.strict && !self.findings.is_empty()
    }
}
