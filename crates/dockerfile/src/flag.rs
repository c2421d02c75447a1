//! Flags of instructions: which are known, and what they were given.

use serde::Serialize;

use crate::error::{At as _, Error};
use crate::location::Location;
use crate::node::{FlagWord, Node};
use crate::problem::Problem;
use crate::suggest::nearest;

/// A flag that was given: its value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Flag<T> {
    /// What it was given.
    pub value: T,
    /// The lines of the flag itself, which may be fewer than those of the instruction.
    pub location: Location,
}

impl<T> Flag<T> {
    /// The same flag with another value.
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Flag<U> {
        Flag { value: change(self.value), location: self.location }
    }
}

/// How often a flag may appear and what it takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Takes {
    /// `true`, `false` or nothing, which means `true`; once.
    Switch,
    /// A value; once.
    Value,
    /// A value; any number of times.
    Values,
}

/// The flags of one instruction, checked against those that it knows.
pub(crate) struct Flags(Vec<(&'static str, Flag<String>)>);

impl Flags {
    /// Checks the flags of `node`.
    pub(crate) fn of(
        node: &Node,
        keyword: &'static str,
        known: &[(&'static str, Takes)],
    ) -> Result<Self, Error> {
        let mut flags = Self(Vec::new());
        for word in &node.flags {
            flags.add(word, keyword, known).at(word.location)?;
        }
        Ok(flags)
    }

    /// For instructions without flags: any is a mistake.
    pub(crate) fn none(node: &Node, keyword: &'static str) -> Result<(), Error> {
        Self::of(node, keyword, &[]).map(|_| ())
    }

    fn add(
        &mut self,
        word: &FlagWord,
        keyword: &'static str,
        known: &[(&'static str, Takes)],
    ) -> Result<(), Problem> {
        let text = word.text.strip_prefix("--").unwrap_or(&word.text);
        let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
        let flag = || name.to_owned();
        let Some(&(name, takes)) = known.iter().find(|(known, _)| *known == name) else {
            let suggestion = nearest(name, known.iter().map(|(known, _)| *known)).map(str::to_owned);
            let known = known.iter().map(|(known, _)| *known).collect();
            return Err(Problem::UnknownFlag { keyword, flag: flag(), suggestion, known });
        };
        if takes != Takes::Values && self.0.iter().any(|(seen, _)| *seen == name) {
            return Err(Problem::DuplicateFlag { flag: flag() });
        }
        let value = match (takes, value) {
            (Takes::Switch, value) => switch(name, value)?.to_owned(),
            (_, Some(value)) => value.to_owned(),
            (_, None) => return Err(Problem::FlagWithoutValue { flag: flag() }),
        };
        self.0.push((name, Flag { value, location: word.location }));
        Ok(())
    }

    /// Takes a flag that may be given once.
    pub(crate) fn value(&mut self, name: &str) -> Option<Flag<String>> {
        let index = self.0.iter().position(|(known, _)| *known == name)?;
        Some(self.0.remove(index).1)
    }

    /// Takes a switch.
    pub(crate) fn switch(&mut self, name: &str) -> Option<Flag<bool>> {
        self.value(name).map(|flag| flag.map(|value| value == "true"))
    }

    /// Takes every occurrence of a flag, in order.
    pub(crate) fn values(&mut self, name: &str) -> Vec<Flag<String>> {
        let (taken, kept) = std::mem::take(&mut self.0).into_iter().partition(|(known, _)| *known == name);
        self.0 = kept;
        let taken: Vec<(&str, Flag<String>)> = taken;
        taken.into_iter().map(|(_, flag)| flag).collect()
    }
}

fn switch(flag: &str, value: Option<&str>) -> Result<&'static str, Problem> {
    match value.map(str::to_lowercase).as_deref() {
        None | Some("true") => Ok("true"),
        Some("false") => Ok("false"),
        Some("") => Err(Problem::FlagWithoutValue { flag: flag.to_owned() }),
        Some(_) => {
            let value = value.unwrap_or_default().to_owned();
            Err(Problem::FlagNotBoolean { flag: flag.to_owned(), value })
        }
    }
}
