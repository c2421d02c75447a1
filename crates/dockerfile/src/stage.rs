//! Stages, and the file as a whole.

use std::collections::BTreeSet;

use serde::Serialize;
use thiserror::Error as ThisError;

use crate::directive::Directives;
use crate::error::{At as _, Error};
use crate::expand::{Environment, Lexer};
use crate::flag::{Flag, Flags, Takes};
use crate::frontend;
use crate::instruction::{Arg, Command, Instruction, Item, description};
use crate::location::Location;
use crate::node::Node;
use crate::parser::Ast;
use crate::problem::Problem;
use crate::suggest::nearest;

/// A Dockerfile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dockerfile {
    /// The directives at its top.
    pub directives: Directives,
    /// ARG above the first FROM.
    pub global_args: Vec<Arg>,
    /// The stages in order; never empty.
    pub stages: Vec<Stage>,
    /// Instructions with blank lines between their continued lines (lint rule `NoEmptyContinuation`).
    pub empty_continuations: Vec<Location>,
}

/// A stage: FROM and what follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stage {
    /// The name in lower case, if it has one.
    pub name: Option<String>,
    /// Its FROM.
    pub from: From,
    /// The instructions below it.
    pub instructions: Vec<Instruction>,
    /// The lines from FROM to the end of the last instruction.
    pub location: Location,
}

/// `FROM`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct From {
    /// The image, a stage's name or `scratch`, not expanded.
    pub image: String,
    /// `--platform`, not expanded.
    pub platform: Option<Flag<String>>,
    /// The name behind `AS`, as it is written.
    pub name: Option<String>,
    /// `AS` as it is written.
    pub as_keyword: Option<String>,
    /// What the comment above says about the stage: the text behind its name.
    pub description: Option<String>,
    /// `FROM` as it is written.
    pub keyword: String,
    /// The whole line.
    pub text: String,
    /// Its lines.
    pub location: Location,
    /// The comments right above it.
    pub comments: Vec<String>,
}

/// `FROM` with its variables replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpandedFrom {
    /// The image, a stage's name or `scratch`.
    pub image: String,
    /// `--platform`.
    pub platform: Option<String>,
    /// Variables that were used.
    pub used: BTreeSet<String>,
    /// Variables that are not set (lint rule `UndefinedArgInFrom`).
    pub undefined: BTreeSet<String>,
}

/// A stage that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[error("target stage {name:?} could not be found{}", suggestion.as_ref().map(|known| format!(" (did you mean {known}?)")).unwrap_or_default())]
pub struct UnknownTarget {
    /// The name that was asked for.
    pub name: String,
    /// A stage with a similar name.
    pub suggestion: Option<String>,
}

impl Dockerfile {
    /// Reads a Dockerfile.
    pub fn parse(source: impl AsRef<[u8]>) -> Result<Self, Error> {
        match Self::parse_partly(source.as_ref()) {
            (file, None) => Ok(file),
            (_, Some(error)) => Err(error),
        }
    }

    /// Reads a Dockerfile up to the first mistake in it. The checks have something to say about what stands
    /// before.
    pub(crate) fn parse_partly(source: &[u8]) -> (Self, Option<Error>) {
        let mut file = Self {
            directives: Directives::default(),
            global_args: Vec::new(),
            stages: Vec::new(),
            empty_continuations: Vec::new(),
        };
        let error = file.read(source).err();
        (file, error)
    }

    fn read(&mut self, source: &[u8]) -> Result<(), Error> {
        let ast = Ast::parse(source)?;
        (self.directives, self.empty_continuations) = (ast.directives, ast.empty_continuations);
        if let Some(syntax) = &self.directives.syntax
            && !frontend::is_supported(&syntax.value)
        {
            return Err(Problem::UnknownFrontend { reference: syntax.value.clone() }).at(syntax.location);
        }
        for node in &ast.nodes {
            self.add(Item::parse(node)?)?;
        }
        if self.stages.is_empty() {
            let last = ast.nodes.last().map_or(Location::line(1), |node| node.location);
            return Err(Problem::NoStages).at(last);
        }
        Ok(())
    }

    fn add(&mut self, item: Item) -> Result<(), Error> {
        match (item, self.stages.last_mut()) {
            (Item::Stage(from), _) => self.stages.push(Stage::new(from)),
            (Item::Instruction(instruction), Some(stage)) => stage.add(instruction),
            (Item::Instruction(Instruction { command: Command::Arg(arg), .. }), None) => {
                self.global_args.push(arg);
            }
            (Item::Instruction(other), None) => {
                return Err(Problem::BeforeFrom { keyword: other.keyword }).at(other.location);
            }
        }
        Ok(())
    }

