//! FROM lines: those of all stages, whether they are built or not.

use std::collections::BTreeSet;

use super::facts::Facts;
use super::linter::{Linter, Place};
use super::rule::Rule;
use super::{image_name, platform};
use crate::error::{At as _, Error};
use crate::expand::{Empty, Environment as _, Lexer, Variables, Word};
use crate::stage::{Dockerfile, From};
use crate::suggest::nearest;

/// Names that stages cannot be called by.
const RESERVED: [&str; 2] = ["context", "scratch"];

/// `DuplicateStageName` and `ReservedStageName`.
pub(super) fn names(file: &Dockerfile, linter: &mut Linter) {
    let mut seen = BTreeSet::new();
    for stage in &file.stages {
        let Some(name) = stage.name.as_deref() else { continue };
        let place = Place::whole(stage.from.location);
        if RESERVED.contains(&name) {
            linter.report(Rule::ReservedStageName, place, format!("the stage name `{name}` is reserved"));
        }
        if !seen.insert(name) {
            let detail = format!("an earlier stage is called `{name}` too");
            linter.report(Rule::DuplicateStageName, place, detail);
        }
    }
}

/// `InvalidDefaultArgInFrom`: what FROM names when nobody gives a build argument.
pub(super) fn defaults(file: &Dockerfile, facts: &Facts<'_>, linter: &mut Linter) {
    // A default that cannot be expanded is a mistake that the build itself reports.
    let Ok(globals) = file.global_variables(facts.platform.clone(), &Empty) else { return };
    let lexer = Lexer::new(file.directives.escape);
    for stage in &file.stages {
        let Ok(word) = lexer.process_word(&stage.from.image, &globals) else { return };
        if !image_name::is_valid(&word.text) {
            let image = &stage.from.image;
            let detail = format!("with the defaults of its variables `{image}` does not name an image");
            linter.report(Rule::InvalidDefaultArgInFrom, Place::whole(stage.from.location), detail);
        }
    }
}

/// The variables and the platform of one FROM; fails where they cannot be expanded.
pub(super) fn check(
    file: &Dockerfile,
    from: &From,
    globals: &Variables,
    linter: &mut Linter,
) -> Result<(), Error> {
    let lexer = Lexer::new(file.directives.escape);
    let place = Place::new(from.location, &from.comments);
    let image = lexer.process_word(&from.image, globals).at(from.location)?;
    undefined(file, &image, globals, place, linter);
    if let Some(flag) = &from.platform {
        let word = lexer.process_word(&flag.value, globals).at(flag.location)?;
        undefined(file, &word, globals, place, linter);
        redundant(&flag.value, &word, globals, place, linter);
        constant(from, &word, globals, place, linter);
    }
    Ok(())
}

/// A global ARG without a value is declared and so no finding.
fn undefined(file: &Dockerfile, word: &Word, globals: &Variables, place: Place<'_>, linter: &mut Linter) {
    let declared = file.global_args.iter().flat_map(|arg| &arg.arguments).map(|known| known.name.as_str());
    let known: Vec<&str> = declared.chain(globals.iter().map(|(name, _)| name)).collect();
    for name in word.undefined.iter().filter(|name| !known.contains(&name.as_str())) {
        let meant = did_you_mean(nearest(name, known.iter().copied()));
        let detail = format!("`${name}` is not declared by an ARG above the first FROM{meant}");
        linter.report(Rule::UndefinedArgInFrom, place, detail);
    }
}

/// What the finding says behind the name of an unknown variable.
pub(super) fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map(|known| format!(" (did you mean `${known}`?)")).unwrap_or_default()
}

/// Nothing but `TARGETPLATFORM` went into the word, and nothing but its value came out.
fn redundant(written: &str, word: &Word, globals: &Variables, place: Place<'_>, linter: &mut Linter) {
    const TARGET: &str = "TARGETPLATFORM";
    let alone = word.used.len() == 1 && word.used.contains(TARGET) && word.undefined.is_empty();
    if alone && globals.get(TARGET) == Some(&word.text) {
        let detail = format!("`--platform={written}` is what FROM does anyway");
        linter.report(Rule::RedundantTargetPlatform, place, detail);
    }
}

/// No variable went into the platform, and the stage's name does not say that it is meant so.
fn constant(from: &From, word: &Word, globals: &Variables, place: Place<'_>, linter: &mut Linter) {
    if !(word.used.is_empty() && word.undefined.is_empty()) {
        return;
    }
    let Some((os, architecture)) = platform::parse(&word.text, globals) else { return };
    let name = from.name.as_deref().unwrap_or_default().to_lowercase();
    if !name.contains(&os) && !name.contains(&architecture) {
        let detail = format!("`--platform={}` ties the stage to one platform", word.text);
        linter.report(Rule::FromPlatformFlagConstDisallowed, place, detail);
    }
}
