//! CMD, ENTRYPOINT and HEALTHCHECK.

use super::linter::{Linter, Place};
use super::rule::Rule;
use crate::instruction::CommandLine;
use crate::location::Location;

/// `JSONArgsRecommended`. A shell of the file's own says that one is wanted.
pub(super) fn shell_form(
    keyword: &str,
    line: &CommandLine,
    has_shell: bool,
    place: Place<'_>,
    linter: &mut Linter,
) {
    if matches!(line, CommandLine::Shell(_)) && !has_shell {
        let detail = format!("{keyword} in shell form: signals reach the shell and not the program");
        linter.report(Rule::JSONArgsRecommended, place, detail);
    }
}

/// `MultipleInstructionsDisallowed`: told at the earlier instruction, which is the one without effect. The
/// comments that may skip it are those of the later one.
pub(super) fn repeated(keyword: &str, earlier: &mut Option<Location>, place: Place<'_>, linter: &mut Linter) {
    if let Some(location) = earlier.replace(place.location) {
        let detail = format!("this {keyword} has no effect: a later one of the stage replaces it");
        linter.report(Rule::MultipleInstructionsDisallowed, Place { location, ..place }, detail);
    }
}
