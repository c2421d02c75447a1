//! Which stages of one platform's build are the same for another platform: they are built once.
//!
//! `FROM --platform=$BUILDPLATFORM` is how a Dockerfile says that a stage runs here, whatever it is for. It
//! is shared where nothing in it could tell the target platforms apart; when in doubt it is built again.

use std::cell::RefCell;
use std::collections::BTreeMap;

use ktrust_dockerfile::{Command, Instruction};
use ktrust_oci::Platform;

use crate::builder::Stage;
use crate::plan::{Meaning, Names};

/// One platform's view of the file.
pub(crate) struct View<'a> {
    pub(crate) names: Names<'a>,
    pub(crate) platform: Platform,
}

/// Compares the stages of two platforms.
pub(crate) struct Sharing<'a> {
    built: &'a View<'a>,
    next: &'a View<'a>,
    known: RefCell<BTreeMap<usize, bool>>,
}

impl<'a> Sharing<'a> {
    /// `built` has been built, `next` is to be.
    pub(crate) fn new(built: &'a View<'a>, next: &'a View<'a>) -> Self {
        Self { built, next, known: RefCell::default() }
    }

    /// Whether a stage that was built is what `next` would make.
    pub(crate) fn is_same(&self, stage: &Stage) -> bool {
        stage.scope.declared().all(|name| self.is_equal(name)) && self.is_same_by_text(stage.index)
    }

    /// Whether a variable has one value in both.
    fn is_equal(&self, name: &str) -> bool {
        use ktrust_dockerfile::Environment as _;
        self.built.names.globals.get(name) == self.next.names.globals.get(name)
    }

    fn is_same_by_text(&self, index: usize) -> bool {
        if let Some(known) = self.known.borrow().get(&index) {
            return *known;
        }
        let same = self.compare(index).unwrap_or(false);
        self.known.borrow_mut().insert(index, same);
        same
    }

    /// `None` where the file cannot be read so; the build will say why.
    fn compare(&self, index: usize) -> Option<bool> {
        let (built, next) = (self.built.names.from(index).ok()?, self.next.names.from(index).ok()?);
        let recipe = &self.built.names.source.file.stages[index];
        let base = match self.built.names.base(index, &built.image) {
            Meaning::Stage(parent) => self.is_same_by_text(parent) && !self.has_triggers(parent),
            _ => self.same_platform(built.platform.as_deref(), next.platform.as_deref()),
        };
        let here = recipe.instructions.iter().all(|instruction| self.same_instruction(instruction));
        Some(base && here && built.image == next.image)
    }

    fn same_platform(&self, built: Option<&str>, next: Option<&str>) -> bool {
        let built = built.map_or_else(|| Some(self.built.platform.clone()), |text| text.parse().ok());
        let next = next.map_or_else(|| Some(self.next.platform.clone()), |text| text.parse().ok());
        built.is_some() && built == next
    }

    fn has_triggers(&self, index: usize) -> bool {
        let stage = &self.built.names.source.file.stages[index];
        stage.instructions.iter().any(|instruction| matches!(instruction.command, Command::Onbuild(_)))
    }

    fn same_instruction(&self, instruction: &Instruction) -> bool {
        if let Command::Arg(arg) = &instruction.command {
            return arg.arguments.iter().all(|argument| self.is_equal(&argument.name));
        }
        let sources = self.built.names.sources(&instruction.command);
        sources.is_ok_and(|sources| sources.iter().all(|(_, meaning)| self.same_source(meaning)))
    }

    /// An image is chosen for the target platform, so only stages can be the same.
    fn same_source(&self, meaning: &Meaning) -> bool {
        match meaning {
            Meaning::Scratch => true,
            Meaning::Stage(stage) => self.is_same_by_text(*stage),
            Meaning::Named(_) | Meaning::Image(_) => false,
        }
    }
}
