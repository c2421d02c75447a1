//! Typed instructions.

mod copy;
mod expansion;
mod healthcheck;
mod metadata;
mod mount;
mod onbuild;
mod pairs;
mod run;
mod shell;

#[cfg(test)]
mod tests;

use serde::Serialize;

pub use copy::{Add, Copy, InlineFile, Sources};
pub use expansion::Expanded;
pub use healthcheck::Healthcheck;
pub use metadata::{Expose, Volume};
pub use mount::{Mount, MountError, MountFlag, MountKind, Sharing};
pub use onbuild::{Onbuild, parse_trigger};
pub(crate) use pairs::description;
pub use pairs::{Arg, Argument, Pair};
pub use run::{Network, Run, Script, Security};
pub use shell::CommandLine;

use crate::error::{At as _, Error};
use crate::location::Location;
use crate::node::Node;
use crate::problem::Problem;
use crate::stage::From;
use crate::suggest::nearest;

/// An instruction of a stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Instruction {
    /// The keyword as it is written.
    pub keyword: String,
    /// The whole instruction as it is written, continued lines joined, without here documents' bodies.
    pub text: String,
    /// Its lines, those of here documents included.
    pub location: Location,
    /// The comments right above it, without their `#`.
    pub comments: Vec<String>,
    /// What it says.
    pub command: Command,
}

/// What an instruction says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Command {
    /// `ADD`: files from the context, archives, URLs, git repositories.
    Add(Add),
    /// `ARG`: variables of the build.
    Arg(Arg),
    /// `CMD`: the default command.
    Cmd(CommandLine),
    /// `COPY`: files from the context or another stage.
    Copy(Copy),
    /// `ENTRYPOINT`: the program of the image; an empty exec form resets it.
    Entrypoint(CommandLine),
    /// `ENV`: variables of build and image.
    Env(Vec<Pair>),
    /// `EXPOSE`: ports.
    Expose(Expose),
    /// `HEALTHCHECK`.
    Healthcheck(Healthcheck),
    /// `LABEL`.
    Label(Vec<Pair>),
    /// `MAINTAINER`, deprecated.
    Maintainer(String),
    /// `ONBUILD`: an instruction for builds that start from this image.
    Onbuild(Onbuild),
    /// `RUN`: a command of the build.
    Run(Run),
    /// `SHELL`: what shell forms are run with; never empty.
    Shell(Vec<String>),
    /// `STOPSIGNAL`, not yet checked.
    Stopsignal(String),
    /// `USER`.
    User(String),
    /// `VOLUME`: paths, literally.
    Volume(Volume),
    /// `WORKDIR`: a path, maybe relative.
    Workdir(String),
}

/// Every keyword, in capitals.
pub const KEYWORDS: [&str; 18] = [
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];

/// Either the beginning of a stage or an instruction of one.
pub(crate) enum Item {
    Stage(From),
    Instruction(Instruction),
}

impl Item {
    /// Gives a node its meaning.
    pub(crate) fn parse(node: &Node) -> Result<Self, Error> {
        if node.keyword.eq_ignore_ascii_case("from") {
            return From::parse(node).map(Self::Stage);
        }
        let command = Command::parse(node)?;
        Ok(Self::Instruction(Instruction {
            keyword: node.keyword.clone(),
            text: node.original.trim().to_owned(),
            location: node.location,
            comments: node.comments.clone(),
            command,
        }))
    }
}

impl Command {
    /// The keyword in capitals.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Add(_) => "ADD",
            Self::Arg(_) => "ARG",
            Self::Cmd(_) => "CMD",
            Self::Copy(_) => "COPY",
            Self::Entrypoint(_) => "ENTRYPOINT",
            Self::Env(_) => "ENV",
            Self::Expose(_) => "EXPOSE",
            Self::Healthcheck(_) => "HEALTHCHECK",
            Self::Label(_) => "LABEL",
            Self::Maintainer(_) => "MAINTAINER",
            Self::Onbuild(_) => "ONBUILD",
            Self::Run(_) => "RUN",
            Self::Shell(_) => "SHELL",
            Self::Stopsignal(_) => "STOPSIGNAL",
            Self::User(_) => "USER",
            Self::Volume(_) => "VOLUME",
            Self::Workdir(_) => "WORKDIR",
        }
    }

    fn parse(node: &Node) -> Result<Self, Error> {
        Ok(match node.keyword.to_lowercase().as_str() {
            "add" => Self::Add(Add::parse(node)?),
            "arg" => Self::Arg(Arg::parse(node)?),
            "cmd" => Self::Cmd(CommandLine::parse(node, "CMD")?),
            "copy" => Self::Copy(Copy::parse(node)?),
            "entrypoint" => Self::Entrypoint(CommandLine::parse(node, "ENTRYPOINT")?),
            "env" => Self::Env(pairs::parse(node, "ENV")?),
            "expose" => Self::Expose(Expose::parse(node)?),
            "healthcheck" => Self::Healthcheck(Healthcheck::parse(node)?),
            "label" => Self::Label(pairs::parse(node, "LABEL")?),
            "maintainer" => Self::Maintainer(metadata::single(node, "MAINTAINER")?),
            "onbuild" => Self::Onbuild(Onbuild::parse(node)?),
            "run" => Self::Run(Run::parse(node)?),
            "shell" => Self::Shell(shell::parse(node)?),
            // Flags of STOPSIGNAL are dropped without a word, as those of ARG and HEALTHCHECK NONE.
            "stopsignal" => Self::Stopsignal(metadata::one(node, "STOPSIGNAL")?),
            "user" => Self::User(metadata::single(node, "USER")?),
            "volume" => Self::Volume(Volume::parse(node)?),
            "workdir" => Self::Workdir(metadata::single(node, "WORKDIR")?),
            _ => return Err(unknown(&node.keyword)).at(node.location),
        })
    }
}

fn unknown(keyword: &str) -> Problem {
    let nearest = nearest(&keyword.to_uppercase(), KEYWORDS);
    let lower = keyword == keyword.to_lowercase();
    let suggestion = nearest.map(|known| if lower { known.to_lowercase() } else { known.to_owned() });
    Problem::UnknownInstruction { keyword: keyword.to_owned(), suggestion }
}
