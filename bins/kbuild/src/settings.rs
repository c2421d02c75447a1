//! What the command line means: flag, then variable, then GitLab's predefined variable, then default.

use std::path::{Path, PathBuf};

use clap::ValueEnum as _;
use ktrust_oci::{ImageReference, Platform, Reference};
use ktrust_pipeline::{Environment, flag, list, variables as var};

use crate::cli::{BuildArguments, Isolation};
use crate::error::Error;

/// Everything `kbuild build` needs to know, in plain values.
#[derive(Debug)]
pub(crate) struct BuildSettings {
    pub(crate) context: PathBuf,
    pub(crate) dockerfile: PathBuf,
    /// Where the image is written; the first one names it in the hand-off.
    pub(crate) targets: Vec<Target>,
    /// False: the targets are only checked.
    pub(crate) push: bool,
    pub(crate) build_args: Vec<(String, String)>,
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) named_contexts: Vec<(String, NamedContext)>,
    pub(crate) target_stage: Option<String>,
    pub(crate) platform: Platform,
    /// Seconds since 1970 that all times are clamped to.
    pub(crate) epoch: Option<i64>,
    /// Where RUN runs.
    pub(crate) isolation: Isolation,
    pub(crate) probe: bool,
    pub(crate) work_dir: PathBuf,
    pub(crate) files: Files,
}

/// One place that the image is written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A reference from `-t`.
    Named(ImageReference),
    /// `-o type=oci,tar=false,dest=DIR`: a layout, tagged with the tags' names.
    Layout(PathBuf),
}

/// A `--build-context`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NamedContext {
    Directory(PathBuf),
    Image(ImageReference),
}

/// Files that are written after success.
#[derive(Debug, Default)]
pub(crate) struct Files {
    pub(crate) handoff: Option<PathBuf>,
    pub(crate) handoff_prefix: String,
    pub(crate) record: Option<PathBuf>,
    pub(crate) digest: Option<PathBuf>,
    pub(crate) image_id: Option<PathBuf>,
}

impl BuildSettings {
    /// Resolves the command line. Nothing is read but variables.
    pub(crate) fn resolve(arguments: &BuildArguments, environment: &dyn Environment) -> Result<Self, Error> {
        let context = context(arguments, environment)?;
        let path = |flag: &Option<PathBuf>, name| {
            flag.clone().or_else(|| environment.non_empty(name).map(PathBuf::from))
        };
        let text = |flag: &Option<String>, name| flag.clone().or_else(|| environment.non_empty(name));
        let no_push = arguments.no_push || (!arguments.push && flag(var::KBUILD_NO_PUSH, environment)?);
        Ok(Self {
            dockerfile: path(&arguments.file, var::KBUILD_FILE).unwrap_or_else(|| context.join("Dockerfile")),
            targets: targets(arguments, environment)?,
            push: !no_push,
            build_args: build_args(arguments, environment)?,
            labels: pairs("--label", &or_list(&arguments.labels, var::KBUILD_LABELS, environment)?)?,
            named_contexts: named_contexts(&arguments.build_contexts)?,
            target_stage: text(&arguments.target, var::KBUILD_TARGET),
            platform: platform(text(&arguments.platform, var::KBUILD_PLATFORM).as_deref())?,
            epoch: epoch(environment)?,
            isolation: isolation(arguments, environment)?,
            probe: arguments.probe || flag(var::KBUILD_PROBE, environment)?,
            work_dir: path(&arguments.work_dir, var::KBUILD_WORK_DIR).unwrap_or_else(|| ".ktrust".into()),
            files: Files {
                handoff: path(&arguments.handoff, var::KBUILD_ENV_FILE),
                handoff_prefix: text(&arguments.handoff_prefix, var::KBUILD_ENV_PREFIX).unwrap_or_default(),
                record: path(&arguments.record, var::KBUILD_RECORD_FILE),
                digest: path(&arguments.digest_file, var::KBUILD_DIGEST_FILE),
                image_id: arguments.iidfile.clone(),
            },
            context,
        })
    }

    /// The references among the targets.
    pub(crate) fn references(&self) -> impl Iterator<Item = &ImageReference> {
        self.targets.iter().filter_map(|target| match target {
            Target::Named(reference) => Some(reference),
            Target::Layout(_) => None,
        })
    }
}

fn context(arguments: &BuildArguments, environment: &dyn Environment) -> Result<PathBuf, Error> {
    let given = arguments.context.clone();
    given
        .or_else(|| environment.non_empty(var::KBUILD_CONTEXT).map(PathBuf::from))
        .or_else(|| environment.non_empty(var::CI_PROJECT_DIR).map(PathBuf::from))
        .ok_or_else(|| Error::usage("no build context", "name a directory: `kbuild build .`"))
}

fn or_list(given: &[String], name: &str, environment: &dyn Environment) -> Result<Vec<String>, Error> {
    if given.is_empty() { Ok(list(name, environment)?) } else { Ok(given.to_vec()) }
}

