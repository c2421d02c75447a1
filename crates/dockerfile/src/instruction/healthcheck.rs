//! HEALTHCHECK.

use serde::Serialize;

use super::metadata::some;
use super::shell::CommandLine;
use crate::duration;
use crate::error::{At as _, Error};
use crate::flag::{Flag, Flags, Takes};
use crate::node::Node;
use crate::problem::Problem;

/// `HEALTHCHECK`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Healthcheck {
    /// `NONE`: no check, also none of the base image.
    None,
    /// `CMD`. It replaces the whole check of the base image: what is not given is 0, the engine's default.
    Check {
        /// The command; in shell form `CMD-SHELL`, which SHELL has no part in.
        command: CommandLine,
        /// `--interval` in nanoseconds.
        interval: Option<Flag<i64>>,
        /// `--timeout` in nanoseconds.
        timeout: Option<Flag<i64>>,
        /// `--start-period` in nanoseconds.
        start_period: Option<Flag<i64>>,
        /// `--start-interval` in nanoseconds.
        start_interval: Option<Flag<i64>>,
        /// `--retries`.
        retries: Option<Flag<u32>>,
    },
}

impl Healthcheck {
    pub(super) fn parse(node: &Node) -> Result<Self, Error> {
        some(node, "HEALTHCHECK")?;
        let command = &node.arguments[1..];
        match node.arguments[0].to_uppercase().as_str() {
            "NONE" if command.is_empty() => Ok(Self::None),
            "NONE" => Err(Problem::HealthcheckNone).at(node.location),
            "CMD" => Self::check(node, command),
            given => Err(Problem::HealthcheckType { given: given.to_owned() }).at(node.location),
        }
    }

    fn check(node: &Node, command: &[String]) -> Result<Self, Error> {
        use Takes::Value;
        let known = [
            ("interval", Value),
            ("timeout", Value),
            ("start-period", Value),
            ("start-interval", Value),
            ("retries", Value),
        ];
        let mut flags = Flags::of(node, "HEALTHCHECK", &known)?;
        if command.is_empty() {
            return Err(Problem::HealthcheckCommand).at(node.location);
        }
        let mut interval = |name| flags.value(name).map(|flag| nanoseconds(name, flag)).transpose();
        Ok(Self::Check {
            command: CommandLine::of(command, node.json),
            interval: interval("interval")?,
            timeout: interval("timeout")?,
            start_period: interval("start-period")?,
            start_interval: interval("start-interval")?,
            retries: flags.value("retries").map(retries).transpose()?,
        })
    }

    /// `Test` of the image's configuration.
    pub fn test(&self) -> Vec<String> {
        match self {
            Self::None => vec!["NONE".to_owned()],
            Self::Check { command: CommandLine::Shell(text), .. } => {
                vec!["CMD-SHELL".to_owned(), text.clone()]
            }
            Self::Check { command: CommandLine::Exec(words), .. } => {
                std::iter::once("CMD".to_owned()).chain(words.iter().cloned()).collect()
            }
        }
    }
}

/// 0 and nothing are the default; otherwise a millisecond or more.
fn nanoseconds(name: &'static str, flag: Flag<String>) -> Result<Flag<i64>, Error> {
    const SHORTEST: i64 = 1_000_000;
    if flag.value.is_empty() {
        return Ok(flag.map(|_| 0));
    }
    let parsed = duration::parse(&flag.value).map_err(|source| Problem::Interval { flag: name, source });
    let value = parsed.at(flag.location)?;
    if value != 0 && value < SHORTEST {
        return Err(Problem::ShortInterval { flag: name }).at(flag.location);
    }
    Ok(flag.map(|_| value))
}

fn retries(flag: Flag<String>) -> Result<Flag<u32>, Error> {
    let number = if flag.value.is_empty() { Ok(0) } else { flag.value.parse::<i32>() };
    match number.ok().and_then(|number| u32::try_from(number).ok()) {
        Some(number) => Ok(flag.map(|_| number)),
        None => Err(Problem::Retries { value: flag.value }).at(flag.location),
    }
}
