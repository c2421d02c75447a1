//! Rules that see one instruction's text. They speak even where a later line is broken, and of stages that
//! are not built.

use super::casing;
use super::linter::{Linter, Place};
use super::rule::Rule;
use crate::instruction::{Arg, Command};
use crate::location::Location;
use crate::stage::{Dockerfile, From};

/// Looks at what could be read of a file.
pub(super) fn check(file: &Dockerfile, linter: &mut Linter) {
    for location in &file.empty_continuations {
        // BuildKit knows where the instruction ends and not where the blank line is.
        let place = Place::whole(Location::line(location.end));
        linter.report(Rule::NoEmptyContinuation, place, "the instruction that ends here holds a blank line");
    }
    for arg in &file.global_args {
        argument(arg, Place::new(arg.location, &arg.comments), linter);
    }
    for stage in &file.stages {
        from(&stage.from, linter);
        for instruction in &stage.instructions {
            let place = Place::new(instruction.location, &instruction.comments);
            match &instruction.command {
                Command::Arg(arg) => argument(arg, place, linter),
                Command::Maintainer(_) => linter.report(
                    Rule::MaintainerDeprecated,
                    place,
                    "MAINTAINER is deprecated; write `LABEL org.opencontainers.image.authors=…`",
                ),
                _ => {}
            }
        }
    }
}

fn from(from: &From, linter: &mut Linter) {
    let place = Place::new(from.location, &from.comments);
    casing::stage_name(from, place, linter);
    casing::as_keyword(from, place, linter);
    if let Some(name) = &from.name {
        description("FROM", &[&name.to_lowercase()], place, linter);
    }
}

fn argument(arg: &Arg, place: Place<'_>, linter: &mut Linter) {
    let names: Vec<&str> = arg.arguments.iter().map(|argument| argument.name.as_str()).collect();
    description("ARG", &names, place, linter);
}

/// The last comment must begin with one of the names.
fn description(keyword: &str, names: &[&str], place: Place<'_>, linter: &mut Linter) {
    let Some(comment) = place.comments.last() else { return };
    let first = comment.split(' ').next().unwrap_or_default();
    if !names.contains(&first) {
        let name = if let [name] = names { name } else { "NAME" };
        let detail = format!("the comment above {keyword} does not have the form `# {name} description`");
        linter.report(Rule::InvalidDefinitionDescription, place, detail);
    }
}
