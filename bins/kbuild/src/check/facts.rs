//! What the checks are told besides the file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::{StreamExt as _, stream};
use ktrust_dockerfile::Variables;
use ktrust_dockerfile::dockerignore::Matcher;
use ktrust_dockerfile::lint::{BaseImage, Facts};
use ktrust_oci::{ImageConfig, ImageReference, Platform};
use ktrust_registry::Client;
use tokio::runtime::Runtime;

use crate::base::{Base, BaseKey};
use crate::build::{global_variables, platform_arguments, target};
use crate::builder::names;
use crate::error::Error;
use crate::plan::{Meaning, Names, Plan, image_reference};
use crate::settings::{BuildSettings, NamedContext};
use crate::source::Source;
use crate::stop::Stop;

/// Registries are asked about this many images at once.
const PARALLEL_QUESTIONS: usize = 8;

/// Base images that were found.
pub(crate) type Bases = BTreeMap<BaseKey, Arc<Base>>;

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

    /// Refuses what a build would refuse before anything runs, of the target or of every stage.
    pub(super) fn plan(&self) -> Result<(), Error> {
        let targets = match self.settings.target_stage {
            Some(_) => self.target..self.target + 1,
            None => 0..self.source.file.stages.len(),
        };
        targets.into_iter().try_for_each(|target| Plan::new(&self.names, target).map(|_| ()))
    }

    /// Only the stages that the target needs count, where one is named.
    pub(super) fn only_target(&mut self) {
        if self.settings.target_stage.is_some()
            && let Ok(plan) = Plan::new(&self.names, self.target)
        {
            self.only(plan.needs.into_keys());
        }
    }

    /// Asks registries and layouts for the base images, each once and several at a time. Gives those that
    /// answered also where one did not.
    pub(super) fn ask(
        &mut self,
        client: &Client,
        runtime: &Runtime,
        stop: &Stop,
    ) -> (Bases, Result<(), Error>) {
        let mut bases = Bases::new();
        let asked = self.find(&mut bases, client, runtime, stop);
        (bases, asked)
    }

    fn find(
        &mut self,
        bases: &mut Bases,
        client: &Client,
        runtime: &Runtime,
        stop: &Stop,
    ) -> Result<(), Error> {
        let questions = self.questions()?;
        let mut distinct: Vec<&Question> = Vec::new();
        for question in &questions {
            if distinct.iter().all(|known| known.key() != question.key()) {
                distinct.push(question);
            }
        }
        let answers: Vec<_> = distinct.iter().map(|question| question.ask(client, self.source)).collect();
        let answers = stream::iter(answers).buffered(PARALLEL_QUESTIONS);
        let answers: Vec<_> =
            runtime.block_on(stop.race(async { Ok::<_, Error>(answers.collect().await) }))?;
        let mut failure = None;
        for (question, answer) in distinct.iter().zip(answers) {
            match answer {
                Ok(base) => drop(bases.insert(question.key(), base)),
                Err(error) => drop(failure.get_or_insert(error)),
            }
        }
        for question in &questions {
            if let Some(base) = bases.get(&question.key()) {
                self.bases.insert(question.stage, question.brought(&base.config));
            }
        }
        failure.map_or(Ok(()), Err)
    }

    /// The images to ask for. What is known without asking is taken down.
    fn questions(&mut self) -> Result<Vec<Question>, Error> {
        let mut questions = Vec::new();
        for index in 0..self.source.file.stages.len() {
            if self.stages.as_ref().is_some_and(|stages| !stages.contains(&index)) {
                continue;
            }
            match self.question(index)? {
                Asked::Known(base) => drop(self.bases.insert(index, base)),
                Asked::Image(question) => questions.push(*question),
                Asked::Nothing => {}
            }
        }
        Ok(questions)
    }

    /// What must be known of a stage's base.
    fn question(&self, index: usize) -> Result<Asked, Error> {
        // What a named context stands in for is not looked at; nor is what is not there asked for.
        if self.replaced.contains(&index) {
            return Ok(Asked::Nothing);
        }
        // One that cannot be expanded is a mistake that the checks report themselves.
        let Ok(from) = self.names.from(index) else { return Ok(Asked::Nothing) };
        let recipe = &self.source.file.stages[index].from;
        let fault = |error| self.source.at(recipe.location, &recipe.text, error);
        let platform = self.settings.stage_platform(from.platform.as_deref()).map_err(fault)?;
        let (name, reference, named) = match self.names.base(index, &from.image) {
            Meaning::Scratch | Meaning::Stage(_) => return Ok(Asked::Nothing),
            Meaning::Image(name) => {
                let reference = image_reference(&name).map_err(fault)?;
                (name, reference, false)
            }
            Meaning::Named(name) => match self.settings.named_context(&name) {
                Some(NamedContext::Image(reference)) => (name, reference.clone(), true),
                // Files alone, or nothing: there are no variables in them.
                _ => return Ok(Asked::Known(BaseImage::default())),
            },
        };
        Ok(Asked::Image(Box::new(Question { stage: index, name, reference, platform, named })))
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
enum Asked {
    Nothing,
    Known(BaseImage),
    Image(Box<Question>),
}

/// An image to ask for.
struct Question {
    stage: usize,
    name: String,
    reference: ImageReference,
    platform: Platform,
    /// The command line names it, which knows what it does.
    named: bool,
}

impl Question {
    fn key(&self) -> BaseKey {
        Base::key(&self.reference, &self.platform)
    }

    async fn ask(&self, client: &Client, source: &Source) -> Result<Arc<Base>, Error> {
        let recipe = &source.file.stages[self.stage].from;
        let base = Base::resolve(client, &self.name, &self.reference, &self.platform).await;
        base.map_err(|error| source.at(recipe.location, &recipe.text, error))
    }

    /// What the checks want to know of the image's configuration.
    fn brought(&self, config: &ImageConfig) -> BaseImage {
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
