//! Where the result goes.

use std::path::PathBuf;

use ktrust_oci::ImageReference;
use ktrust_pipeline::{Environment, variables as var};

use super::or_list;
use crate::cli::OutputArguments;
use crate::error::Error;

/// One place that the image is written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A reference from `-t`.
    Named(ImageReference),
    /// `-o type=oci,tar=false,dest=DIR`: a layout, tagged with the tags' names.
    Layout(PathBuf),
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

impl Files {
    pub(super) fn resolve(arguments: &OutputArguments, environment: &dyn Environment) -> Self {
        let path = |flag: &Option<PathBuf>, name| {
            flag.clone().or_else(|| environment.non_empty(name).map(PathBuf::from))
        };
        let prefix = arguments.handoff_prefix.clone();
        Self {
            handoff: path(&arguments.handoff, var::KBUILD_ENV_FILE),
            handoff_prefix: prefix
                .or_else(|| environment.non_empty(var::KBUILD_ENV_PREFIX))
                .unwrap_or_default(),
            record: path(&arguments.record, var::KBUILD_RECORD_FILE),
            digest: path(&arguments.digest_file, var::KBUILD_DIGEST_FILE),
            image_id: arguments.iidfile.clone(),
        }
    }
}

/// Every place that the image is written to.
pub(super) fn targets(
    arguments: &OutputArguments,
    environment: &dyn Environment,
) -> Result<Vec<Target>, Error> {
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
