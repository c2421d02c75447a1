//! Follows the stages that a target needs.

use std::collections::{BTreeMap, BTreeSet};

use super::{Need, Outline, Parameter};
use crate::argument::ResolvedArgument;
use crate::error::Error;
use crate::expand::{Environment as _, Lexer, Variables};
use crate::instruction::{Arg, Argument, Command, Instruction, Mount, MountKind};
use crate::lint::Facts;
use crate::location::Location;
use crate::path;
use crate::stage::Dockerfile;

/// What is known of the file while it is followed.
pub(super) struct Walk<'a> {
    file: &'a Dockerfile,
    facts: &'a Facts<'a>,
    globals: &'a Variables,
    /// Global arguments as they are at last, with those that their defaults use.
    declared: BTreeMap<String, (Parameter, BTreeSet<String>)>,
    /// What each stage hands on to those on it.
    scopes: BTreeMap<usize, Scope>,
    /// What each stage can be given.
    pub(super) found: BTreeMap<usize, Outline>,
}

#[derive(Clone, Default)]
struct Scope {
    variables: Variables,
    triggers: Vec<Instruction>,
    /// Variables of FROM, its own and those of the stages below.
    used: BTreeSet<String>,
    /// What ARG named, with a value or without.
    declared: BTreeSet<String>,
    /// No image is below whose variables are not known.
    complete: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn new(file: &'a Dockerfile, facts: &'a Facts<'a>, globals: &'a Variables) -> Self {
        let declared = declared(file, facts);
        Self { file, facts, globals, declared, scopes: BTreeMap::new(), found: BTreeMap::new() }
    }

    /// The stages that a target needs, those that others need first, itself last.
    pub(super) fn needed(&self, target: usize) -> Result<Vec<usize>, Error> {
        let mut order = Vec::new();
        self.visit(target, &mut BTreeSet::new(), &mut order)?;
        Ok(order)
    }

    fn visit(&self, index: usize, seen: &mut BTreeSet<usize>, order: &mut Vec<usize>) -> Result<(), Error> {
        if self.facts.replaced.contains(&index) || !seen.insert(index) {
            return Ok(());
        }
        let stage = &self.file.stages[index];
        let mut sources = Vec::new();
        for instruction in &stage.instructions {
            match &instruction.command {
                Command::Copy(copy) => {
                    let from = copy.from.as_ref().map(|from| self.file.copy_source(from)).transpose()?;
                    sources.extend(from.flatten());
                }
                Command::Run(run) => {
                    let from = run.mounts.iter().filter_map(|flag| flag.value.from.as_deref());
                    sources.extend(from.filter_map(|name| self.file.stage_by_name(name)));
                }
                _ => {}
            }
        }
        let image = stage.from.expand(self.file.directives.escape, self.globals)?.image;
        // Walked backwards in the end: what FROM names is asked right after the stage itself.
        for source in sources.into_iter().rev().chain(self.file.base_stage(index, &image)) {
            self.visit(source, seen, order)?;
        }
        order.push(index);
        Ok(())
    }

    /// Follows one stage; those that it is on have been followed.
    pub(super) fn stage(&mut self, index: usize) -> Result<(), Error> {
        let stage = &self.file.stages[index];
        let from = stage.from.expand(self.file.directives.escape, self.globals)?;
        let parent = self.file.base_stage(index, &from.image);
        let mut scope = parent.and_then(|parent| self.scopes.get(&parent)).cloned().unwrap_or_default();
        scope.used.extend(from.used);
        if let Some(base) = self.facts.bases.get(&index) {
            scope.variables = Variables::from_pairs(base.env.iter().map(String::as_str));
        }
        scope.complete |=
            from.image == "scratch" && parent.is_none() || self.facts.bases.contains_key(&index);
        let mut own = Own { outline: Outline::default(), names: self.all_used(&scope.used) };
        for trigger in std::mem::take(&mut scope.triggers) {
            self.instruction(&trigger, &mut scope, &mut own)?;
        }
        for instruction in &stage.instructions {
            self.instruction(instruction, &mut scope, &mut own)?;
        }
        self.scopes.insert(index, scope);
        for name in &own.names {
            let known = own.outline.arguments.iter().any(|argument| argument.name == *name);
            if let Some((global, _)) = self.declared.get(name).filter(|_| !known) {
                own.outline.arguments.push(global.clone());
            }
        }
        self.found.insert(index, own.outline);
        Ok(())
    }

