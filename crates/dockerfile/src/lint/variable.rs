//! ENV, LABEL and ARG, and variables that are not set.

use std::collections::BTreeSet;

use super::from::did_you_mean;
use super::linter::{Linter, Place};
use super::rule::Rule;
use super::stage::Scope;
use crate::instruction::Pair;
use crate::suggest::nearest;

/// Words of a name that say that its value is a secret.
const SECRET: [&str; 10] =
    ["apikey", "auth", "credential", "credentials", "key", "password", "pword", "passwd", "secret", "token"];

/// Words that say that it is not one after all.
const HARMLESS: [&str; 3] = ["public", "file", "version"];

/// Variables that only steer the build: RUN never sees them, so they are not missed either.
const STEERING: [&str; 2] = ["BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE"];

/// `UndefinedVar`. What ARG declares without a value is no finding, nor is anything on a base that is not
/// known.
pub(super) fn undefined(names: &BTreeSet<String>, scope: &Scope, place: Place<'_>, linter: &mut Linter) {
    let missed = |name: &&String| !scope.declared.contains(*name) && !STEERING.contains(&name.as_str());
    for name in names.iter().filter(missed).filter(|_| scope.complete) {
        let meant = did_you_mean(nearest(name, scope.variables.iter().map(|(known, _)| known)));
        linter.report(Rule::UndefinedVar, place, format!("`${name}` is not set here{meant}"));
    }
}

/// `LegacyKeyValueFormat`.
pub(super) fn legacy(keyword: &str, pairs: &[Pair], place: Place<'_>, linter: &mut Linter) {
    for pair in pairs.iter().filter(|pair| pair.legacy) {
        let detail = format!("write `{keyword} {}=…`, with `=` between name and value", pair.name);
        linter.report(Rule::LegacyKeyValueFormat, place, detail);
    }
}

/// `SecretsUsedInArgOrEnv`. Only the name is looked at; a value is never shown.
pub(super) fn secret(keyword: &str, name: &str, place: Place<'_>, linter: &mut Linter) {
    let lower = name.to_lowercase();
    let has = |words: &[&str]| lower.split('_').any(|part| words.contains(&part));
    if has(&SECRET) && !has(&HARMLESS) {
        let detail = format!("{keyword} `{name}` looks like a secret, and its value stays in the image");
        linter.report(Rule::SecretsUsedInArgOrEnv, place, detail);
    }
}