    /// The stage called `name`, in any case. Of several with one name the last counts.
    ///
    /// This is the look-up of `--target`, `COPY --from` and `--mount from`; it finds later stages too.
    pub fn stage_by_name(&self, name: &str) -> Option<usize> {
        let name = name.to_lowercase();
        self.stages.iter().rposition(|stage| stage.name.as_deref() == Some(&name))
    }

    /// The stage that the stage `index` builds on, if `image`, its expanded FROM, names one: an earlier one,
    /// by the lower-case spelling only. Otherwise it is an image.
    pub fn base_stage(&self, index: usize, image: &str) -> Option<usize> {
        self.stages[..index].iter().rposition(|stage| stage.name.as_deref() == Some(image))
    }

    /// The stage that `COPY --from` means: by number, else by name. `Ok(None)`: an image or a named context.
    pub fn copy_source(&self, from: &Flag<String>) -> Result<Option<usize>, Error> {
        let Ok(number) = from.value.parse::<i64>() else { return Ok(self.stage_by_name(&from.value)) };
        match usize::try_from(number) {
            Ok(index) if index < self.stages.len() => Ok(Some(index)),
            _ => Err(Problem::StageIndex { index: number }).at(from.location),
        }
    }

    /// The stage to build: that of the name, or the last one.
    pub fn target(&self, name: Option<&str>) -> Result<usize, UnknownTarget> {
        let Some(name) = name.filter(|name| !name.is_empty()) else { return Ok(self.stages.len() - 1) };
        self.stage_by_name(name).ok_or_else(|| {
            let known = self.stages.iter().filter_map(|stage| stage.name.as_deref());
            UnknownTarget { name: name.to_owned(), suggestion: nearest(name, known).map(str::to_owned) }
        })
    }
}

impl Stage {
    fn new(from: From) -> Self {
        let name = from.name.as_deref().map(str::to_lowercase);
        Self { name, location: from.location, from, instructions: Vec::new() }
    }

    fn add(&mut self, instruction: Instruction) {
        self.location.end = self.location.end.max(instruction.location.end);
        self.instructions.push(instruction);
    }
}

impl From {
    pub(crate) fn parse(node: &Node) -> Result<Self, Error> {
        let (image, named) = words(&node.arguments).at(node.location)?;
        let mut flags = Flags::of(node, "FROM", &[("platform", Takes::Value)])?;
        let name = named.map(|(_, name)| name.to_owned());
        let lower = name.as_deref().unwrap_or_default().to_lowercase();
        Ok(Self {
            image: image.to_owned(),
            platform: flags.value("platform").filter(|flag| !flag.value.is_empty()),
            description: description(&node.comments, &lower),
            name,
            as_keyword: named.map(|(keyword, _)| keyword.to_owned()),
            keyword: node.keyword.clone(),
            text: node.original.trim().to_owned(),
            location: node.location,
            comments: node.comments.clone(),
        })
    }

    /// Replaces the variables by the global ones; no others are visible here.
    pub fn expand(&self, escape: char, globals: &dyn Environment) -> Result<ExpandedFrom, Error> {
        let lexer = Lexer::new(escape);
        let mut image = lexer.process_word(&self.image, globals).at(self.location)?;
        if image.text.is_empty() {
            return Err(Problem::BlankBase { expression: self.image.clone() }).at(self.location);
        }
        let platform = self.platform.as_ref().map(|flag| {
            let word = lexer.process_word(&flag.value, globals).at(flag.location)?;
            if word.text.is_empty() {
                return Err(Problem::BlankPlatform { expression: flag.value.clone() }).at(flag.location);
            }
            Ok(word)
        });
        let platform = platform.transpose()?;
        if let Some(word) = &platform {
            image.used.extend(word.used.iter().cloned());
            image.undefined.extend(word.undefined.iter().cloned());
        }
        Ok(ExpandedFrom {
            image: image.text,
            platform: platform.map(|word| word.text),
            used: image.used,
            undefined: image.undefined,
        })
    }
}

/// The image, then `AS` and the name as they are written.
type Words<'a> = (&'a str, Option<(&'a str, &'a str)>);

fn words(arguments: &[String]) -> Result<Words<'_>, Problem> {
    match arguments {
        [image] => Ok((image, None)),
        [image, keyword, name] if keyword.eq_ignore_ascii_case("as") => {
            if !is_stage_name(&name.to_lowercase()) {
                return Err(Problem::StageName { name: name.clone() });
            }
            Ok((image, Some((keyword, name))))
        }
        _ => Err(Problem::FromArguments),
    }
}

fn is_stage_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.'))
}

#[cfg(test)]
mod tests;
