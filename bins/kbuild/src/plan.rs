//! Which stages are needed, what each of them waits for, and whether we can do what they ask.
//!
//! A stage that nothing needs is not looked at: its base image is not resolved and its instructions may be
//! ones that we refuse.

mod names;

use std::collections::{BTreeMap, BTreeSet};

use ktrust_dockerfile::{Command, Instruction, Location};

use crate::error::Error;
use crate::support;
pub(crate) use names::{Meaning, Names, image_reference};

/// What is built. A stage needs only stages before it in the file, so there is always one that can begin.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The stage that is the result.
    pub(crate) target: usize,
    /// All stages that the target needs, itself among them, each with those that it waits for.
    pub(crate) needs: BTreeMap<usize, BTreeSet<usize>>,
}

impl Plan {
    /// The stages that `target` needs.
    pub(crate) fn new(names: &Names<'_>, target: usize) -> Result<Self, Error> {
        let mut walk = Walk { names, needs: BTreeMap::new(), open: Vec::new() };
        walk.visit(target)?;
        Ok(Self { target, needs: walk.needs })
    }
}

/// Looks at an instruction as it will run in stage `index`: refuses what we cannot do, and gives the stages
/// that it reads. `at` is where it stands, which for a trigger is the child's FROM.
pub(crate) fn inspect(
    names: &Names<'_>,
    index: usize,
    instruction: &Instruction,
    at: Location,
) -> Result<Vec<usize>, Error> {
    let located = |error| names.source.at(at, &instruction.text, error);
    support::check(&instruction.command).map_err(located)?;
    let mut stages = Vec::new();
    for (name, meaning) in names.sources(&instruction.command)? {
        let Meaning::Stage(stage) = meaning else { continue };
        if stage >= index {
            let which = if stage == index { "this very stage" } else { "a stage that comes later" };
            return Err(located(Error::instruction(format!("`{name}` names {which}"))));
        }
        stages.push(stage);
    }
    Ok(stages)
}

struct Walk<'a> {
    names: &'a Names<'a>,
    needs: BTreeMap<usize, BTreeSet<usize>>,
    /// What the stages that are being looked at need, as far as it is known.
    open: Vec<BTreeSet<usize>>,
}

impl Walk<'_> {
    fn visit(&mut self, index: usize) -> Result<(), Error> {
        if self.needs.contains_key(&index) {
            return Ok(());
        }
        if self.names.replaced(index).is_some() {
            self.needs.insert(index, BTreeSet::new());
            return Ok(());
        }
        self.open.push(BTreeSet::new());
        let image = self.names.from(index)?.image;
        if let Meaning::Stage(parent) = self.names.base(index, &image) {
            self.need(parent)?;
            self.triggers(index, parent)?;
        }
        let names = self.names;
        for instruction in &names.file().stages[index].instructions {
            self.read(index, instruction, instruction.location)?;
        }
        let needs = self.open.pop().unwrap_or_default();
        self.needs.insert(index, needs);
        Ok(())
    }

    /// The parent's ONBUILD instructions run in the child.
    fn triggers(&mut self, index: usize, parent: usize) -> Result<(), Error> {
        let names = self.names;
        let at = names.file().stages[index].from.location;
        for instruction in &names.file().stages[parent].instructions {
            if let Command::Onbuild(onbuild) = &instruction.command {
                let trigger = onbuild.instruction(at).map_err(|error| names.source.broken(error))?;
                self.read(index, &trigger, at)?;
            }
        }
        Ok(())
    }

    fn read(&mut self, index: usize, instruction: &Instruction, at: Location) -> Result<(), Error> {
        inspect(self.names, index, instruction, at)?.into_iter().try_for_each(|stage| self.need(stage))
    }

    fn need(&mut self, stage: usize) -> Result<(), Error> {
        if let Some(needs) = self.open.last_mut() {
            needs.insert(stage);
        }
        self.visit(stage)
    }
}
