//! What can be wrong with a Dockerfile.

use thiserror::Error;

use crate::location::Location;
use crate::problem::Problem;

/// A mistake in a Dockerfile, with the lines that hold it.
#[derive(Clone, Debug, PartialEq, Error)]
#[error("dockerfile parse error on line {}: {problem}", location.start)]
pub struct Error {
    /// The lines.
    pub location: Location,
    /// The mistake.
    #[source]
    pub problem: Problem,
}

/// What a caller does about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The text does not follow the grammar.
    Syntax,
    /// An instruction says something that is not allowed.
    Invalid,
    /// A variable cannot be expanded, maybe because one is not set.
    Expansion,
    /// The file asks for something that ktrust does not have.
    Unsupported,
}

impl Error {
    /// The class of the mistake.
    pub fn kind(&self) -> Kind {
        self.problem.kind()
    }

    /// What the author of the file can do, if that is known.
    pub fn hint(&self) -> Option<String> {
        self.problem.hint()
    }

    /// The lines around the mistake, those that hold it marked, laid out as BuildKit does.
    ///
    /// `source` is the text that was parsed, `name` the name to show for it. Empty if the location lies
    /// outside the text.
    pub fn excerpt(&self, source: &str, name: &str) -> String {
        crate::excerpt::excerpt(source, name, self.location)
    }
}

impl Problem {
    /// This problem at these lines.
    pub(crate) fn at(self, location: Location) -> Error {
        Error { location, problem: self }
    }
}

/// Adds the lines to a problem.
pub(crate) trait At<T> {
    fn at(self, location: Location) -> Result<T, Error>;
}

impl<T, P: Into<Problem>> At<T> for Result<T, P> {
    fn at(self, location: Location) -> Result<T, Error> {
        self.map_err(|problem| problem.into().at(location))
    }
}
