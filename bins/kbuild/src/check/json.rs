//! Answers for programs, in the shapes of BuildKit's subrequests.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ktrust_dockerfile::lint::Report;
use ktrust_dockerfile::{Dockerfile, Location, Need, Outline};
use serde::Serialize;

use crate::error::Error;
use crate::source::Text;

#[derive(Serialize)]
struct Place {
    ranges: [Range; 1],
}

#[derive(Serialize)]
struct Range {
    start: Position,
    end: Position,
}

#[derive(Serialize)]
struct Position {
    line: usize,
}

impl From<Location> for Place {
    fn from(location: Location) -> Self {
        let (start, end) = (Position { line: location.start }, Position { line: location.end });
        Self { ranges: [Range { start, end }] }
    }
}

#[derive(Serialize)]
struct Checked<'a> {
    warnings: Vec<Warning<'a>>,
    sources: [SourceText<'a>; 1],
    #[serde(rename = "buildError", skip_serializing_if = "Option::is_none")]
    error: Option<Mistake>,
}

#[derive(Serialize)]
struct Warning<'a> {
    #[serde(rename = "ruleName")]
    rule: &'a str,
    description: &'a str,
    detail: &'a str,
    location: Place,
}

#[derive(Serialize)]
struct SourceText<'a> {
    filename: &'a str,
    data: String,
    language: &'static str,
}

#[derive(Serialize)]
struct Mistake {
    message: String,
    location: Place,
}

/// Findings.
pub(super) fn report(report: &Report, source: Text<'_>) -> Result<String, Error> {
    let warnings = report.findings.iter().map(|finding| Warning {
        rule: finding.rule.name(),
        description: finding.rule.summary(),
        detail: &finding.detail,
        location: finding.location.into(),
    });
    let error = report.error.as_ref();
    let error = error.map(|error| Mistake { message: error.to_string(), location: error.location.into() });
    let data = STANDARD.encode(source.text);
    let sources = [SourceText { filename: source.name, data, language: "Dockerfile" }];
    pretty(&Checked { warnings: warnings.collect(), sources, error })
}

#[derive(Serialize)]
struct Targets<'a> {
    targets: Vec<Target<'a>>,
    sources: [String; 1],
}

#[derive(Serialize)]
struct Target<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    default: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    base: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<&'a str>,
    location: Place,
}

/// The stages.
pub(super) fn targets(file: &Dockerfile, source: Text<'_>) -> Result<String, Error> {
    let targets = file.stages.iter().enumerate().map(|(index, stage)| Target {
        name: stage.name.as_deref(),
        default: index + 1 == file.stages.len(),
        description: stage.from.description.as_deref(),
        base: &stage.from.image,
        platform: stage.from.platform.as_ref().map(|flag| flag.value.as_str()),
        location: stage.from.location.into(),
    });
    pretty(&Targets { targets: targets.collect(), sources: [STANDARD.encode(source.text)] })
}

#[derive(Serialize)]
struct Outlined<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    args: Vec<Argument<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    secrets: Vec<Needed<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ssh: Vec<Needed<'a>>,
    sources: [String; 1],
}

#[derive(Serialize)]
struct Argument<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    location: Place,
}

#[derive(Serialize)]
struct Needed<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    required: bool,
    location: Place,
}

/// What the target can be given.
pub(super) fn outline(outline: &Outline, source: Text<'_>) -> Result<String, Error> {
    let args = outline.arguments.iter().map(|argument| Argument {
        name: &argument.name,
        description: argument.description.as_deref(),
        value: argument.value.as_deref().filter(|value| !value.is_empty()),
        location: argument.location.into(),
    });
    pretty(&Outlined {
        name: outline.name.as_deref(),
        description: outline.description.as_deref(),
        args: args.collect(),
        secrets: needed(&outline.secrets),
        ssh: needed(&outline.ssh),
        sources: [STANDARD.encode(source.text)],
    })
}

fn needed(needs: &[Need]) -> Vec<Needed<'_>> {
    let needed = needs.iter().map(|need| Needed {
        name: &need.name,
        required: need.required,
        location: need.location.into(),
    });
    needed.collect()
}

fn pretty(answer: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string_pretty(answer).map_err(Error::Serialize)
}
