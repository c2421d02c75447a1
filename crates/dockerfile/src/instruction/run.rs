//! RUN.

use serde::Serialize;

use super::mount::MountFlag;
use super::shell::CommandLine;
use crate::error::{At as _, Error};
use crate::flag::{Flag, Flags, Takes};
use crate::heredoc::Heredoc;
use crate::node::Node;
use crate::problem::Problem;

/// `RUN`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Run {
    /// The command without the bodies of here documents; see [`Run::script`].
    pub line: CommandLine,
    /// The here documents in order.
    pub heredocs: Vec<Heredoc>,
    /// `--mount`, each occurrence.
    pub mounts: Vec<Flag<MountFlag>>,
    /// `--network`.
    pub network: Option<Flag<Network>>,
    /// `--security`.
    pub security: Option<Flag<Security>>,
    /// `--device`, each occurrence. Only the labs channel of Docker's frontend knows it.
    pub devices: Vec<Flag<String>>,
}

/// `--network`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Network {
    /// The builder's choice.
    Default,
    /// No network but loopback.
    None,
    /// The host's.
    Host,
}

/// `--security`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Security {
    /// The builder's ordinary confinement.
    Sandbox,
    /// None.
    Insecure,
}

/// What RUN executes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Script {
    /// A program and its arguments.
    Exec(Vec<String>),
    /// One argument behind the words of SHELL.
    Shell(String),
    /// A file with its own interpreter: to be mounted read-only with mode 0755 as `/dev/pipes/NAME`, a path
    /// which is then the argument behind the words of SHELL.
    File {
        /// The file's name.
        name: String,
        /// Its content, which begins with `#!`.
        content: String,
    },
}

impl Run {
    pub(super) fn parse(node: &Node) -> Result<Self, Error> {
        use Takes::{Value, Values};
        let known = [("mount", Values), ("network", Value), ("security", Value), ("device", Values)];
        let mut flags = Flags::of(node, "RUN", &known)?;
        let mounts = flags.values("mount").into_iter().map(|flag| {
            let mount = MountFlag::parse(&flag.value).at(flag.location)?;
            Ok(flag.map(|_| mount))
        });
        Ok(Self {
            line: CommandLine::of(&node.arguments, node.json),
            heredocs: node.heredocs.clone(),
            mounts: mounts.collect::<Result<_, Error>>()?,
            network: flags.value("network").map(network).transpose()?,
            security: flags.value("security").map(security).transpose()?,
            devices: flags.values("device"),
        })
    }

    /// What is executed. The builder expands nothing in it.
    ///
    /// A command that is one here document and nothing else is given to the shell as its text, so that the
    /// shell needs to know nothing about here documents. In any other command they are put back below the
    /// line, for the shell to read.
    pub fn script(&self) -> Script {
        let line = match &self.line {
            CommandLine::Exec(words) => return Script::Exec(words.clone()),
            CommandLine::Shell(line) => line,
        };
        let Some(first) = self.heredocs.first() else { return Script::Shell(line.clone()) };
        if !matches!(Heredoc::parse(line), Ok(Some(_))) {
            return Script::Shell(first_line_and_bodies(line, &self.heredocs));
        }
        let content = first.body();
        if content.starts_with("#!") {
            Script::File { name: first.name.clone(), content }
        } else {
            Script::Shell(content)
        }
    }
}

/// The command as the file has it: bodies with their tabs, each followed by its terminator.
fn first_line_and_bodies(line: &str, heredocs: &[Heredoc]) -> String {
    let bodies = heredocs.iter().map(|heredoc| format!("\n{}{}", heredoc.content, heredoc.name));
    line.to_owned() + &bodies.collect::<String>()
}

fn network(flag: Flag<String>) -> Result<Flag<Network>, Error> {
    let network = match flag.value.as_str() {
        "default" => Network::Default,
        "none" => Network::None,
        "host" => Network::Host,
        _ => return Err(unknown("network", &flag, &["default", "none", "host"])),
    };
    Ok(flag.map(|_| network))
}

fn security(flag: Flag<String>) -> Result<Flag<Security>, Error> {
    let security = match flag.value.as_str() {
        "sandbox" => Security::Sandbox,
        "insecure" => Security::Insecure,
        _ => return Err(unknown("security", &flag, &["sandbox", "insecure"])),
    };
    Ok(flag.map(|_| security))
}

fn unknown(name: &'static str, flag: &Flag<String>, known: &'static [&'static str]) -> Error {
    Problem::FlagValue { flag: name, value: flag.value.clone(), known }.at(flag.location)
}
