//! `CopyIgnoredFile`.

use super::facts::Facts;
use super::linter::{Linter, Place};
use super::rule::Rule;
use crate::instruction::Sources;
use crate::path;

/// Compares sources in the context with `.dockerignore`. A file with `!` lines is not judged: below an
/// ignored directory they may bring anything back.
pub(super) fn ignored(
    keyword: &str,
    sources: &Sources,
    facts: &Facts<'_>,
    place: Place<'_>,
    linter: &mut Linter,
) {
    let Some(matcher) = facts.ignored.filter(|matcher| !matcher.has_exceptions()) else { return };
    for source in sources.paths.iter().filter(|source| !is_remote(source)) {
        let path = path::clean(source);
        // The context itself is there even where some of it is ignored, but for all of it.
        let root = matches!(path.as_str(), "." | "/");
        if matcher.excludes(&path) && (!root || matcher.covers_everything()) {
            let detail = format!("{keyword} `{path}`: .dockerignore leaves it out of the build context");
            linter.report(Rule::CopyIgnoredFile, place, detail);
        }
    }
}

/// Whether ADD fetches this from elsewhere.
fn is_remote(source: &str) -> bool {
    let web = source.starts_with("http://") || source.starts_with("https://");
    web || source.starts_with("git@") || source.starts_with("git://") || source.starts_with("ssh://")
}
