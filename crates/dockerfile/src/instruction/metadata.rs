//! Instructions that only change the image's configuration.

use serde::Serialize;

use crate::error::{At as _, Error};
use crate::flag::Flags;
use crate::node::Node;
use crate::problem::Problem;

/// `EXPOSE`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Expose {
    /// The words, sorted as BuildKit sorts them before expansion; read them with [`Ports`](crate::Ports)
    /// after it. A variable may hold several.
    pub ports: Vec<String>,
}

/// `VOLUME`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Volume {
    /// The paths, blanks around them removed, otherwise literal: `VOLUME /v ["/b"]` makes one called
    /// `["/b"]`.
    pub paths: Vec<String>,
}

impl Expose {
    pub(super) fn parse(node: &Node) -> Result<Self, Error> {
        some(node, "EXPOSE")?;
        Flags::none(node, "EXPOSE")?;
        let mut ports = node.arguments.clone();
        ports.sort();
        Ok(Self { ports })
    }
}

impl Volume {
    pub(super) fn parse(node: &Node) -> Result<Self, Error> {
        some(node, "VOLUME")?;
        Flags::none(node, "VOLUME")?;
        let paths: Vec<String> = node.arguments.iter().map(|path| path.trim().to_owned()).collect();
        if paths.iter().any(String::is_empty) {
            return Err(Problem::EmptyVolume).at(node.location);
        }
        Ok(Self { paths })
    }
}

/// At least one argument.
pub(super) fn some(node: &Node, keyword: &'static str) -> Result<(), Error> {
    if node.arguments.is_empty() {
        return Err(Problem::MissingArgument { keyword }).at(node.location);
    }
    Ok(())
}

/// Exactly one argument; flags are not looked at.
pub(super) fn one(node: &Node, keyword: &'static str) -> Result<String, Error> {
    match node.arguments.as_slice() {
        [argument] => Ok(argument.clone()),
        _ => Err(Problem::OneArgument { keyword }).at(node.location),
    }
}

/// Exactly one argument and no flags.
pub(super) fn single(node: &Node, keyword: &'static str) -> Result<String, Error> {
    let argument = one(node, keyword)?;
    Flags::none(node, keyword)?;
    Ok(argument)
}
