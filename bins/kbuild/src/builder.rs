//! The execution of a plan: stage by stage, instruction by instruction.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use ktrust_dockerfile::{Command, Instruction, Location, Variables, parse_trigger};
use ktrust_oci::{Descriptor, ImageReference, Platform, Reference, media_type};
use ktrust_pipeline::StepRecord;
use ktrust_registry::Client;
use ktrust_rootfs::{LayerOptions, PackOptions, Root, pack};
use ktrust_sandbox::{Sandbox, Workspace};
use tokio::runtime::Runtime;

use crate::base::Base;
use crate::context::Context;
use crate::error::Error;
use crate::image::{Draft, Layer};
use crate::instruction;
use crate::plan::{Meaning, Names, Plan};
use crate::progress::{Progress, Shown};
use crate::scope::Scope;
use crate::settings::{BuildSettings, NamedContext};
use crate::source::Source;
use crate::stop::Stop;
use crate::time::now;
use crate::work::Work;

/// gzip's level for layers. 6 is what the peers' users are used to in size; a benchmark may change it.
const GZIP_LEVEL: u32 = 6;

/// Everything that steps need.
pub(crate) struct Builder<'a> {
    pub(crate) settings: &'a BuildSettings,
    pub(crate) source: &'a Source,
    pub(crate) globals: Variables,
    pub(crate) client: &'a Client,
    pub(crate) runtime: &'a Runtime,
    pub(crate) stop: Stop,
    pub(crate) work: Work,
    pub(crate) sandbox: Box<dyn Sandbox>,
    pub(crate) progress: Progress,
    /// What is known so far; empty at the start.
    pub(crate) memory: Memory,
}

/// What a build has found and made, so that nothing is done twice.
#[derive(Default)]
pub(crate) struct Memory {
    contexts: BTreeMap<String, Rc<Context>>,
    stages: BTreeMap<usize, Stage>,
    bases: BTreeMap<(String, String), Arc<Base>>,
    /// Base images whose layers lie in a directory, for all stages on them.
    roots: Vec<(Arc<Base>, PathBuf)>,
    steps: Vec<StepRecord>,
}

/// A stage, finished or in the making.
#[derive(Clone)]
pub(crate) struct Stage {
    pub(crate) draft: Draft,
    pub(crate) scope: Scope,
    pub(crate) tree: Tree,
    /// Whether this stage had a CMD, which an ENTRYPOINT after it then keeps.
    pub(crate) has_cmd: bool,
    /// The stage's name or number, for messages.
    pub(crate) title: String,
    /// What its base image was chosen for.
    pub(crate) platform: Platform,
}

impl Stage {
    fn fresh(draft: Draft, tree: Tree, platform: Platform) -> Self {
        let scope = Scope::of_image(&draft.config.config.env);
        Self { draft, scope, tree, has_cmd: false, title: String::new(), platform }
    }
}

/// Where a stage's files are.
#[derive(Clone)]
pub(crate) enum Tree {
    /// Not unpacked: no step has needed it yet.
    Packed(Arc<Base>),
    /// Directories, bottom first.
    Unpacked(Vec<PathBuf>),
}

/// What a finished build leaves besides its image.
pub(crate) struct Report {
    pub(crate) steps: Vec<StepRecord>,
    pub(crate) bases: Vec<Arc<Base>>,
}

impl<'a> Builder<'a> {
    /// Builds the stages of the plan and returns the last one.
    pub(crate) fn run(&mut self, plan: &Plan) -> Result<Draft, Error> {
        let mut last = None;
        for &index in &plan.order {
            self.build(index)?;
            last = Some(index);
        }
        match last.and_then(|index| self.memory.stages.get(&index)) {
            Some(stage) => Ok(stage.draft.clone()),
            None => Err(Error::instruction("the Dockerfile has no stage")),
        }
    }

