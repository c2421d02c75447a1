//! `kbuild build`: parse, plan, resolve, execute, publish.

use std::sync::Arc;

use ktrust_console::Printer;
use ktrust_dockerfile::Dockerfile;
use ktrust_oci::Digest;
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
use crate::image::Image;
use crate::instruction::Given;
use crate::plan::Plan;
use crate::probe;
use crate::progress::Progress;
use crate::publish::{self, Destination};
use crate::record;
use crate::remote::Fetcher;
use crate::scope::platform_variables;
use crate::secrets::Secrets;
use crate::settings::{BuildSettings, repository};
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
    let secrets = Arc::new(Secrets::load(&settings.run.secrets, |text| progress.warn(text))?);
    let told = Arc::clone(&secrets);
    let secret = Arc::new(move |id: &str| told.text(id));
    let fetcher = Fetcher::new(client, &runtime, stop.clone(), secret, environment);
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
    let globals = global_variables(settings, &source.file).map_err(|error| source.broken(error))?;
    let target = target(settings, &source.file)?;
    let plan = Plan::new(&names(&source, settings, globals.clone()), target)?;
    let agents = Agents::find(&settings.run.agents)?;
    for flag in &settings.run.without_meaning {
        progress.warn(&format!("`{flag}` has no meaning here"));
    }
    let destinations =
        runtime.block_on(stop.race(publish::open(client, &settings.targets, settings.push)))?;
    let sandbox = sandbox(settings.run.isolation, &stop)?;
    let builder = Builder {
        settings,
        source: &source,
        context,
        fetcher: &fetcher,
        globals,
        client,
        runtime: &runtime,
        stop: stop.clone(),
        work: &work,
        sandbox,
        secrets,
        agents,
        progress,
        slots: Slots::new(settings.run.max_parallelism),
        memory: Memory::default(),
    };
    check::warn(&builder, &plan)?;
    let image = builder.run(&plan)?.finish(&settings.labels)?;
    let report = builder.report();
    let mut probe = None;
    if settings.push {
        probe = push(&runtime, &stop, &destinations, &image, &work, settings)?;
    }
    stop.check()?;
    let facts = record::Facts {
        settings,
        source: &source,
        image: &image,
        report,
        isolation: builder.sandbox.name(),
        started,
        probe,
        environment,
    };
    let written = settings.push && !settings.targets.is_empty();
    record::write(&facts, written)?;
    say(printer, settings, &image, written);
    Ok(())
}

/// Where RUN runs. There is one mechanism so far, so the best one is that.
fn sandbox(isolation: Isolation, stop: &Stop) -> Result<Box<dyn Sandbox>, Error> {
    match isolation {
        Isolation::Auto | Isolation::Namespaces => Ok(Box::new(Namespaces::new(stop.cancel().clone())?)),
    }
}

/// A value that `build.env` could not carry must fail now, not after an hour.
fn check_handoff(settings: &BuildSettings) -> Result<(), Error> {
    if settings.files.handoff.is_none() {
        return Ok(());
    }
    if settings.push && settings.references().next().is_none() {
        return Err(Error::usage("`--handoff` needs a reference to hand on", "name one with `-t`"));
    }
    let draft = handoff(settings, &Digest::of(b""), "application/vnd.oci.image.manifest.v1+json");
    match draft {
        Some(handoff) => Ok(handoff.check(&settings.files.handoff_prefix)?),
        None => Ok(()),
    }
}

/// What is handed on: the first reference, by digest.
pub(crate) fn handoff(settings: &BuildSettings, digest: &Digest, media_type: &str) -> Option<Handoff> {
    let first = settings.references().next()?;
    let repository = repository(first);
    let same = settings.references().filter(|reference| self::repository(reference) == repository);
    let tags: Vec<String> = same.map(|reference| reference.tag().unwrap_or("latest").to_owned()).collect();
    Some(Handoff {
        reference: format!("{repository}:{}", tags.first().map_or("latest", String::as_str)),
        repository,
        digest: digest.clone(),
        tags,
        media_type: media_type.into(),
        platforms: vec![settings.platform.to_string()],
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
        if let Some(value) = ktrust_dockerfile::Environment::get(&given, name) {
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

fn push(
    runtime: &Runtime,
    stop: &Stop,
    destinations: &[Destination],
    image: &Image,
    work: &Work,
    settings: &BuildSettings,
) -> Result<Option<String>, Error> {
    let mut probe = None;
    for (index, destination) in destinations.iter().enumerate() {
        runtime.block_on(stop.race(destination.write(image, work)))?;
        if settings.probe && index == 0 {
            let unsigned = probe::image(&image.platform)?;
            probe = Some(runtime.block_on(stop.race(destination.write_untagged(&unsigned)))?);
        }
    }
    Ok(probe)
}

fn say(printer: &Printer, settings: &BuildSettings, image: &Image, written: bool) {
    let digest = &image.manifest.digest;
    if !written {
        printer.line(format!("built {digest}, pushed nothing"));
    }
    for reference in settings.references().filter(|_| written) {
        printer.line(format!("pushed {reference}@{digest}"));
    }
    printer.data(digest);
}
