//! Shell form and exec form; SHELL.

use serde::Serialize;

use crate::error::{At as _, Error};
use crate::flag::Flags;
use crate::node::Node;
use crate::problem::Problem;

/// A command in one of its two forms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum CommandLine {
    /// Text for the shell; may be empty, which runs the shell with an empty script.
    Shell(String),
    /// A program and its arguments, no shell; may be empty.
    Exec(Vec<String>),
}

impl CommandLine {
    pub(super) fn parse(node: &Node, keyword: &'static str) -> Result<Self, Error> {
        Flags::none(node, keyword)?;
        Ok(Self::of(&node.arguments, node.json))
    }

    pub(super) fn of(arguments: &[String], json: bool) -> Self {
        if json { Self::Exec(arguments.to_vec()) } else { Self::Shell(arguments.join(" ")) }
    }

    /// The words to execute: the exec form as it is, the shell form behind `shell`.
    pub fn words(&self, shell: &[String]) -> Vec<String> {
        match self {
            Self::Exec(words) => words.clone(),
            Self::Shell(text) => shell.iter().cloned().chain([text.clone()]).collect(),
        }
    }
}

pub(super) fn parse(node: &Node) -> Result<Vec<String>, Error> {
    Flags::none(node, "SHELL")?;
    if node.arguments.is_empty() {
        return Err(Problem::MissingArgument { keyword: "SHELL" }).at(node.location);
    }
    if !node.json {
        return Err(Problem::JsonRequired { keyword: "SHELL" }).at(node.location);
    }
    Ok(node.arguments.clone())
}
