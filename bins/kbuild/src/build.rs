//! `kbuild build`: parse, plan, resolve, execute, publish.

use ktrust_console::Printer;
use ktrust_dockerfile::Dockerfile;
use ktrust_oci::{Digest, ImageReference, media_type};
use ktrust_pipeline::{Environment, Handoff};
use ktrust_registry::Client;
use ktrust_sandbox::{Namespaces, Sandbox};
use tokio::runtime::Runtime;

use crate::agent::Agents;
use crate::builder::{Builder, Memory, Slots, names};
use crate::check;
use crate::cli::Isolation;
use crate::context::{Opened, Opener};
use crate::error::Error;
use crate::output::{Outputs, Tools, tag};
use crate::plan::Plan;
use crate::product::Product;
use crate::progress::Progress;
use crate::record;
use crate::remote::Fetcher;
use crate::scope::platform_variables;
use crate::secrets::Secrets;
use crate::settings::{BuildSettings, Given, repository};
use crate::sharing::{Sharing, View};
use crate::source::Source;
use crate::stop::Stop;
use crate::time::now;
use crate::work::Work;

/// Threads that serve connections: decryption is what costs.
const NETWORK_THREADS: usize = 2;

/// Builds an image and publishes it. Everything that can be refused is refused before anything runs.
pub(crate) fn build(
    mut settings: BuildSettings,
    client: &Client,
    printer: &Printer,
    environment: &dyn Environment,
) -> Result<(), Error> {
    let started = now();
    check_handoff(&settings)?;
    let stop = Stop::listen()?;
    let runtime = runtime()?;
    let work = Work::open(&settings.work_dir)?;
    let progress = Progress::new(printer.clone());
    let secrets = Secrets::load(&settings.run.secrets, |text| progress.warn(text))?;
    let fetcher = Fetcher::new(client, &runtime, stop.clone(), &secrets, environment);
    let opener = Opener {
        settings: &settings.context,
        fetcher: &fetcher,
        work: &work,
        progress: &progress,
        stop: &stop,
        commit_times: settings.epoch.is_some() || settings.epoch_of_context,
    };
    let Opened { context, source, modified } = opener.open()?;
    if settings.epoch_of_context {
        settings.epoch = modified;
    }
    let settings = &settings;
    let target = target(settings, &source.file)?;
    let platforms = each_platform(settings);
    let plans = plans(&platforms, &source, target)?;
    let agents = Agents::find(&settings.run.agents)?;
    for flag in &settings.run.without_meaning {
        progress.warn(&format!("`{flag}` has no meaning here"));
    }
    let outputs = runtime.block_on(stop.race(Outputs::open(client, &settings.output.places)))?;
    let sandbox = sandbox(settings.run.isolation, &stop)?;
    let mut builder = Builder {
        settings: &platforms[0],
        source: &source,
        context,
        fetcher: &fetcher,
        names: &plans[0].view.names,
        client,
        runtime: &runtime,
        stop: stop.clone(),
        work: &work,
        sandbox,
        secrets: &secrets,
        agents,
        progress,
        slots: Slots::new(settings.run.max_parallelism),
        memory: Memory::default(),
    };
    let mut images = Vec::new();
    for (number, (settings, plan)) in platforms.iter().zip(&plans).enumerate() {
        if let Some(last) = number.checked_sub(1) {
            builder = turn(builder, settings, &plans[last].view, &plan.view);
        }
        if number == 0 {
            check::warn(&builder, &plan.plan)?;
        }
        images.push(builder.run(&plan.plan)?.finish(&settings.labels)?);
    }
    let tools =
        Tools { runtime: &runtime, stop: &stop, progress: &builder.progress, store: builder.work.store() };
    outputs.write(&images, &tools)?;
    let probe = if settings.probe { outputs.write_probe(&images[0], &tools)? } else { None };
    stop.check()?;
    let form = settings.output.form().cloned().unwrap_or_default();
    let facts = record::Facts {
        settings,
        source: &source,
        product: Product::new(&images, &form)?,
        report: builder.report(),
        isolation: builder.sandbox.name(),
        started,
        probe,
        environment,
    };
    record::write(&facts)?;
    say(printer, settings, &facts.product);
    Ok(())
}

/// One platform's part of the build.
struct Part<'a> {
    view: View<'a>,
    plan: Plan,
}

fn each_platform(settings: &BuildSettings) -> Vec<BuildSettings> {
    settings.platforms.iter().map(|platform| settings.for_platform(platform)).collect()
}

fn plans<'a>(
    platforms: &'a [BuildSettings],
    source: &'a Source,
    target: usize,
) -> Result<Vec<Part<'a>>, Error> {
    let part = |settings: &BuildSettings| {
        let globals = global_variables(settings, &source.file).map_err(|error| source.broken(error))?;
        let names = names(source, settings, globals);
        let plan = Plan::new(&names, target)?;
        Ok(Part { view: View { names, platform: settings.platform.clone() }, plan })
    };
    platforms.iter().map(part).collect()
}

