//! The beginning of a stage: what FROM means, and where its files come from.

use std::path::PathBuf;
use std::sync::Arc;

use ktrust_dockerfile::{Instruction, parse_trigger};
use ktrust_oci::{Digest, ImageReference, Platform};
use ktrust_rootfs::Owner;

use super::{Builder, Stage, Tree};
use crate::base::Base;
use crate::context::Context;
use crate::error::Error;
use crate::image::Draft;
use crate::instruction;
use crate::plan::{Meaning, image_reference, inspect};
use crate::remote::{CheckoutFlags, Fetched, Fetcher};
use crate::settings::NamedContext;
use crate::work::Work;

impl Builder<'_> {
    /// Begins a stage with what FROM means, and the triggers that it brings.
    pub(super) fn open(&self, index: usize) -> Result<(Stage, Vec<Instruction>), Error> {
        let names = self.names;
        let from = names.from(index)?;
        let replaced = names.replaced(index);
        let meaning = match &replaced {
            Some(name) => Meaning::Named(name.clone()),
            None => names.base(index, &from.image),
        };
        let recipe = &self.source.file.stages[index];
        let mut title = recipe.name.clone().unwrap_or_else(|| format!("stage-{index}"));
        let platform = self.settings.stage_platform(from.platform.as_deref())?;
        if self.settings.platforms.len() > 1 {
            title = format!("{platform} {title}");
        }
        let shown = self.progress.step(&format!("[{title}] {}", recipe.from.text));
        let mut stage = match meaning {
            Meaning::Scratch => self.scratch(platform),
            Meaning::Stage(parent) => Stage { has_cmd: false, ..self.stage(parent)? },
            Meaning::Named(name) => self.named(&name, platform)?,
            Meaning::Image(name) => self.image(&name, &image_reference(&name)?, platform)?,
        };
        (stage.index, stage.title) = (index, title);
        let texts = std::mem::take(&mut stage.draft.config.config.on_build);
        let trigger = |text: &String| {
            parse_trigger(text, recipe.from.location).map_err(|error| self.source.broken(error))
        };
        let triggers: Vec<Instruction> = texts.iter().map(trigger).collect::<Result<_, _>>()?;
        // A base image's are seen only now.
        for trigger in &triggers {
            inspect(names, index, trigger, recipe.from.location)?;
        }
        shown.done();
        Ok((stage, triggers))
    }

    fn scratch(&self, platform: Platform) -> Stage {
        let draft = Draft::scratch(&platform, self.created());
        Stage::fresh(draft, Tree::Unpacked(Vec::new()), platform)
    }

    /// `FROM NAME` where the command line says what NAME is.
    fn named(&self, name: &str, platform: Platform) -> Result<Stage, Error> {
        match self.named_context(name) {
            Some(NamedContext::Image(reference)) => self.image(name, reference, platform),
            Some(NamedContext::Scratch) => Ok(self.scratch(platform)),
            _ => self.files(name, platform),
        }
    }

    /// A stage whose root file system are the files of a context, as one layer.
    fn files(&self, name: &str, platform: Platform) -> Result<Stage, Error> {
        let key = (name.to_owned(), platform.to_string());
        self.memory.files.get(key, || {
            let context = self.context(Some(name))?;
            let mut stage = self.scratch(platform);
            instruction::lay(self, &mut stage, &context)?;
            Ok(stage)
        })
    }

    fn image(&self, name: &str, reference: &ImageReference, platform: Platform) -> Result<Stage, Error> {
        let base = self.base(name, reference, &platform)?;
        self.memory.tell_base(name, &base.digest);
        let draft = Draft::on(base.config.clone(), base.layers.clone(), self.created());
        Ok(Stage::fresh(draft, Tree::Packed(base, Vec::new()), platform))
    }

    /// A base image, resolved once in a build.
    fn base(&self, name: &str, reference: &ImageReference, platform: &Platform) -> Result<Arc<Base>, Error> {
        self.memory.bases.get(Base::key(reference, platform), || {
            let resolve = Base::resolve(self.client, name, reference, platform);
            self.runtime.block_on(self.stop.race(resolve))
        })
    }

    /// The directories of a stage, unpacked now if no step has needed them yet.
    pub(crate) fn unpack(&self, stage: &mut Stage) -> Result<Vec<PathBuf>, Error> {
        let directories = match &stage.tree {
            Tree::Unpacked(directories) => return Ok(directories.clone()),
            Tree::Packed(base, above) => [&[self.root_of(base, &stage.title)?], &above[..]].concat(),
        };
        stage.tree = Tree::Unpacked(directories.clone());
        Ok(directories)
    }

    /// The directory of a base image, made at the first need.
    fn root_of(&self, base: &Arc<Base>, title: &str) -> Result<PathBuf, Error> {
        let layers = base.layers.iter().map(|layer| layer.diff_id.clone()).collect();
        self.memory.roots.get(layers, || {
            let shown = self.progress.step(&format!("[{title}] unpack {}", base.name));
            self.runtime.block_on(self.stop.race(base.download(self.work)))?;
            let (directory, refused) = base.unpack(self.work, &self.stop)?;
            shown.done();
            self.progress.refused(&refused);
            Ok(directory)
        })
    }

    /// The tree that `COPY --from` reads: a stage's or an image's.
    pub(crate) fn source_tree(&self, meaning: Meaning) -> Result<Vec<PathBuf>, Error> {
        let mut stage = self.source_stage(meaning)?;
        if let (Tree::Packed(base, _), true) = (&stage.tree, stage.title.is_empty()) {
            stage.title.clone_from(&base.name);
        }
        self.unpack(&mut stage)
    }

    /// The layers of the tree that [`Builder::source_tree`] gives: what decides on its content.
    pub(crate) fn source_layers(&self, meaning: Meaning) -> Result<Vec<Digest>, Error> {
        let stage = self.source_stage(meaning)?;
        Ok(stage.draft.layers.into_iter().map(|layer| layer.diff_id).collect())
    }

    fn source_stage(&self, meaning: Meaning) -> Result<Stage, Error> {
        let platform = self.settings.platform.clone();
        match meaning {
            Meaning::Scratch => Ok(self.scratch(platform)),
            Meaning::Stage(index) => self.stage(index),
            Meaning::Named(name) => self.named(&name, platform),
            Meaning::Image(name) => self.image(&name, &image_reference(&name)?, platform),
        }
    }

    /// The main context, or files that the command line named.
    pub(crate) fn context(&self, name: Option<&str>) -> Result<Arc<Context>, Error> {
        let Some(name) = name else { return Ok(self.context.clone()) };
        self.memory.contexts.get(name.to_owned(), || {
            let root = Some(Owner::default());
            let flags = CheckoutFlags { agent: self.fetcher.own_agent(), ..CheckoutFlags::default() };
            let context = match self.named_context(name) {
                Some(NamedContext::Git(address)) => {
                    let fetched = self.fetcher.checkout(self.work, address, flags)?;
                    Context::fetched(&fetched.directory, root, None)?
                }
                Some(NamedContext::Web(address)) => {
                    let fetched = self.fetcher.download(self.work, address, Some("context"), None)?;
                    Context::fetched(&fetched.directory, root, None)?
                }
                Some(NamedContext::Directory(path)) => Context::open(path, None, self.work.home())?,
                _ => return Err(Error::instruction(format!("`{name}` is no directory"))),
            };
            Ok(Arc::new(context))
        })
    }

    /// What a step fetches, once in a build: `key` is all that decides on it.
    pub(crate) fn fetched(
        &self,
        key: String,
        fetch: impl FnOnce(&Fetcher<'_>, &Work) -> Result<Fetched, Error>,
    ) -> Result<Fetched, Error> {
        self.memory.fetched.get(key, || fetch(self.fetcher, self.work))
    }

    /// Whether `--build-context` gives files for this name, and no image.
    pub(crate) fn is_directory(&self, name: &str) -> bool {
        self.named_context(name).is_some_and(NamedContext::is_files)
    }

    fn named_context(&self, name: &str) -> Option<&NamedContext> {
        self.settings.named_context(&self.names.context(name)?)
    }
}
