//! What the checks are told besides the file.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use ktrust_dockerfile::Variables;
use ktrust_dockerfile::dockerignore::Matcher;
use ktrust_dockerfile::lint::{BaseImage, Facts};
use ktrust_oci::{ImageConfig, ImageReference, Platform, Reference};
use ktrust_registry::Client;
use tokio::runtime::Runtime;

use crate::base::Base;
use crate::build::{global_variables, platform_arguments, target};
use crate::builder::names;
use crate::error::Error;
use crate::plan::{Meaning, Names, Plan};
use crate::settings::{BuildSettings, NamedContext};
use crate::source::Source;
use crate::stop::Stop;

/// Registries are asked about this many images at once.
const PARALLEL_QUESTIONS: usize = 8;

/// All that is around one Dockerfile.
pub(super) struct Surroundings<'a> {
    settings: &'a BuildSettings,
    pub(super) source: &'a Source,
    pub(super) target: usize,
    platform: Variables,
    names: Names<'a>,
    stages: Option<BTreeSet<usize>>,
    replaced: BTreeSet<usize>,
    bases: BTreeMap<usize, BaseImage>,
    ignored: Option<Matcher>,
}

impl<'a> Surroundings<'a> {
    /// What the command line says. Where global arguments cannot be expanded, nothing is in them: the checks
    /// say so themselves.
    pub(super) fn new(settings: &'a BuildSettings, source: &'a Source) -> Result<Self, Error> {
        let target = target(settings, &source.file)?;
        let globals = global_variables(settings, &source.file).unwrap_or_default();
        let names = names(source, settings, globals);
        let replaced =
            (0..source.file.stages.len()).filter(|index| names.replaced(*index).is_some()).collect();
        Ok(Self {
            settings,
            source,
            target,
            platform: platform_arguments(settings, &source.file),
            names,
            stages: None,
            replaced,
            bases: BTreeMap::new(),
            ignored: None,
        })
    }

    /// Only the stages that are built count.
    pub(super) fn only(&mut self, stages: impl IntoIterator<Item = usize>) {
        self.stages = Some(stages.into_iter().collect());
    }

    /// Remembers what a stage's base image brings.
    pub(super) fn add_base(&mut self, stage: usize, base: BaseImage) {
        self.bases.insert(stage, base);
    }

    /// Refuses what a build would refuse before anything runs, of the target or of every stage.
    pub(super) fn plan(&self) -> Result<(), Error> {
        let targets = match self.settings.target_stage {
            Some(_) => self.target..self.target + 1,
            None => 0..self.source.file.stages.len(),
        };
        targets.into_iter().try_for_each(|target| Plan::new(&self.names, target).map(|_| ()))
    }

    /// Asks registries and layouts for the base images. Those that answered are known also where one did not.
    pub(super) fn ask(&mut self, client: &Client, runtime: &Runtime, stop: &Stop) -> Result<(), Error> {
        if self.settings.target_stage.is_some()
            && let Ok(plan) = Plan::new(&self.names, self.target)
        {
            self.only(plan.needs.into_keys());
        }
        let mut questions = Vec::new();
        for index in 0..self.source.file.stages.len() {
            let needed = self.stages.as_ref().is_none_or(|stages| stages.contains(&index));
            if needed {
                match self.question(index)? {
                    Asked::Known(base) => self.add_base(index, base),
                    Asked::Image(question) => questions.push((index, question)),
                    Asked::Nothing => {}
                }
            }
        }
        let source = self.source;
        let ask = |(index, question): (usize, Box<Question>)| async move {
            let Question { name, reference, platform, .. } = &*question;
            let recipe = &source.file.stages[index].from;
            let base = Base::resolve(client, name, reference, platform).await;
            let base = base.map_err(|error| source.at(recipe.location, &recipe.text, error))?;
            Ok::<_, Error>((index, question.brought(&base.config)))
        };
        let answers = stream::iter(questions.into_iter().map(ask)).buffer_unordered(PARALLEL_QUESTIONS);
        let bases = &mut self.bases;
        runtime.block_on(stop.race(answers.try_for_each(|(index, base)| {
            bases.insert(index, base);
            std::future::ready(Ok(()))
        })))
    }

    /// What must be known of a stage's base.
    pub(super) fn question(&self, index: usize) -> Result<Asked, Error> {
        // What a named context stands in for is not looked at; nor is what is not there asked for.
        if self.replaced.contains(&index) {
            return Ok(Asked::Nothing);
        }
        // One that cannot be expanded is a mistake that the checks report themselves.
        let Ok(from) = self.names.from(index) else { return Ok(Asked::Nothing) };
        let recipe = &self.source.file.stages[index].from;
        let fault = |error| self.source.at(recipe.location, &recipe.text, error);
        let platform = match &from.platform {
            None => self.settings.platform.clone(),
            Some(text) => text
                .parse()
                .map_err(|_| fault(Error::instruction(format!("`--platform={text}` is not a platform"))))?,
        };
        let (name, reference, named) = match self.names.base(index, &from.image) {
            Meaning::Scratch | Meaning::Stage(_) => return Ok(Asked::Nothing),
            Meaning::Image(name) => {
                let parsed: Result<Reference, _> = name.parse();
                let reference =
                    parsed.map_err(|source| fault(Error::Reference { text: name.clone(), source }))?;
                (name, ImageReference::Registry(reference), false)
            }
            Meaning::Named(name) => match self.named(&name) {
                Some(NamedContext::Image(reference)) => (name, reference.clone(), true),
                // Files alone, or nothing: there are no variables in them.
                _ => return Ok(Asked::Known(BaseImage::default())),
            },
        };
        Ok(Asked::Image(Box::new(Question { name, reference, platform, named })))
    }

    fn named(&self, name: &str) -> Option<&NamedContext> {
        let contexts = self.settings.named_contexts.iter();
        contexts.into_iter().find(|(known, _)| known == name).map(|(_, context)| context)
    }

    /// The patterns of `.dockerignore`.
    pub(super) fn ignore(&mut self, patterns: &Matcher) {
        self.ignored = Some(patterns.clone());
    }

    /// All of it, for the rules.
    pub(super) fn facts(&self) -> Facts<'_> {
        Facts {
            build_args: self.settings.build_args.iter().map(|(name, value)| (name, value)).collect(),
            platform: self.platform.clone(),
            stages: self.stages.clone(),
            replaced: self.replaced.clone(),
            bases: self.bases.clone(),
            ignored: self.ignored.as_ref(),
        }
    }
}

/// What is to be found out about a stage's base.
pub(super) enum Asked {
    Nothing,
    Known(BaseImage),
    Image(Box<Question>),
}

/// An image to ask for.
pub(super) struct Question {
    pub(super) name: String,
    pub(super) reference: ImageReference,
    pub(super) platform: Platform,
    /// The command line names it, which knows what it does.
    named: bool,
}

impl Question {
    /// What the checks want to know of the image's configuration.
    pub(super) fn brought(&self, config: &ImageConfig) -> BaseImage {
        let (wanted, found) = (self.platform.normalized(), Platform::new(&config.os, &config.architecture));
        let found = Platform { variant: config.variant.clone(), ..found }.normalized();
        let same = wanted.os == found.os && wanted.architecture == found.architecture;
        BaseImage {
            env: config.config.env.clone(),
            has_shell: config.config.shell.as_ref().is_some_and(|shell| !shell.is_empty()),
            triggers: config.config.on_build.clone(),
            mismatch: (!same && !self.named).then(|| (wanted.to_string(), found.to_string())),
        }
    }
}