/// The builder turns to the next platform, and keeps what is the same for it.
fn turn<'a>(
    mut builder: Builder<'a>,
    settings: &'a BuildSettings,
    built: &View<'_>,
    next: &'a View<'a>,
) -> Builder<'a> {
    let sharing = Sharing::new(built, next);
    let open = builder.memory.has_triggers();
    let memory = std::mem::take(&mut builder.memory);
    builder.memory = memory.for_another(|stage| !open && sharing.is_same(stage));
    Builder { settings, names: &next.names, ..builder }
}

/// Where RUN runs. There is one mechanism so far, so the best one is that.
fn sandbox(isolation: Isolation, stop: &Stop) -> Result<Box<dyn Sandbox>, Error> {
    match isolation {
        Isolation::Auto | Isolation::Namespaces => Ok(Box::new(Namespaces::new(stop.cancel().clone())?)),
    }
}

/// A value that `build.env` could not carry must fail now, not after an hour.
fn check_handoff(settings: &BuildSettings) -> Result<(), Error> {
    let output = &settings.output;
    if output.files.handoff.is_none() || output.no_push {
        return Ok(());
    }
    match handoff(settings, &Digest::of(b""), media_type::OCI_MANIFEST) {
        Some(handoff) => Ok(handoff.check(&output.files.handoff_prefix)?),
        None => Err(Error::usage(
            "the hand-off needs an image that is pushed",
            "name one with `-t`, and say `--push` where there is an `--output` too",
        )),
    }
}

/// What is handed on: the first reference, by digest.
pub(crate) fn handoff(settings: &BuildSettings, digest: &Digest, media_type: &str) -> Option<Handoff> {
    let platforms = settings.platforms.iter().map(ToString::to_string).collect();
    handed_on(settings.output.references(), settings.output.tagged(), digest, media_type, platforms)
}

/// The hand-off of an image that was written under these references.
pub(crate) fn handed_on<'a>(
    mut references: impl Iterator<Item = &'a ImageReference>,
    tagged: impl Iterator<Item = &'a ImageReference>,
    digest: &Digest,
    media_type: &str,
    platforms: Vec<String>,
) -> Option<Handoff> {
    let repository = repository(references.next()?);
    let same = tagged.filter(|reference| self::repository(reference) == repository);
    let tags: Vec<String> = same.map(tag).collect();
    Some(Handoff {
        reference: match tags.first() {
            Some(tag) => format!("{repository}:{tag}"),
            None => format!("{repository}@{digest}"),
        },
        repository,
        digest: digest.clone(),
        tags,
        media_type: media_type.into(),
        platforms,
    })
}

/// The variables that FROM lines see.
pub(crate) fn global_variables(
    settings: &BuildSettings,
    file: &Dockerfile,
) -> Result<ktrust_dockerfile::Variables, ktrust_dockerfile::Error> {
    file.global_variables(platform_arguments(settings, file), &Given(&settings.build_args))
}

/// `TARGETARCH` and the like, which build arguments may replace.
pub(crate) fn platform_arguments(
    settings: &BuildSettings,
    file: &Dockerfile,
) -> ktrust_dockerfile::Variables {
    let given = Given(&settings.build_args);
    let stage = file
        .target(settings.target_stage.as_deref())
        .ok()
        .and_then(|index| file.stages[index].name.as_deref());
    let mut platform = platform_variables(&settings.platform, stage);
    for (name, _) in platform.clone().iter() {
        if let Some(value) = given.value(name) {
            platform.set(name, value);
        }
    }
    platform
}

/// The stage that is asked for.
pub(crate) fn target(settings: &BuildSettings, file: &Dockerfile) -> Result<usize, Error> {
    file.target(settings.target_stage.as_deref()).map_err(|unknown| {
        let hint = match unknown.suggestion {
            Some(name) => format!("did you mean `{name}`?"),
            None => "stages are named by `FROM … AS NAME`".into(),
        };
        Error::usage(format!("the Dockerfile has no stage `{}`", unknown.name), hint)
    })
}

/// What stages wait for is driven by threads of its own, so that no stage depends on another one's waiting;
/// files and hashes need no runtime.
pub(crate) fn runtime() -> Result<Runtime, Error> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder
        .worker_threads(NETWORK_THREADS)
        .enable_all()
        .build()
        .map_err(|source| Error::Read { path: "the event loop".into(), source })
}

fn say(printer: &Printer, settings: &BuildSettings, product: &Product<'_>) {
    let digest = &product.top().digest;
    let mut references = settings.output.references().peekable();
    if references.peek().is_none() {
        printer.line(format!("built {digest}, pushed nothing"));
    }
    for reference in references {
        printer.line(format!("pushed {reference}@{digest}"));
    }
    if !settings.output.to_stdout() {
        printer.data(digest);
    }
}
