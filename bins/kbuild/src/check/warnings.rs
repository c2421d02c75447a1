//! Findings of a build.

use super::facts::Surroundings;
use super::{counted, draft};
use crate::builder::Builder;
use crate::error::Error;
use crate::plan::Plan;

/// Shows the findings of the stages that are built, before anything runs. Where the file makes them errors,
/// nothing runs.
pub(crate) fn warn(builder: &Builder<'_>, plan: &Plan) -> Result<(), Error> {
    let draft = draft(builder.settings, builder.source.text().text)?;
    let mut surroundings = Surroundings::new(builder.settings, builder.source)?;
    surroundings.only(plan.needs.keys().copied());
    surroundings.ignore(builder.context.patterns());
    let (bases, asked) = surroundings.ask(builder.client, builder.runtime, &builder.stop);
    builder.memory.know_bases(bases);
    asked?;
    let report = draft.check(&surroundings.facts());
    for finding in &report.findings {
        let (line, rule) = (finding.location.start, finding.rule);
        builder.progress.warn(&format!("{rule}: {} (line {line})", finding.detail));
    }
    // A mistake is reported by the step that makes it, unless nothing is to be built anyway.
    if report.forbids() {
        let count = report.findings.len();
        builder.progress.warn(&format!("the Dockerfile takes {} as an error", counted(count)));
        return Err(Error::Findings { count, built: true });
    }
    Ok(())
}
