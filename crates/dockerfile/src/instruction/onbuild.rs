//! ONBUILD: instructions for later builds.

use std::fmt::Write as _;

use serde::Serialize;

use super::{Instruction, Item};
use crate::error::{At as _, Error};
use crate::flag::Flags;
use crate::location::Location;
use crate::node::Node;
use crate::parser::Ast;
use crate::problem::Problem;
use crate::split::behind_keyword;

/// `ONBUILD`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Onbuild {
    /// The trigger as the image's configuration stores it: its line, then the bodies of here documents,
    /// each followed by its terminator. [`parse_trigger`] reads it.
    pub text: String,
    /// The trigger as words. It is not checked further before it is used, so that an image may carry
    /// triggers for later frontends.
    pub node: Box<Node>,
}

impl Onbuild {
    pub(super) fn parse(node: &Node) -> Result<Self, Error> {
        let Some(trigger) = &node.trigger else {
            return Err(Problem::MissingArgument { keyword: "ONBUILD" }).at(node.location);
        };
        Flags::none(node, "ONBUILD")?;
        let keyword = trigger.keyword.to_uppercase();
        match keyword.as_str() {
            "ONBUILD" => return Err(Problem::OnbuildChained).at(node.location),
            "MAINTAINER" | "FROM" => return Err(Problem::OnbuildForbidden { keyword }).at(node.location),
            _ => {}
        }
        let mut text = behind_keyword(&node.original).to_owned();
        for heredoc in &node.heredocs {
            let _ = write!(text, "\n{}{}", heredoc.content, heredoc.name);
        }
        let mut trigger = trigger.clone();
        trigger.heredocs.clone_from(&node.heredocs);
        trigger.location = node.location;
        Ok(Self { text, node: trigger })
    }

    /// The trigger as an instruction, as a build that starts from this stage gets it.
    pub fn instruction(&self, at: Location) -> Result<Instruction, Error> {
        parse_trigger(&self.text, at)
    }
}

/// Reads a trigger of a base image. Everything in it, mistakes included, is located at `at`, the FROM that
/// brought it in. Triggers are read with the escape character `\`, whatever the file says that uses them.
pub fn parse_trigger(text: &str, at: Location) -> Result<Instruction, Error> {
    let relocate = |error: Error| Error { location: at, ..error };
    let mut ast = Ast::parse(text.as_bytes()).map_err(relocate)?;
    let (Some(mut node), true) = (ast.nodes.pop(), ast.nodes.is_empty()) else {
        return Err(Problem::TriggerNotSingle).at(at);
    };
    node.location = at;
    node.flags.iter_mut().for_each(|flag| flag.location = at);
    match Item::parse(&node).map_err(relocate)? {
        Item::Instruction(instruction) => Ok(instruction),
        Item::Stage(_) => Err(Problem::OnbuildForbidden { keyword: "FROM".to_owned() }).at(at),
    }
}
