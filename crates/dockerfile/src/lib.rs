//! The Dockerfile language as BuildKit's frontend 1.26 understands it.
//!
//! Text goes in, typed instructions come out; nothing here reads a file or the environment. The steps are
//! BuildKit's, because its quirks live in them: lines are joined ([`ast`]), split by the rules of their
//! keyword, given types ([`Dockerfile`]), and expanded when their turn comes ([`Instruction::expand`]). Where
//! Docker's documentation and BuildKit's code disagree, the code is followed: it is what users have.
//!
//! A builder goes this way:
//!
//! ```
//! use ktrust_dockerfile::{Command, Dockerfile, Variables};
//!
//! let source = "ARG TAG=1\nFROM alpine:$TAG AS base\nENV A=x\nRUN echo $A\n";
//! let file = Dockerfile::parse(source).map_err(|error| error.excerpt(source, "Dockerfile")).unwrap();
//! let globals = file.global_variables(Variables::new(), &Variables::new()).unwrap();
//! let stage = &file.stages[file.target(Some("BASE")).unwrap()];
//! let from = stage.from.expand(file.directives.escape, &globals).unwrap();
//! assert_eq!(from.image, "alpine:1");
//! let env = stage.instructions[0].expand(file.directives.escape, &Variables::new()).unwrap();
//! assert!(matches!(env.command, Command::Env(pairs) if pairs[0].value == "x"));
//! ```
#![forbid(unsafe_code)]

mod argument;
pub mod ast;
mod boolean;
pub mod csv;
mod directive;
pub mod dockerignore;
pub mod duration;
mod error;
mod excerpt;
pub mod expand;
mod flag;
pub mod frontend;
pub mod glob;
mod heredoc;
mod instruction;
mod json;
mod line;
pub mod lint;
mod location;
mod mode;
mod node;
mod outline;
mod owner;
mod parser;
pub mod path;
mod port;
mod problem;
mod signal;
mod size;
mod split;
mod stage;
mod suggest;
mod word;

pub use argument::ResolvedArgument;
pub use boolean::parse_bool;
pub use directive::{Directive, Directives};
pub use error::{Error, Kind};
pub use excerpt::excerpt;
pub use expand::{Environment, ExpandError, Variables};
pub use flag::Flag;
pub use heredoc::Heredoc;
pub use instruction::{
    Add, Arg, Argument, Command, CommandLine, Copy, Expanded, Expose, Healthcheck, InlineFile, Instruction,
    KEYWORDS, Mount, MountError, MountFlag, MountKind, Network, Onbuild, Pair, Run, Script, Security,
    Sharing, Sources, Volume, parse_trigger,
};
pub use location::Location;
pub use mode::{Mode, ModeError};
pub use node::{FlagWord, Node};
pub use outline::{Need, Outline, Parameter};
pub use owner::{Owner, Principal};
pub use port::{PortError, Ports};
pub use problem::Problem;
pub use signal::parse_signal;
pub use size::parse_size;
pub use stage::{Dockerfile, ExpandedFrom, From, Stage, UnknownTarget};