    /// What is to be told about the build.
    pub(crate) fn report(&mut self) -> Report {
        let mut bases: Vec<_> = self.memory.bases.values().cloned().collect();
        bases.dedup_by(|one, other| one.name == other.name && one.digest == other.digest);
        Report { steps: std::mem::take(&mut self.memory.steps), bases }
    }

    /// A finished stage. A trigger of a base image may name one that the plan did not foresee.
    pub(crate) fn stage(&mut self, index: usize) -> Result<Stage, Error> {
        if !self.memory.stages.contains_key(&index) {
            self.build(index)?;
        }
        self.memory.stages.get(&index).cloned().ok_or_else(|| Error::instruction("a stage needs itself"))
    }

    fn build(&mut self, index: usize) -> Result<(), Error> {
        let source = self.source;
        let recipe = &source.file.stages[index];
        let at = recipe.from.location;
        let opened = self.open(index).map_err(|error| source.at(at, &recipe.from.text, error));
        let (mut stage, triggers) = opened?;
        for trigger in triggers {
            self.step(&mut stage, &trigger, at)?;
        }
        for instruction in &recipe.instructions {
            self.step(&mut stage, instruction, instruction.location)?;
        }
        self.memory.stages.insert(index, stage);
        Ok(())
    }

    /// Begins a stage with what FROM means, and the triggers that it brings.
    fn open(&mut self, index: usize) -> Result<(Stage, Vec<Instruction>), Error> {
        let names = self.names();
        let from = names.from(index)?;
        let meaning = names.base(index, &from.image);
        let recipe = &self.source.file.stages[index];
        let title = recipe.name.clone().unwrap_or_else(|| format!("stage-{index}"));
        let platform = self.platform(from.platform.as_deref())?;
        let shown = self.progress.step(&format!("[{title}] {}", recipe.from.text));
        let mut stage = match meaning {
            Meaning::Scratch => self.scratch(platform),
            Meaning::Stage(parent) => Stage { has_cmd: false, ..self.stage(parent)? },
            Meaning::Named(name) => self.named(&name, platform)?,
            Meaning::Image(name) => self.image(&name, &reference(&name)?, platform)?,
        };
        stage.title = title;
        let texts = std::mem::take(&mut stage.draft.config.config.on_build);
        let trigger = |text: &String| {
            parse_trigger(text, recipe.from.location).map_err(|error| self.source.broken(error))
        };
        let triggers = texts.iter().map(trigger).collect::<Result<_, _>>()?;
        shown.done();
        Ok((stage, triggers))
    }

    fn scratch(&self, platform: Platform) -> Stage {
        let draft = Draft::scratch(&platform, self.created());
        Stage::fresh(draft, Tree::Unpacked(Vec::new()), platform)
    }

    /// `FROM NAME` where the command line says what NAME is.
    fn named(&mut self, name: &str, platform: Platform) -> Result<Stage, Error> {
        let context = self.settings.named_contexts.iter().find(|(known, _)| known == name);
        match context.map(|(_, context)| context.clone()) {
            Some(NamedContext::Image(reference)) => self.image(name, &reference, platform),
            _ => Err(Error::unsupported("FROM a directory")),
        }
    }

    fn image(&mut self, name: &str, reference: &ImageReference, platform: Platform) -> Result<Stage, Error> {
        let base = self.base(name, reference, &platform)?;
        let draft = Draft::on(base.config.clone(), base.layers.clone(), self.created());
        Ok(Stage::fresh(draft, Tree::Packed(base), platform))
    }

    /// A base image, resolved once in a build.
    fn base(
        &mut self,
        name: &str,
        reference: &ImageReference,
        platform: &Platform,
    ) -> Result<Arc<Base>, Error> {
        let key = (reference.to_string(), platform.to_string());
        if let Some(known) = self.memory.bases.get(&key) {
            return Ok(known.clone());
        }
        let resolve = Base::resolve(self.client, name, reference, platform);
        let base = self.runtime.block_on(self.stop.race(resolve))?;
        self.memory.bases.insert(key, base.clone());
        Ok(base)
    }

