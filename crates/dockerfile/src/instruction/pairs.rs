//! Names and values: ENV, LABEL, ARG.

use serde::Serialize;

use super::metadata::some;
use crate::error::{At as _, Error};
use crate::flag::Flags;
use crate::node::Node;
use crate::problem::Problem;

/// A name and its value, of ENV and LABEL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pair {
    /// The name; it is expanded like the value.
    pub name: String,
    /// The value, quotes and escapes still in it until it is expanded.
    pub value: String,
    /// Written `NAME value`, without `=` (lint rule `LegacyKeyValueFormat`).
    pub legacy: bool,
}

/// `ARG`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Arg {
    /// The variables in order.
    pub arguments: Vec<Argument>,
    /// The lines of the instruction, for those that have no [`Instruction`](crate::Instruction) around
    /// them.
    pub location: crate::Location,
    /// The comments right above it, for the same reason.
    pub comments: Vec<String>,
}

/// A variable of ARG.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Argument {
    /// The name.
    pub name: String,
    /// The default, to be expanded when it is needed.
    pub default: Option<String>,
    /// What the comment above says about it: the text behind its name.
    pub description: Option<String>,
}

pub(super) fn parse(node: &Node, keyword: &'static str) -> Result<Vec<Pair>, Error> {
    Flags::none(node, keyword)?;
    some(node, keyword)?;
    let pairs = node.arguments.chunks_exact(3).map(|triple| Pair {
        name: triple[0].clone(),
        value: triple[1].clone(),
        legacy: triple[2].is_empty(),
    });
    let pairs: Vec<Pair> = pairs.collect();
    if pairs.iter().any(|pair| pair.name.is_empty()) {
        return Err(Problem::BlankName { keyword }).at(node.location);
    }
    Ok(pairs)
}

impl Arg {
    /// Flags are dropped without a word, as BuildKit does.
    pub(super) fn parse(node: &Node) -> Result<Self, Error> {
        some(node, "ARG")?;
        let arguments: Vec<Argument> =
            node.arguments.iter().map(|word| Argument::parse(word, &node.comments)).collect();
        if arguments.iter().any(|argument| argument.name.is_empty()) {
            return Err(Problem::BlankName { keyword: "ARG" }).at(node.location);
        }
        Ok(Self { arguments, location: node.location, comments: node.comments.clone() })
    }
}

impl Argument {
    fn parse(word: &str, comments: &[String]) -> Self {
        let (name, default) =
            word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value.to_owned())));
        Self { name: name.to_owned(), default, description: description(comments, name) }
    }
}

/// The first comment that begins with `name` and a blank, without both.
pub(crate) fn description(comments: &[String], name: &str) -> Option<String> {
    let behind = |comment: &String| Some(comment.strip_prefix(name)?.strip_prefix(' ')?.to_owned());
    comments.iter().filter(|_| !name.is_empty()).find_map(behind)
}