    /// Names of global arguments, and of those that their defaults use.
    fn all_used(&self, names: &BTreeSet<String>) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        let mut open: Vec<&String> = names.iter().collect();
        while let Some(name) = open.pop() {
            if all.insert(name.clone())
                && let Some((_, uses)) = self.declared.get(name)
            {
                open.extend(uses);
            }
        }
        all
    }

    fn instruction(&self, instruction: &Instruction, scope: &mut Scope, own: &mut Own) -> Result<(), Error> {
        let escape = self.file.directives.escape;
        if let Command::Arg(arg) = &instruction.command {
            let resolved = arg.resolve(escape, &scope.variables, &self.facts.build_args, self.globals)?;
            for (argument, resolved) in arg.arguments.iter().zip(resolved) {
                let known = scope.complete || resolved.undefined.is_subset(&scope.declared);
                scope.declared.insert(resolved.name.clone());
                if let Some(value) = &resolved.value {
                    scope.variables.set(&resolved.name, value);
                }
                own.names.extend(self.all_used(&[resolved.name.clone()].into()));
                if argument.default.is_some() || self.is_own(&resolved) {
                    let mut parameter = parameter(arg, argument, resolved, known);
                    if argument.default.is_none() && parameter.description.is_none() {
                        // A mention of a global argument; what is said of that one holds here too.
                        let global = self.declared.get(&parameter.name);
                        parameter.description = global.and_then(|(global, _)| global.description.clone());
                    }
                    own.declare(parameter);
                }
            }
            return Ok(());
        }
        let expanded = instruction.expand(escape, &scope.variables)?;
        match expanded.command {
            Command::Env(pairs) => {
                for pair in &pairs {
                    scope.variables.set(&pair.name, &pair.value);
                }
            }
            Command::Onbuild(trigger) => scope.triggers.push(trigger.instruction(instruction.location)?),
            Command::Run(_) => own.mounts(&expanded.mounts, instruction.location),
            _ => {}
        }
        Ok(())
    }

    /// Whether an ARG without a default is more than another mention of a global one: its value is given, or
    /// nothing global has its name.
    fn is_own(&self, resolved: &ResolvedArgument) -> bool {
        self.facts.build_args.get(&resolved.name).is_some() || self.globals.get(&resolved.name).is_none()
    }
}

/// What one stage can be given.
struct Own {
    outline: Outline,
    /// Arguments that count, also those that are declared elsewhere.
    names: BTreeSet<String>,
}

impl Own {
    /// Of several ARG with one name the last counts.
    fn declare(&mut self, parameter: Parameter) {
        self.outline.arguments.retain(|known| known.name != parameter.name);
        self.outline.arguments.push(parameter);
    }

    fn mounts(&mut self, mounts: &[Mount], location: Location) {
        for mount in mounts {
            let (name, needs) = match mount.kind {
                MountKind::Secret => (secret_id(mount), &mut self.outline.secrets),
                MountKind::Ssh => {
                    (mount.id.clone().unwrap_or_else(|| "default".into()), &mut self.outline.ssh)
                }
                _ => continue,
            };
            if !needs.iter().any(|known| known.name == name) {
                needs.push(Need { name, required: mount.required, location });
            }
        }
    }
}

fn secret_id(mount: &Mount) -> String {
    let named = mount.source.clone().or_else(|| mount.id.clone());
    named.unwrap_or_else(|| path::base(mount.target.as_deref().unwrap_or_default()).to_owned())
}

/// Where the default uses what only the base image can set, it is shown as it is written.
fn parameter(arg: &Arg, argument: &Argument, resolved: ResolvedArgument, known: bool) -> Parameter {
    let value = if known { resolved.value } else { argument.default.clone() };
    let (name, description) = (resolved.name, argument.description.clone());
    Parameter { name, value, description, location: arg.location }
}

/// Global arguments: a later one of the same name replaces an earlier one, and uses what that used.
fn declared(file: &Dockerfile, facts: &Facts<'_>) -> BTreeMap<String, (Parameter, BTreeSet<String>)> {
    let mut all: BTreeMap<String, (Parameter, BTreeSet<String>)> = BTreeMap::new();
    let mut variables = facts.platform.clone();
    let lexer = Lexer::new(file.directives.escape);
    for arg in &file.global_args {
        for argument in &arg.arguments {
            let given = facts.build_args.get(&argument.name).map(str::to_owned);
            let default = argument.default.as_ref().filter(|_| given.is_none());
            let word = default.and_then(|default| lexer.process_word(default, &variables).ok());
            let (text, mut uses) = word.map_or((None, BTreeSet::new()), |word| (Some(word.text), word.used));
            if uses.remove(&argument.name)
                && let Some((_, earlier)) = all.get(&argument.name)
            {
                uses.extend(earlier.iter().cloned());
            }
            let value = given.or(text);
            if let Some(value) = &value {
                variables.set(&argument.name, value);
            }
            let (name, description) = (argument.name.clone(), argument.description.clone());
            let parameter = Parameter { name: name.clone(), value, description, location: arg.location };
            all.insert(name, (parameter, uses));
        }
    }
    all
}
