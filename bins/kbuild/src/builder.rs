//! The execution of a plan: stages at once where they can be, instructions one by one.
//!
//! Steps share the [`Builder`]. What is found and made is kept in [`Memory`], each thing behind a lock of its
//! own, so that two stages wait for each other only where they want the same.

mod memory;
mod open;
mod schedule;
mod slots;
mod snapshot;
mod stage;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ktrust_dockerfile::{Command, Instruction, Location, Variables};
use ktrust_oci::{Descriptor, Digest, media_type};
use ktrust_pipeline::{BaseImage, StepRecord};
use ktrust_registry::Client;
use ktrust_rootfs::{Change, LayerOptions, PackOptions, Root, changes_of_upper, pack};
use ktrust_sandbox::{Sandbox, Workspace};
use tokio::runtime::Runtime;

use crate::agent::Agents;
use crate::context::Context;
use crate::error::Error;
use crate::image::{Draft, Layer};
use crate::instruction;
use crate::plan::{Names, Plan};
use crate::progress::{Progress, Shown};
use crate::remote::Fetcher;
use crate::secrets::Secrets;
use crate::settings::{BuildSettings, Given};
use crate::source::Source;
use crate::stop::Stop;
use crate::time::now;
use crate::work::Work;
pub(crate) use memory::Memory;
use schedule::Schedule;
pub(crate) use slots::Slots;
pub(crate) use stage::{Stage, Tree};

/// gzip's level for layers. 6 is what the peers' users are used to in size; a benchmark may change it.
const GZIP_LEVEL: u32 = 6;

/// Everything that steps need.
pub(crate) struct Builder<'a> {
    pub(crate) settings: &'a BuildSettings,
    pub(crate) source: &'a Source,
    /// The main context.
    pub(crate) context: Arc<Context>,
    pub(crate) fetcher: &'a Fetcher<'a>,
    /// What names in the file mean, for the platform that is being built.
    pub(crate) names: &'a Names<'a>,
    pub(crate) client: &'a Client,
    pub(crate) runtime: &'a Runtime,
    pub(crate) stop: Stop,
    pub(crate) work: &'a Work,
    pub(crate) sandbox: Box<dyn Sandbox>,
    pub(crate) secrets: &'a Secrets,
    pub(crate) agents: Agents,
    pub(crate) progress: Progress,
    /// Held while a command of RUN runs.
    pub(crate) slots: Slots,
    /// What is known so far; empty at the start.
    pub(crate) memory: Memory,
}

/// What a finished build leaves besides its image.
pub(crate) struct Report {
    pub(crate) steps: Vec<StepRecord>,
    pub(crate) bases: Vec<BaseImage>,
}

