//! The instructions of the stages that are built, followed line by line with their variables.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{BaseImage, Facts};
use super::linter::{Linter, Place};
use super::{base, command, copy, expose, value, variable, workdir};
use crate::error::{At as _, Error};
use crate::expand::{Environment as _, Variables};
use crate::instruction::{Arg, Command, Instruction, parse_trigger};
use crate::location::Location;
use crate::stage::{Dockerfile, Stage};

/// What RUN finds where neither the image nor the file says otherwise.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What a stage hands on to those that are built on it.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    pub(super) variables: Variables,
    /// What ARG named, with a value or without.
    pub(super) declared: BTreeSet<String>,
    /// Whether all variables are known: the base is.
    pub(super) complete: bool,
    /// A WORKDIR was there.
    has_workdir: bool,
    /// A SHELL was there, or the base has one.
    has_shell: bool,
    /// ONBUILD, for the next stage only.
    triggers: Vec<String>,
}

impl Scope {
    fn of_base(base: &BaseImage) -> Self {
        Self {
            variables: Variables::from_pairs(base.env.iter().map(String::as_str)),
            complete: true,
            has_shell: base.has_shell,
            triggers: base.triggers.clone(),
            ..Self::default()
        }
    }
}

/// The commands of which a stage needs one at most.
#[derive(Default)]
struct Once {
    cmd: Option<Location>,
    entrypoint: Option<Location>,
    healthcheck: Option<Location>,
}

/// Follows stage after stage.
pub(super) struct Walk<'a> {
    pub(super) file: &'a Dockerfile,
    pub(super) facts: &'a Facts<'a>,
    pub(super) globals: &'a Variables,
    pub(super) linter: &'a mut Linter,
    scopes: BTreeMap<usize, Scope>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        file: &'a Dockerfile,
        facts: &'a Facts<'a>,
        globals: &'a Variables,
        linter: &'a mut Linter,
    ) -> Self {
        Self { file, facts, globals, linter, scopes: BTreeMap::new() }
    }

    /// Looks at all stages that are built.
    pub(super) fn run(&mut self) -> Result<(), Error> {
        for (index, stage) in self.file.stages.iter().enumerate() {
            if self.facts.is_built(index) {
                self.stage(index, stage)?;
            }
        }
        Ok(())
    }

    fn stage(&mut self, index: usize, stage: &Stage) -> Result<(), Error> {
        let from = stage.from.expand(self.file.directives.escape, self.globals)?;
        let mut scope = self.begin(index, &from.image, stage.from.location);
        let mut once = Once::default();
        for trigger in std::mem::take(&mut scope.triggers) {
            let instruction = parse_trigger(&trigger, stage.from.location)?;
            self.instruction(&instruction, &mut scope, &mut once)?;
        }
        for instruction in &stage.instructions {
            self.instruction(instruction, &mut scope, &mut once)?;
        }
        self.scopes.insert(index, scope);
        Ok(())
    }

    /// What a stage finds when it begins.
    fn begin(&mut self, index: usize, image: &str, at: Location) -> Scope {
        let parent =
            self.file.base_stage(index, image).filter(|parent| !self.facts.replaced.contains(parent));
        let mut scope = match (self.facts.bases.get(&index), parent) {
            (Some(known), _) => {
                base::platform(image, known, at, self.linter);
                Scope::of_base(known)
            }
            // A stage that is called `scratch` in spite of all is meant by the name.
            (None, Some(parent)) => self.scopes.get(&parent).cloned().unwrap_or_default(),
            (None, None) => Scope { complete: image == "scratch", ..Scope::default() },
        };
        if scope.variables.get("PATH").is_none() {
            scope.variables.set("PATH", PATH);
        }
        scope
    }

    fn instruction(
        &mut self,
        instruction: &Instruction,
        scope: &mut Scope,
        once: &mut Once,
    ) -> Result<(), Error> {
        let place = Place::new(instruction.location, &instruction.comments);
        if let Command::Arg(arg) = &instruction.command {
            return self.arg(arg, scope, place);
        }
        let expanded = instruction.expand(self.file.directives.escape, &scope.variables)?;
        variable::undefined(&expanded.undefined, scope, place, self.linter);
        self.command(&expanded.command, &instruction.keyword, scope, once, place)
    }

    fn arg(&mut self, arg: &Arg, scope: &mut Scope, place: Place<'_>) -> Result<(), Error> {
        let escape = self.file.directives.escape;
        for argument in arg.resolve(escape, &scope.variables, &self.facts.build_args, self.globals)? {
            variable::secret("ARG", &argument.name, place, self.linter);
            variable::undefined(&argument.undefined, scope, place, self.linter);
            if let Some(value) = &argument.value {
                scope.variables.set(&argument.name, value);
            }
            scope.declared.insert(argument.name);
        }
        Ok(())
    }

    fn command(
        &mut self,
        expanded: &Command,
        keyword: &str,
        scope: &mut Scope,
        once: &mut Once,
        place: Place<'_>,
    ) -> Result<(), Error> {
        let linter = &mut *self.linter;
        match expanded {
            Command::Env(pairs) => {
                variable::legacy("ENV", pairs, place, linter);
                for pair in pairs {
                    variable::secret("ENV", &pair.name, place, linter);
                    scope.variables.set(&pair.name, &pair.value);
                }
            }
            Command::Label(pairs) => variable::legacy("LABEL", pairs, place, linter),
            Command::Workdir(path) => workdir::relative(path, &mut scope.has_workdir, place, linter),
            Command::Expose(ports) => expose::check(ports, place, linter).at(place.location)?,
            Command::Copy(copied) => {
                value::mode(copied.chmod.as_ref())?;
                if copied.from.is_none() {
                    copy::ignored(keyword, &copied.sources, self.facts, place, linter);
                }
            }
            Command::Add(added) => {
                value::mode(added.chmod.as_ref())?;
                copy::ignored(keyword, &added.sources, self.facts, place, linter);
            }
            Command::Stopsignal(name) => value::signal(name, place.location)?,
            Command::Cmd(line) => {
                command::repeated(keyword, &mut once.cmd, place, linter);
                command::shell_form(keyword, line, scope.has_shell, place, linter);
            }
            Command::Entrypoint(line) => {
                command::repeated(keyword, &mut once.entrypoint, place, linter);
                command::shell_form(keyword, line, scope.has_shell, place, linter);
            }
            Command::Healthcheck(_) => command::repeated(keyword, &mut once.healthcheck, place, linter),
            Command::Shell(_) => scope.has_shell = true,
            Command::Onbuild(trigger) => scope.triggers.push(trigger.text.clone()),
            _ => {}
        }
        Ok(())
    }
}
