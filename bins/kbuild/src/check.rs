//! What can be said of a Dockerfile without building it: `kbuild check`, `--check`, `--call`.
//!
//! [`lint`](ktrust_dockerfile::lint) has the rules; here it is told what lies outside of the file
//! ([`facts`]), and its findings are written: for people ([`text`]), for programs as docker buildx does
//! ([`json`]), for GitLab ([`quality`]). A build shows them as warnings ([`warn`]).

mod answer;
mod facts;
mod json;
mod quality;
mod table;
mod text;
mod warnings;

use ktrust_console::Printer;
use ktrust_dockerfile::lint::{Draft, Report};
use ktrust_pipeline::Environment;
use ktrust_registry::Client;

use crate::build::runtime;
use crate::cli::CheckFormat;
use crate::context::Opener;
use crate::error::Error;
use crate::progress::Progress;
use crate::remote::Fetcher;
use crate::secrets::Secrets;
use crate::settings::{BuildSettings, Call, Given, Method};
use crate::source::Text;
use crate::stop::Stop;
use crate::work::Work;
use answer::Answer;
use facts::Surroundings;
pub(crate) use text::counted;
pub(crate) use warnings::warn;

/// The build argument that replaces the file's `# check=`.
const CHECK_ARGUMENT: &str = "BUILDKIT_DOCKERFILE_CHECK";

/// Answers a question about a Dockerfile. What must be fetched for it lies in a directory that is gone
/// afterwards: a question leaves nothing behind.
pub(crate) fn call(
    settings: &BuildSettings,
    call: &Call,
    client: &Client,
    printer: &Printer,
    environment: &dyn Environment,
) -> Result<(), Error> {
    let answer = Answer { call, printer, environment };
    let stop = Stop::listen()?;
    let runtime = runtime()?;
    let place =
        tempfile::tempdir().map_err(|source| Error::Work { path: "a temporary directory".into(), source })?;
    let work = Work::open(place.path())?;
    let progress = Progress::new(printer.clone());
    let secrets = Secrets::load(&settings.run.secrets, |text| progress.warn(text))?;
    let fetcher = Fetcher::new(client, &runtime, stop.clone(), &secrets, environment);
    let opener = Opener {
        settings: &settings.context,
        fetcher: &fetcher,
        work: &work,
        progress: &progress,
        stop: &stop,
        commit_times: false,
    };
    let found = match opener.open() {
        Ok(found) => found,
        Err(error) => {
            if let (Error::Dockerfile { whole: Some(whole), .. }, Method::Check) = (&error, call.method) {
                let text = Text { name: &whole.0, text: &whole.1 };
                answer.report(&draft(settings, text.text)?.give_up(), text)?;
            }
            return Err(error);
        }
    };
    let source = &found.source;
    match call.method {
        Method::Check => {
            let mut surroundings = Surroundings::new(settings, source)?;
            surroundings.ignore(found.context.patterns());
            let mut asked = Ok(());
            if !call.offline {
                surroundings.only_target();
                asked = surroundings.ask(client, &runtime, &stop).1;
            }
            check(settings, &answer, &surroundings, asked)
        }
        Method::Targets => answer.give(&match call.format {
            CheckFormat::Json => json::targets(&source.file, source.text())?,
            _ => table::targets(&source.file),
        }),
        Method::Outline => {
            let surroundings = Surroundings::new(settings, source)?;
            let outline = source.file.outline(surroundings.target, &surroundings.facts());
            let outline = outline.map_err(|error| source.broken(error))?;
            answer.give(&match call.format {
                CheckFormat::Json => json::outline(&outline, source.text())?,
                _ => table::outline(&outline),
            })
        }
    }
}

/// Findings are told also where a mistake ended the checks early; the mistake is what the program ends with.
fn check(
    settings: &BuildSettings,
    answer: &Answer<'_>,
    surroundings: &Surroundings<'_>,
    asked: Result<(), Error>,
) -> Result<(), Error> {
    let source = surroundings.source;
    let mut report = draft(settings, source.text().text)?.check(&surroundings.facts());
    answer.report(&report, source.text())?;
    if let Some(error) = report.error.take() {
        return Err(source.broken(error));
    }
    asked?;
    surroundings.plan()?;
    verdict(&report, answer.call.ignore_status)
}

fn verdict(report: &Report, ignore: bool) -> Result<(), Error> {
    match report.findings.len() {
        0 => Ok(()),
        _ if ignore => Ok(()),
        count => Err(Error::Findings { count, built: false }),
    }
}

/// The text as the checks see it.
fn draft(settings: &BuildSettings, text: &str) -> Result<Draft, Error> {
    Draft::read(text, Given(&settings.build_args).value(CHECK_ARGUMENT)).map_err(|error| {
        let hint = "write `skip=RULE,RULE;error=true;experimental=all`, any of the three";
        Error::usage(format!("`--build-arg {CHECK_ARGUMENT}`: {error}"), hint)
    })
}