fn targets(arguments: &BuildArguments, environment: &dyn Environment) -> Result<Vec<Target>, Error> {
    let mut targets = Vec::new();
    for output in &arguments.outputs {
        targets.push(Target::Layout(layout_output(output)?));
    }
    let mut tags = or_list(&arguments.tags, var::KBUILD_TAGS, environment)?;
    if tags.is_empty() && arguments.outputs.is_empty() {
        tags.extend(gitlab_reference(environment));
    }
    for tag in &tags {
        targets.push(Target::Named(reference(tag)?));
    }
    Ok(targets)
}

fn reference(text: &str) -> Result<ImageReference, Error> {
    let reference: ImageReference =
        text.parse().map_err(|source| Error::Reference { text: text.into(), source })?;
    let digest = match &reference {
        ImageReference::Registry(reference) => reference.digest(),
        ImageReference::Layout(layout) => layout.digest.as_ref(),
    };
    if digest.is_some() {
        return Err(Error::usage(
            format!("`{text}` names a digest"),
            "an image is built under a tag; the digest is the result",
        ));
    }
    Ok(reference)
}

/// In GitLab the tag is the Git tag, else the branch's slug, else the commit: never empty.
fn gitlab_reference(environment: &dyn Environment) -> Option<String> {
    let repository =
        environment.non_empty(var::KBUILD_IMAGE).or_else(|| environment.non_empty(var::CI_REGISTRY_IMAGE))?;
    let tag = [var::CI_COMMIT_TAG, var::CI_COMMIT_REF_SLUG, var::CI_COMMIT_SHORT_SHA]
        .into_iter()
        .find_map(|name| environment.non_empty(name))
        .unwrap_or_else(|| "latest".into());
    Some(format!("{repository}:{tag}"))
}

/// The one output that is written so far. The others of buildx are refused, not ignored.
fn layout_output(spec: &str) -> Result<PathBuf, Error> {
    let (mut kind, mut tar, mut dest) = ("local", true, None);
    for part in spec.split(',') {
        match part.split_once('=') {
            Some(("type", value)) => kind = value,
            Some(("tar", "false")) => tar = false,
            Some(("tar", "true")) => tar = true,
            Some(("dest", value)) => dest = Some(PathBuf::from(value)),
            _ => return Err(Error::usage(format!("`--output {spec}`: `{part}` is not known"), OUTPUT_HINT)),
        }
    }
    match dest {
        Some(dest) if kind == "oci" && !tar => Ok(dest),
        _ => Err(Error::usage(format!("`--output {spec}` is not supported yet"), OUTPUT_HINT)),
    }
}

const OUTPUT_HINT: &str = "write a layout with `-o type=oci,tar=false,dest=DIR`, or name `-t oci:PATH:TAG`";

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

fn named_contexts(given: &[String]) -> Result<Vec<(String, NamedContext)>, Error> {
    pairs("--build-context", given)?
        .into_iter()
        .map(|(name, source)| Ok((name, named_context(&source)?)))
        .collect()
}

fn named_context(source: &str) -> Result<NamedContext, Error> {
    let image = |text: String| text.parse().map_err(|source| Error::Reference { text, source });
    if let Some(layout) = source.strip_prefix("oci-layout://") {
        // buildx takes relative paths here; our own notation wants a mark.
        let marked = if layout.starts_with('/') || layout.starts_with('.') {
            layout.to_owned()
        } else {
            format!("./{layout}")
        };
        return Ok(NamedContext::Image(image(format!("oci:{marked}"))?));
    }
    if let Some(name) = source.strip_prefix("docker-image://") {
        return Ok(NamedContext::Image(image(name.to_owned())?));
    }
    if source.contains("://") || source.starts_with("git@") {
        return Err(Error::usage(
            format!("`--build-context` cannot read `{source}` yet"),
            "directories, `oci-layout://` and `docker-image://` are supported",
        ));
    }
    Ok(NamedContext::Directory(Path::new(source).into()))
}

fn platform(given: Option<&str>) -> Result<Platform, Error> {
    let Some(text) = given else { return Ok(Platform::host()) };
    text.parse().map_err(|_| {
        Error::usage(
            format!("`--platform {text}` is not a platform"),
            "write os/architecture, as in `linux/amd64`; one at a time",
        )
    })
}

fn isolation(arguments: &BuildArguments, environment: &dyn Environment) -> Result<Isolation, Error> {
    let variable = environment.non_empty(var::KBUILD_ISOLATION);
    match (arguments.isolation, variable) {
        (Some(given), _) => Ok(given),
        (None, None) => Ok(Isolation::Auto),
        (None, Some(text)) => Isolation::from_str(&text, false).map_err(|_| {
            Error::usage(format!("{} is `{text}`", var::KBUILD_ISOLATION), "it is `auto` or `namespaces`")
        }),
    }
}

fn epoch(environment: &dyn Environment) -> Result<Option<i64>, Error> {
    let Some(text) = environment.non_empty(var::SOURCE_DATE_EPOCH) else { return Ok(None) };
    match text.parse() {
        Ok(seconds) if seconds >= 0 => Ok(Some(seconds)),
        _ => Err(Error::usage(
            format!("SOURCE_DATE_EPOCH is `{text}`"),
            "it is a number of seconds since 1970, as in `git log -1 --format=%ct`",
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