    fn step(&mut self, stage: &mut Stage, instruction: &Instruction, at: Location) -> Result<(), Error> {
        let source = self.source;
        self.stop.check()?;
        let mut shown = self.progress.step(&format!("[{}] {}", stage.title, first_line(&instruction.text)));
        let done = self.execute(stage, instruction, &mut shown);
        let exit_code = match &done {
            Err(Error::Command { code, .. }) => Some(*code),
            _ => None,
        };
        self.memory.steps.push(StepRecord {
            stage: stage.title.clone(),
            line: at.start,
            instruction: first_line(&instruction.text).to_owned(),
            seconds: shown.seconds(),
            exit_code,
        });
        match done {
            Ok(()) => {
                shown.done();
                Ok(())
            }
            Err(error) => {
                shown.failed(&error.to_string());
                Err(source.at(at, &instruction.text, error))
            }
        }
    }

    fn execute(
        &mut self,
        stage: &mut Stage,
        instruction: &Instruction,
        shown: &mut Shown,
    ) -> Result<(), Error> {
        let escape = self.source.file.directives.escape;
        let expanded = instruction.expand(escape, &stage.scope).map_err(|error| self.source.broken(error))?;
        match expanded.command {
            Command::Run(run) => instruction::run(self, stage, &run, shown),
            Command::Copy(copy) => instruction::copy(self, stage, &copy),
            Command::Add(add) => instruction::add(self, stage, &add),
            Command::Workdir(path) => instruction::workdir(self, stage, &path),
            Command::Arg(arg) => instruction::arg(self, stage, &arg),
            other => instruction::configure(stage, other),
        }
    }

    /// Changes a stage's tree with `edit` and adds what changed as a layer.
    pub(crate) fn change<T>(
        &mut self,
        stage: &mut Stage,
        created_by: String,
        edit: impl FnOnce(&mut Self, &mut dyn Workspace) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let lowers = self.unpack(stage)?;
        let scratch = self.work.directory()?;
        let mut workspace = self.sandbox.workspace(&lowers, &scratch)?;
        let value = edit(self, &mut *workspace)?;
        let finished = workspace.finish()?;
        let file = self.work.file();
        let options = PackOptions { layer: LayerOptions { clamp: self.settings.epoch }, level: GZIP_LEVEL };
        let packed = pack(&Root::open(&finished.layer_dir)?, &finished.changes, &options, &file)?;
        for socket in &packed.stats.skipped_sockets {
            self.progress
                .warn(&format!("the socket `{}` is not in the layer: tar has no sockets", socket.display()));
        }
        self.keep(&file, &packed.digest)?;
        let descriptor = Descriptor::new(media_type::OCI_LAYER_GZIP, packed.digest, packed.size);
        stage.draft.add_layer(Layer { descriptor, diff_id: packed.diff_id, origin: None }, created_by);
        let mut directories = lowers;
        directories.push(finished.layer_dir);
        stage.tree = Tree::Unpacked(directories);
        Ok(value)
    }

    /// A finished layer becomes a blob of the store by its name alone.
    fn keep(&self, file: &std::path::Path, digest: &ktrust_oci::Digest) -> Result<(), Error> {
        let blob = self.work.store().blob_path(digest);
        std::fs::rename(file, &blob).map_err(|source| Error::Write { path: blob, source })
    }

    /// The directories of a stage, unpacked now if no step has needed them yet.
    pub(crate) fn unpack(&mut self, stage: &mut Stage) -> Result<Vec<PathBuf>, Error> {
        let base = match &stage.tree {
            Tree::Unpacked(directories) => return Ok(directories.clone()),
            Tree::Packed(base) => base.clone(),
        };
        let directory = self.root_of(&base, &stage.title)?;
        stage.tree = Tree::Unpacked(vec![directory.clone()]);
        Ok(vec![directory])
    }

