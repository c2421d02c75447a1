//! Where the result goes.

use std::path::PathBuf;

use ktrust_oci::{ImageReference, Platform};
use ktrust_pipeline::{Environment, flag, variables as var};

use super::export::{Form, Output, Place, Stream, outputs};
use super::{annotation, or_list, or_path};
use crate::cli::{OutputArguments, ResultArguments};
use crate::error::Error;

/// Everything that is written: images, and the files that name them.
#[derive(Clone, Debug)]
pub(crate) struct OutputSettings {
    /// What `-t` calls the image, whether it is pushed there or not.
    pub(crate) names: Vec<ImageReference>,
    /// Every place, those that name the image in the hand-off first.
    pub(crate) places: Vec<Output>,
    /// Nothing is pushed, because that was said.
    pub(crate) no_push: bool,
    /// Files that are written after success.
    pub(crate) files: Files,
}

/// Files that are written after success.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files {
    pub(crate) handoff: Option<PathBuf>,
    pub(crate) handoff_prefix: String,
    pub(crate) record: Option<PathBuf>,
    pub(crate) digest: Option<PathBuf>,
    pub(crate) image_id: Option<PathBuf>,
    pub(crate) metadata: Option<PathBuf>,
}

impl Files {
    /// The files that flags and variables name.
    pub(crate) fn resolve(arguments: &ResultArguments, environment: &dyn Environment) -> Self {
        let path = |flag: &Option<PathBuf>, name| or_path(flag.as_ref(), name, environment);
        let prefix = arguments.handoff_prefix.clone();
        Self {
            handoff: path(&arguments.handoff, var::KBUILD_ENV_FILE),
            handoff_prefix: prefix
                .or_else(|| environment.non_empty(var::KBUILD_ENV_PREFIX))
                .unwrap_or_default(),
            record: path(&arguments.record, var::KBUILD_RECORD_FILE),
            digest: path(&arguments.digest_file, var::KBUILD_DIGEST_FILE),
            image_id: None,
            metadata: path(&arguments.metadata_file, var::KBUILD_METADATA_FILE),
        }
    }
}

impl OutputSettings {
    /// What the flags ask for. `index` says that the result is an index though it has one platform.
    pub(super) fn resolve(
        arguments: &OutputArguments,
        environment: &dyn Environment,
        platforms: &[Platform],
        index: bool,
    ) -> Result<Self, Error> {
        if arguments.load {
            return Err(Error::usage(
                "there is no daemon that `--load` could give the image to",
                "write an archive with `-o type=docker,dest=image.tar`, then `docker load -i image.tar`",
            ));
        }
        let no_push = arguments.no_push || (!arguments.push && flag(var::KBUILD_NO_PUSH, environment)?);
        let notes = or_list(&arguments.annotations, var::KBUILD_ANNOTATIONS, environment)?;
        let form = Form { docker_types: false, index, annotations: annotation::flags(&notes)? };
        let push = !no_push && (arguments.push || arguments.outputs.is_empty());
        let names = names(arguments, environment, push)?;
        let mut places = tags(&names, &form, push, no_push);
        for output in outputs(&arguments.outputs, &names, &form)? {
            let is_push = matches!(output.place, Place::Repository { .. });
            let skipped = is_push && no_push;
            if !skipped && !places.contains(&output) {
                places.push(output);
            }
        }
        let image_id = arguments.iidfile.clone();
        let files = Files { image_id, ..Files::resolve(&arguments.result, environment) };
        let settings = Self { names, places, no_push, files };
        settings.check(&form, platforms)?;
        Ok(settings)
    }

    /// Refuses what could only fail after the build.
    fn check(&self, form: &Form, platforms: &[Platform]) -> Result<(), Error> {
        annotation::check(&form.annotations, platforms, form.index || platforms.len() > 1)?;
        for output in &self.places {
            let index = output.form.index || platforms.len() > 1;
            annotation::check(&output.form.annotations, platforms, index)?;
            if index && matches!(output.place, Place::Archive { docker: true, .. }) {
                return Err(Error::usage(
                    "docker's archive holds one image, and this build makes an index",
                    "write `type=oci`, or build one platform",
                ));
            }
        }
        Ok(())
    }

    /// The references that the image is written under.
    pub(crate) fn references(&self) -> impl Iterator<Item = &ImageReference> {
        self.places.iter().filter_map(|output| match &output.place {
            Place::Repository { reference, .. } => Some(reference),
            _ => None,
        })
    }

    /// The references that are tags: a push by digest has none.
    pub(crate) fn tagged(&self) -> impl Iterator<Item = &ImageReference> {
        self.places.iter().filter_map(|output| match &output.place {
            Place::Repository { reference, by_digest: false } => Some(reference),
            _ => None,
        })
    }

    /// The form of the image that the hand-off and the other files name: the first place's.
    pub(crate) fn form(&self) -> Option<&Form> {
        self.places.first().map(|output| &output.form)
    }

    /// Whether standard output is the result's, so that nothing else may be written there.
    pub(crate) fn to_stdout(&self) -> bool {
        self.places.iter().any(|output| {
            matches!(
                &output.place,
                Place::Archive { to: Stream::Stdout, .. } | Place::RootArchive { to: Stream::Stdout, .. }
            )
        })
    }
}

/// What `-t` names, or what GitLab calls the image where something is to be pushed.
fn names(
    arguments: &OutputArguments,
    environment: &dyn Environment,
    push: bool,
) -> Result<Vec<ImageReference>, Error> {
    let mut tags = or_list(&arguments.tags, var::KBUILD_TAGS, environment)?;
    if tags.is_empty() && (push || arguments.outputs.is_empty()) {
        tags.extend(gitlab_reference(environment));
    }
    tags.iter().map(|tag| reference(tag)).collect()
}

/// The tags as places. A registry's is pushed to unless there are outputs and nobody said `--push`, as in
/// buildx; a layout's is a file like any output.
fn tags(names: &[ImageReference], form: &Form, push: bool, no_push: bool) -> Vec<Output> {
    let written = |reference: &&ImageReference| match reference {
        ImageReference::Registry(_) => push,
        ImageReference::Layout(_) => !no_push,
    };
    let output = |reference: &ImageReference| Output {
        place: Place::Repository { reference: reference.clone(), by_digest: false },
        form: form.clone(),
        names: Vec::new(),
    };
    names.iter().filter(written).map(output).collect()
}

/// A reference that an image can be written under.
pub(crate) fn reference(text: &str) -> Result<ImageReference, Error> {
    let reference: ImageReference =
        text.parse().map_err(|source| Error::Reference { text: text.into(), source })?;
    if reference.digest().is_some() {
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