impl Builder<'_> {
    /// Builds the stages of the plan, those at once that do not need each other, and returns the target.
    pub(crate) fn run(&self, plan: &Plan) -> Result<Draft, Error> {
        Schedule::run(self, plan)?;
        Ok(self.stage(plan.target)?.draft)
    }

    /// What is to be told about the build.
    pub(crate) fn report(&self) -> Report {
        Report { steps: self.memory.steps(), bases: self.memory.base_images() }
    }

    /// A finished stage. A trigger of a base image may name one that the plan did not foresee.
    pub(crate) fn stage(&self, index: usize) -> Result<Stage, Error> {
        let build = || self.build(index);
        // What fails because the build is being stopped is not the reason for that.
        self.memory.stages.get(index, || build().map_err(|error| self.stop.reason(error)))
    }

    fn build(&self, index: usize) -> Result<Stage, Error> {
        let source = self.source;
        let recipe = &source.file.stages[index];
        let at = recipe.from.location;
        let opened = self.open(index).map_err(|error| source.at(at, &recipe.from.text, error));
        let (mut stage, triggers) = opened?;
        for trigger in triggers {
            self.step(&mut stage, &trigger, at)?;
        }
        // A stage that the command line replaces is not built.
        let own = if self.names.replaced(index).is_some() { &[] } else { &recipe.instructions[..] };
        for instruction in own {
            self.step(&mut stage, instruction, instruction.location)?;
        }
        Ok(stage)
    }

    fn step(&self, stage: &mut Stage, instruction: &Instruction, at: Location) -> Result<(), Error> {
        let source = self.source;
        self.stop.check()?;
        let mut shown = self.progress.step(&format!("[{}] {}", stage.title, first_line(&instruction.text)));
        let done = self.execute(stage, instruction, &mut shown).map_err(|error| self.stop.reason(error));
        let exit_code = match &done {
            Err(Error::Command { code, .. }) => Some(*code),
            _ => None,
        };
        let record = StepRecord {
            stage: stage.title.clone(),
            line: at.start,
            instruction: first_line(&instruction.text).to_owned(),
            seconds: shown.seconds(),
            exit_code,
        };
        self.memory.tell(stage.index, record);
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

    fn execute(&self, stage: &mut Stage, instruction: &Instruction, shown: &mut Shown) -> Result<(), Error> {
        let escape = self.source.file.directives.escape;
        let expanded = instruction.expand(escape, &stage.scope).map_err(|error| self.source.broken(error))?;
        match expanded.command {
            Command::Run(run) => instruction::run(self, stage, &run, &expanded.mounts, shown),
            Command::Copy(copy) => instruction::copy(self, stage, &copy),
            Command::Add(add) => instruction::add(self, stage, &add),
            Command::Workdir(path) => instruction::workdir(self, stage, &path),
            Command::Arg(arg) => instruction::arg(self, stage, &arg),
            other => instruction::configure(stage, other),
        }
    }

    /// Changes a stage's tree with `edit` and adds what changed as a layer.
    pub(crate) fn change<T>(
        &self,
        stage: &mut Stage,
        created_by: String,
        edit: impl FnOnce(&Self, &mut dyn Workspace) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let lowers = self.unpack(stage)?;
        let scratch = self.work.directory()?;
        let mut workspace = self.sandbox.workspace(&lowers, &scratch)?;
        let value = edit(self, &mut *workspace)?;
        let finished = workspace.finish()?;
        self.add_layer(stage, created_by, finished.layer_dir, &finished.changes)?;
        Ok(value)
    }

    /// Adds what `edit` makes in an empty directory as a layer that does not depend on those below it.
    pub(crate) fn change_apart(
        &self,
        stage: &mut Stage,
        created_by: String,
        edit: impl FnOnce(&Root) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let directory = self.work.directory()?;
        let root = Root::open(&directory)?;
        edit(&root)?;
        let changes = changes_of_upper(&root, &[])?;
        self.add_layer(stage, created_by, directory, &changes)
    }

    fn add_layer(
        &self,
        stage: &mut Stage,
        created_by: String,
        directory: PathBuf,
        changes: &[Change],
    ) -> Result<(), Error> {
        let file = self.work.file();
        let options = PackOptions { layer: LayerOptions { clamp: self.settings.epoch }, level: GZIP_LEVEL };
        let packed = pack(&Root::open(&directory)?, changes, &options, &file)?;
        for socket in &packed.stats.skipped_sockets {
            self.progress
                .warn(&format!("the socket `{}` is not in the layer: tar has no sockets", socket.display()));
        }
        self.keep(&file, &packed.digest)?;
        let descriptor = Descriptor::new(media_type::OCI_LAYER_GZIP, packed.digest, packed.size);
        stage.draft.add_layer(Layer { descriptor, diff_id: packed.diff_id, origin: None }, created_by);
        stage.tree.push(directory);
        Ok(())
    }

    /// A finished layer becomes a blob of the store by its name alone.
    fn keep(&self, file: &Path, digest: &Digest) -> Result<(), Error> {
        let blob = self.work.store().blob_path(digest);
        std::fs::rename(file, &blob).map_err(|source| Error::Write { path: blob, source })
    }

    /// What caches of this build are kept apart by.
    pub(crate) fn cache_namespace(&self) -> &str {
        Given(&self.settings.build_args).value("BUILDKIT_CACHE_MOUNT_NS").unwrap_or_default()
    }

    /// The host name that steps see.
    pub(crate) fn hostname(&self) -> String {
        let given = Given(&self.settings.build_args)
            .value("BUILDKIT_SANDBOX_HOSTNAME")
            .filter(|name| !name.is_empty());
        given.unwrap_or("buildkitsandbox").to_owned()
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

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
