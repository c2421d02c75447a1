//! What names in FROM and `--from` mean.

use ktrust_dockerfile::{Command, Dockerfile, ExpandedFrom, Flag, Run, Variables};
use ktrust_oci::{ImageReference, Reference};

use crate::error::Error;
use crate::settings::familiar;
use crate::source::Source;

/// What a name in FROM or `--from` means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    Scratch,
    Stage(usize),
    /// A `--build-context`, by its name.
    Named(String),
    Image(String),
}

/// Names that the command line and the file give.
pub(crate) struct Names<'a> {
    pub(crate) source: &'a Source,
    pub(crate) globals: Variables,
    /// Names of `--build-context`.
    pub(crate) contexts: Vec<String>,
}

impl Names<'_> {
    pub(super) fn file(&self) -> &Dockerfile {
        &self.source.file
    }

    /// FROM of a stage with its variables replaced.
    pub(crate) fn from(&self, index: usize) -> Result<ExpandedFrom, Error> {
        let from = &self.file().stages[index].from;
        from.expand(self.file().directives.escape, &self.globals).map_err(|error| self.source.broken(error))
    }

    /// The named context that stands in for a whole stage of that name.
    pub(crate) fn replaced(&self, index: usize) -> Option<String> {
        self.context(self.file().stages[index].name.as_deref()?)
    }

    /// What FROM of a stage means: named contexts beat stages, stages beat images.
    pub(crate) fn base(&self, index: usize, image: &str) -> Meaning {
        match (self.context(image), self.file().base_stage(index, image)) {
            // A stage that is called so in spite of all is meant by the name; a context never is.
            (_, Some(stage)) if image == "scratch" => Meaning::Stage(stage),
            _ if image == "scratch" => Meaning::Scratch,
            (Some(name), _) => Meaning::Named(name),
            (None, Some(stage)) => Meaning::Stage(stage),
            (None, None) => Meaning::Image(image.to_owned()),
        }
    }

    /// What `COPY --from` means.
    pub(crate) fn copy_from(&self, from: &Flag<String>) -> Result<Meaning, Error> {
        if let Some(name) = self.context(&from.value) {
            return Ok(Meaning::Named(name));
        }
        let stage = self.file().copy_source(from).map_err(|error| self.source.broken(error))?;
        Ok(stage.map_or_else(|| Meaning::Image(from.value.clone()), Meaning::Stage))
    }

    /// What `RUN --mount=from=` means. A number is a name here.
    pub(crate) fn mount_from(&self, from: &str) -> Meaning {
        match (self.context(from), self.file().stage_by_name(from)) {
            _ if from == "scratch" => Meaning::Scratch,
            (Some(name), _) => Meaning::Named(name),
            (None, Some(stage)) => Meaning::Stage(stage),
            (None, None) => Meaning::Image(from.to_owned()),
        }
    }

    /// What an instruction reads besides its own stage and the context, with the words that say so.
    pub(crate) fn sources(&self, command: &Command) -> Result<Vec<(String, Meaning)>, Error> {
        match command {
            Command::Copy(copy) => match &copy.from {
                Some(from) => Ok(vec![(format!("--from={}", from.value), self.copy_from(from)?)]),
                None => Ok(Vec::new()),
            },
            Command::Run(run) => Ok(self.mounts(run)),
            _ => Ok(Vec::new()),
        }
    }

    fn mounts(&self, run: &Run) -> Vec<(String, Meaning)> {
        let from = run.mounts.iter().filter_map(|flag| flag.value.from.as_deref());
        from.map(|from| (format!("--mount=from={from}"), self.mount_from(from))).collect()
    }

    /// The named context that replaces `name`; `busybox` replaces `docker.io/library/busybox:latest` too.
    pub(crate) fn context(&self, name: &str) -> Option<String> {
        let wanted = familiar(name).or_else(|| familiar(&name.to_lowercase()))?;
        self.contexts.iter().find(|context| **context == wanted).cloned()
    }
}

/// An image of FROM is always in a registry: a Dockerfile must not reach files outside its context.
pub(crate) fn image_reference(name: &str) -> Result<ImageReference, Error> {
    let parsed: Result<Reference, _> = name.parse();
    parsed.map(ImageReference::Registry).map_err(|source| Error::Reference { text: name.into(), source })
}
