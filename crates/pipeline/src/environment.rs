//! The environment behind a trait, so that tests give their own and the real one is read in one place.

use std::collections::BTreeMap;
use std::path::Path;

use crate::Error;

/// Where variables are looked up.
pub trait Environment {
    /// The value of `name`, `None` when it is not set. A value that is not UTF-8 counts as not set.
    fn get(&self, name: &str) -> Option<String>;

    /// The names of all variables, for those that are known by their beginning alone.
    fn names(&self) -> Vec<String>;

    /// The value of `name` unless it is empty, as GitLab passes unset inputs.
    fn non_empty(&self, name: &str) -> Option<String> {
        self.get(name).filter(|value| !value.is_empty())
    }
}

/// The process's own environment.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    fn get(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn names(&self) -> Vec<String> {
        std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect()
    }
}

impl Environment for BTreeMap<String, String> {
    fn get(&self, name: &str) -> Option<String> {
        Self::get(self, name).cloned()
    }

    fn names(&self) -> Vec<String> {
        self.keys().cloned().collect()
    }
}

/// The process's environment with the variables of a `.env` file below it, for local runs: what a GitLab job
/// gets from the server, a laptop reads from a file. The process's own variables win.
pub fn layered(file: Option<&Path>) -> Result<Box<dyn Environment>, Error> {
    let Some(path) = file else { return Ok(Box::new(ProcessEnvironment)) };
    let unreadable = |source| Error::EnvironmentFile { path: path.to_owned(), source };
    let below = dotenvy::from_path_iter(path)
        .map_err(unreadable)?
        .collect::<Result<BTreeMap<String, String>, _>>()
        .map_err(unreadable)?;
    Ok(Box::new(Layered { below }))
}

struct Layered {
    below: BTreeMap<String, String>,
}

impl Environment for Layered {
    fn get(&self, name: &str) -> Option<String> {
        ProcessEnvironment.get(name).or_else(|| self.below.get(name).cloned())
    }

    fn names(&self) -> Vec<String> {
        let mut names = ProcessEnvironment.names();
        names.extend(self.below.keys().filter(|name| ProcessEnvironment.get(name).is_none()).cloned());
        names
    }
}
