//! What variables are looked up in.

use serde::Serialize;

/// A look-up of variables by name; names are case-sensitive.
pub trait Environment {
    /// The value, if the variable is set (maybe to nothing).
    fn get(&self, name: &str) -> Option<&str>;
}

/// The environment in which nothing is set.
#[derive(Clone, Copy, Debug, Default)]
pub struct Empty;

impl Environment for Empty {
    fn get(&self, _: &str) -> Option<&str> {
        None
    }
}

/// Variables in the order in which they were first set, the order that `Env` has in an image's
/// configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Variables(Vec<(String, String)>);

impl Variables {
    /// No variables.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads `NAME=value` strings; without `=` the value is empty, and a later one of the same name wins.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = &'a str>) -> Self {
        let mut all = Self::new();
        for pair in pairs {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            all.set(name, value);
        }
        all
    }

    /// Replaces the value where the variable stands, or appends it.
    pub fn set(&mut self, name: &str, value: &str) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => value.clone_into(old),
            None => self.0.push((name.to_owned(), value.to_owned())),
        }
    }

    /// Forgets a variable.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| known != name);
    }

    /// Names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The `NAME=value` strings in order.
    pub fn to_pairs(&self) -> Vec<String> {
        self.iter().map(|(name, value)| format!("{name}={value}")).collect()
    }
}

impl Environment for Variables {
    fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }
}

impl<N: AsRef<str>, V: AsRef<str>> FromIterator<(N, V)> for Variables {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut all = Self::new();
        for (name, value) in pairs {
            all.set(name.as_ref(), value.as_ref());
        }
        all
    }
}
