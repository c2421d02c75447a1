//! Capital letters.

use super::linter::{Linter, Place};
use super::rule::Rule;
use crate::location::Location;
use crate::stage::{Dockerfile, From};

pub(super) fn stage_name(from: &From, place: Place<'_>, linter: &mut Linter) {
    if let Some(name) = from.name.as_ref().filter(|name| **name != name.to_lowercase()) {
        linter.report(
            Rule::StageNameCasing,
            place,
            format!("the stage name `{name}` should be in lower case"),
        );
    }
}

/// Compared only where FROM itself is in one case; where it is not, that is said elsewhere.
pub(super) fn as_keyword(from: &From, place: Place<'_>, linter: &mut Linter) {
    let (Some(keyword), Some(expected)) = (&from.as_keyword, Case::of(&from.keyword)) else { return };
    if !expected.holds(keyword) {
        let detail = format!("`{keyword}` should be in {} like `{}`", expected.name(), from.keyword);
        linter.report(Rule::FromAsCasing, place, detail);
    }
}

/// Every keyword is compared with the majority; at a draw capitals win.
pub(super) fn keywords(file: &Dockerfile, linter: &mut Linter) {
    let keywords: Vec<(&str, Location)> = file
        .stages
        .iter()
        .flat_map(|stage| {
            let from = (stage.from.keyword.as_str(), stage.from.location);
            let below = stage.instructions.iter();
            std::iter::once(from).chain(below.map(|other| (other.keyword.as_str(), other.location)))
        })
        .collect();
    let count = |case| keywords.iter().filter(|(keyword, _)| Case::of(keyword) == Some(case)).count();
    let expected = if count(Case::Lower) > count(Case::Upper) { Case::Lower } else { Case::Upper };
    for (keyword, location) in keywords.into_iter().filter(|(keyword, _)| !expected.holds(keyword)) {
        let detail = format!("`{keyword}` should be in {} like most keywords of the file", expected.name());
        linter.report(Rule::ConsistentInstructionCasing, Place::whole(location), detail);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    Lower,
    Upper,
}

impl Case {
    /// The one case of all letters.
    fn of(word: &str) -> Option<Self> {
        [Self::Lower, Self::Upper].into_iter().find(|case| case.holds(word))
    }

    fn holds(self, word: &str) -> bool {
        match self {
            Self::Lower => word == word.to_lowercase(),
            Self::Upper => word == word.to_uppercase(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Lower => "lower case",
            Self::Upper => "capitals",
        }
    }
}
