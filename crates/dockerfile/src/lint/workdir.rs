//! `WorkdirRelativePath`.

use super::linter::{Linter, Place};
use super::rule::Rule;

/// Only the first WORKDIR of a stage and those that it is on: the others follow from it.
pub(super) fn relative(path: &str, seen: &mut bool, place: Place<'_>, linter: &mut Linter) {
    if !std::mem::replace(seen, true) && !path.starts_with('/') {
        let detail = format!("`{path}` is relative to the working directory of the base image");
        linter.report(Rule::WorkdirRelativePath, place, detail);
    }
}
