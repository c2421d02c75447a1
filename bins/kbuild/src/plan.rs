//! Which stages are needed, in which order, and whether we can do what they ask.
//!
//! A stage that nothing needs is not looked at: its base image is not resolved and its instructions may be
//! ones that we refuse.

use ktrust_dockerfile::{Command, Dockerfile, ExpandedFrom, Flag, Location, Variables};

use crate::error::Error;
use crate::settings::familiar;
use crate::source::Source;
use crate::support;

/// Stages in the order in which they are built; the last one is the result.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) order: Vec<usize>,
}

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
    fn file(&self) -> &Dockerfile {
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

    /// What `from` of `RUN --mount` means. A number is a name here, as in BuildKit.
    pub(crate) fn mount_from(&self, name: &str) -> Meaning {
        match (self.context(name), self.file().stage_by_name(name)) {
            (Some(name), _) => Meaning::Named(name),
            (None, Some(stage)) => Meaning::Stage(stage),
            (None, None) if name == "scratch" => Meaning::Scratch,
            (None, None) => Meaning::Image(name.to_owned()),
        }
    }

    /// The named context that replaces `name`; `busybox` replaces `docker.io/library/busybox:latest` too.
    pub(crate) fn context(&self, name: &str) -> Option<String> {
        let wanted = familiar(name).or_else(|| familiar(&name.to_lowercase()))?;
        self.contexts.iter().find(|context| **context == wanted).cloned()
    }
}

impl Plan {
    /// The stages that `target` needs.
    pub(crate) fn new(names: &Names<'_>, target: usize) -> Result<Self, Error> {
        let mut walk = Walk { names, order: Vec::new(), open: Vec::new() };
        walk.visit(target)?;
        Ok(Self { order: walk.order })
    }
}

struct Walk<'a> {
    names: &'a Names<'a>,
    order: Vec<usize>,
    /// Stages whose needs are being looked at; meeting one again is a circle.
    open: Vec<usize>,
}

impl Walk<'_> {
    fn visit(&mut self, index: usize) -> Result<(), Error> {
        if self.order.contains(&index) {
            return Ok(());
        }
        if self.names.replaced(index).is_some() {
            self.order.push(index);
            return Ok(());
        }
        self.open.push(index);
        let image = self.names.from(index)?.image;
        if let Meaning::Stage(parent) = self.names.base(index, &image) {
            self.visit(parent)?;
            self.triggers(index, parent)?;
        }
        let names = self.names;
        for instruction in &names.file().stages[index].instructions {
            let located = |error| names.source.at(instruction.location, &instruction.text, error);
            support::check(&instruction.command).map_err(located)?;
            self.needs(&instruction.command, instruction.location)?;
        }
        self.open.pop();
        self.order.push(index);
        Ok(())
    }

    /// The parent's ONBUILD instructions run in the child.
    fn triggers(&mut self, index: usize, parent: usize) -> Result<(), Error> {
        let names = self.names;
        let at = names.file().stages[index].from.location;
        for instruction in &names.file().stages[parent].instructions {
            if let Command::Onbuild(onbuild) = &instruction.command {
                let trigger = onbuild.instruction(at).map_err(|error| names.source.broken(error))?;
                support::check(&trigger.command)
                    .map_err(|error| names.source.at(at, &trigger.text, error))?;
                self.needs(&trigger.command, at)?;
            }
        }
        Ok(())
    }

    fn needs(&mut self, command: &Command, at: Location) -> Result<(), Error> {
        let Command::Copy(copy) = command else { return Ok(()) };
        let Some(from) = &copy.from else { return Ok(()) };
        let Meaning::Stage(stage) = self.names.copy_from(from)? else { return Ok(()) };
        if self.open.contains(&stage) {
            let error =
                Error::instruction(format!("`--from={}` needs a stage that needs this one", from.value));
            return Err(self.names.source.at(at, &format!("COPY --from={}", from.value), error));
        }
        if stage > self.open.last().copied().unwrap_or_default() {
            let error = Error::instruction(format!("`--from={}` names a stage that comes later", from.value));
            return Err(self.names.source.at(at, &format!("COPY --from={}", from.value), error));
        }
        self.visit(stage)
    }
}
