//! What the command line means: flag, then variable, then GitLab's predefined variable, then default.

mod annotation;
mod check;
mod context;
mod export;
mod given;
mod output;
mod platform;
mod run;

use std::path::PathBuf;

use ktrust_oci::{ImageReference, Platform, Reference};
use ktrust_pipeline::{Environment, flag, list, variables as var};

pub(crate) use self::annotation::{Annotation, Level, flags as annotations, of_level};
pub(crate) use self::check::{Call, Method};
pub(crate) use self::context::{NamedContext, familiar};
pub(crate) use self::export::{Form, Output, Place, Stream};
pub(crate) use self::given::Given;
pub(crate) use self::output::{Files, OutputSettings, reference};
pub(crate) use self::run::{RunSettings, SecretSetting, SecretSource, SshSetting};
use crate::cli::BuildArguments;
use crate::context::ContextSettings;
use crate::error::Error;

/// Everything `kbuild build` needs to know, in plain values.
#[derive(Clone, Debug)]
pub(crate) struct BuildSettings {
    pub(crate) context: ContextSettings,
    /// Where the image goes.
    pub(crate) output: OutputSettings,
    pub(crate) build_args: Vec<(String, String)>,
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) named_contexts: Vec<(String, NamedContext)>,
    pub(crate) target_stage: Option<String>,
    /// The platform that is being built, one of `platforms`.
    pub(crate) platform: Platform,
    /// Every platform of the result, in the order of its index.
    pub(crate) platforms: Vec<Platform>,
    /// Seconds since 1970 that all times are clamped to.
    pub(crate) epoch: Option<i64>,
    /// The context, where it was fetched, tells them.
    pub(crate) epoch_of_context: bool,
    pub(crate) run: RunSettings,
    pub(crate) probe: bool,
    pub(crate) work_dir: PathBuf,
}

impl BuildSettings {
    /// Resolves the command line. Nothing is read but variables.
    pub(crate) fn resolve(arguments: &BuildArguments, environment: &dyn Environment) -> Result<Self, Error> {
        let output = &arguments.output;
        let build_args = build_args(arguments, environment)?;
        let (epoch, epoch_of_context) = epoch(&build_args, environment)?;
        let text = |flag: &Option<String>, name| flag.clone().or_else(|| environment.non_empty(name));
        let platforms = platform::all(&arguments.platforms, environment)?;
        let index = platform::wants_index(&build_args);
        Ok(Self {
            context: context::main(
                &arguments.context,
                or_path(arguments.file.as_ref(), var::KBUILD_FILE, environment),
                &build_args,
                environment,
            )?,
            output: OutputSettings::resolve(output, environment, &platforms, index)?,
            build_args,
            labels: pairs("--label", &or_list(&output.labels, var::KBUILD_LABELS, environment)?)?,
            named_contexts: context::named(&arguments.context.build_contexts)?,
            target_stage: text(&arguments.target, var::KBUILD_TARGET),
            platform: platforms[0].clone(),
            platforms,
            epoch,
            epoch_of_context,
            run: RunSettings::resolve(&arguments.run, environment)?,
            probe: arguments.probe || flag(var::KBUILD_PROBE, environment)?,
            work_dir: work_dir(arguments.work_dir.as_ref(), environment),
        })
    }

    /// What the command line says that a named context is.
    pub(crate) fn named_context(&self, name: &str) -> Option<&NamedContext> {
        self.named_contexts.iter().find(|(known, _)| known == name).map(|(_, context)| context)
    }

    /// The platform that `FROM --platform` gives, or the one that is being built.
    pub(crate) fn stage_platform(&self, given: Option<&str>) -> Result<Platform, Error> {
        let Some(text) = given else { return Ok(self.platform.clone()) };
        text.parse().map_err(|_| Error::instruction(format!("`--platform={text}` is not a platform")))
    }

    /// The same settings for another of the platforms.
    pub(crate) fn for_platform(&self, platform: &Platform) -> Self {
        Self { platform: platform.clone(), ..self.clone() }
    }
}

/// The directory for work in progress.
pub(crate) fn work_dir(flag: Option<&PathBuf>, environment: &dyn Environment) -> PathBuf {
    or_path(flag, var::KBUILD_WORK_DIR, environment).unwrap_or_else(|| ".ktrust".into())
}

fn or_path(flag: Option<&PathBuf>, name: &str, environment: &dyn Environment) -> Option<PathBuf> {
    flag.cloned().or_else(|| environment.non_empty(name).map(PathBuf::from))
}

fn or_list(given: &[String], name: &str, environment: &dyn Environment) -> Result<Vec<String>, Error> {
    if given.is_empty() { Ok(list(name, environment)?) } else { Ok(given.to_vec()) }
}

/// A bare name takes its value from the environment, as in docker; not set there, it is not given at all.
fn build_args(
    arguments: &BuildArguments,
    environment: &dyn Environment,
) -> Result<Vec<(String, String)>, Error> {
    let given = or_list(&arguments.build_args, var::KBUILD_BUILD_ARGS, environment)?;
    let pair = |text: &String| match text.split_once('=') {
        Some((name, value)) => Some((name.to_owned(), value.to_owned())),
        None => environment.get(text).map(|value| (text.clone(), value)),
    };
    match given.iter().find(|text| text.is_empty() || text.starts_with('=')) {
        Some(bad) => Err(Error::usage(format!("`--build-arg {bad}` has no name"), "write NAME=VALUE")),
        None => Ok(given.iter().filter_map(pair).collect()),
    }
}

fn pairs(flag: &str, given: &[String]) -> Result<Vec<(String, String)>, Error> {
    let pair = |text: &String| match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(Error::usage(format!("`{flag} {text}` is not NAME=VALUE"), "write NAME=VALUE")),
    };
    given.iter().map(pair).collect()
}

/// `SOURCE_DATE_EPOCH`, a build argument before a variable: seconds, or what tells them.
fn epoch(
    build_args: &[(String, String)],
    environment: &dyn Environment,
) -> Result<(Option<i64>, bool), Error> {
    let value = Given(build_args).value(var::SOURCE_DATE_EPOCH).map(str::to_owned);
    let text = value.or_else(|| environment.get(var::SOURCE_DATE_EPOCH)).unwrap_or_default();
    match (text.as_str(), text.parse()) {
        ("", _) => Ok((None, false)),
        ("context", _) => Ok((None, true)),
        (_, Ok(seconds)) if seconds >= 0 => Ok((Some(seconds), false)),
        _ => Err(Error::usage(
            format!("SOURCE_DATE_EPOCH is `{text}`"),
            "it is a number of seconds since 1970, as in `git log -1 --format=%ct`, or `context`",
        )),
    }
}

/// A repository in its canonical form, for the hand-off.
pub(crate) fn repository(reference: &ImageReference) -> String {
    match reference {
        ImageReference::Registry(reference) => Reference::name(reference),
        ImageReference::Layout(layout) => format!("oci:{}", layout.path.display()),
    }
}
