//! How RUN runs.

use clap::ValueEnum as _;
use ktrust_pipeline::{Environment, variables as var};

use crate::cli::{Isolation, RunArguments};
use crate::error::Error;

/// The surroundings of every RUN.
#[derive(Debug)]
pub(crate) struct RunSettings {
    /// Where RUN runs.
    pub(crate) isolation: Isolation,
}

impl RunSettings {
    pub(super) fn resolve(arguments: &RunArguments, environment: &dyn Environment) -> Result<Self, Error> {
        Ok(Self { isolation: isolation(arguments, environment)? })
    }
}

fn isolation(arguments: &RunArguments, environment: &dyn Environment) -> Result<Isolation, Error> {
    let variable = environment.non_empty(var::KBUILD_ISOLATION);
    match (arguments.isolation, variable) {
        (Some(given), _) => Ok(given),
        (None, None) => Ok(Isolation::Auto),
        (None, Some(text)) => Isolation::from_str(&text, false).map_err(|_| {
            Error::usage(format!("{} is `{text}`", var::KBUILD_ISOLATION), "it is `auto` or `namespaces`")
        }),
    }
}