    /// The directory of a base image, made at the first need.
    fn root_of(&mut self, base: &Arc<Base>, title: &str) -> Result<PathBuf, Error> {
        if let Some((_, directory)) = self.memory.roots.iter().find(|(known, _)| Arc::ptr_eq(known, base)) {
            return Ok(directory.clone());
        }
        let shown = self.progress.step(&format!("[{title}] unpack {}", base.name));
        self.runtime.block_on(self.stop.race(base.download(&self.work)))?;
        let (directory, refused) = base.unpack(&mut self.work, &self.stop)?;
        shown.done();
        self.progress.refused(&refused);
        self.memory.roots.push((base.clone(), directory.clone()));
        Ok(directory)
    }

    /// The tree that `COPY --from` reads: a stage's or an image's.
    pub(crate) fn source_tree(&mut self, meaning: Meaning) -> Result<Vec<PathBuf>, Error> {
        let mut stage = match meaning {
            Meaning::Scratch => return Ok(Vec::new()),
            Meaning::Stage(index) => {
                let mut stage = self.stage(index)?;
                let directories = self.unpack(&mut stage)?;
                self.memory.stages.insert(index, stage);
                return Ok(directories);
            }
            Meaning::Named(name) => self.named(&name, self.settings.platform.clone())?,
            Meaning::Image(name) => self.image(&name, &reference(&name)?, self.settings.platform.clone())?,
        };
        if let Tree::Packed(base) = &stage.tree {
            stage.title.clone_from(&base.name);
        }
        self.unpack(&mut stage)
    }

    /// The main context, or a directory that the command line named.
    pub(crate) fn context(&mut self, name: Option<&str>) -> Result<Rc<Context>, Error> {
        let key = name.unwrap_or_default().to_owned();
        if let Some(known) = self.memory.contexts.get(&key) {
            return Ok(known.clone());
        }
        let directory = self.settings.named_contexts.iter().find_map(|(known, context)| match context {
            NamedContext::Directory(path) if Some(known.as_str()) == name => Some(path.clone()),
            _ => None,
        });
        let dockerfile = name.is_none().then_some(self.source.path.as_path());
        let directory = directory.as_deref().unwrap_or(&self.settings.context);
        let context = Rc::new(Context::open(directory, dockerfile, self.work.home())?);
        self.memory.contexts.insert(key, context.clone());
        Ok(context)
    }

    /// Whether `--build-context` gives this name a directory.
    pub(crate) fn is_directory(&self, name: &str) -> bool {
        let context = self.settings.named_contexts.iter().find(|(known, _)| known == name);
        matches!(context, Some((_, NamedContext::Directory(_))))
    }

    pub(crate) fn names(&self) -> Names<'a> {
        names(self.source, self.settings, self.globals.clone())
    }

    fn platform(&self, given: Option<&str>) -> Result<Platform, Error> {
        let Some(text) = given else { return Ok(self.settings.platform.clone()) };
        text.parse().map_err(|_| Error::instruction(format!("`--platform={text}` is not a platform")))
    }

    /// The time that this build writes into the image.
    fn created(&self) -> i64 {
        self.settings.epoch.unwrap_or_else(now)
    }
}

/// The names that settings and file give.
pub(crate) fn names<'a>(source: &'a Source, settings: &BuildSettings, globals: Variables) -> Names<'a> {
    let contexts = settings.named_contexts.iter().map(|(name, _)| name.clone()).collect();
    Names { source, globals, contexts }
}

/// An image of FROM is always in a registry: a Dockerfile must not reach files outside its context.
fn reference(name: &str) -> Result<ImageReference, Error> {
    let parsed: Result<Reference, _> = name.parse();
    parsed.map(ImageReference::Registry).map_err(|source| Error::Reference { text: name.into(), source })
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
