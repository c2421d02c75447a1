//! The checks from beginning to end.

use super::configuration::{Configuration, ConfigurationError};
use super::facts::Facts;
use super::finding::Report;
use super::linter::Linter;
use super::stage::Walk;
use super::{casing, from, text};
use crate::error::Error;
use crate::problem::Problem;
use crate::stage::Dockerfile;

/// A Dockerfile that is being checked: read as far as it can be, and looked at as text.
#[derive(Clone, Debug)]
pub struct Draft {
    file: Dockerfile,
    error: Option<Error>,
    linter: Linter,
}

impl Draft {
    /// Reads a Dockerfile. `given` is the build argument `BUILDKIT_DOCKERFILE_CHECK`, which replaces the
    /// file's `# check=`; only a mistake in it is an error here.
    pub fn read(source: impl AsRef<[u8]>, given: Option<&str>) -> Result<Self, ConfigurationError> {
        let (file, mut error) = Dockerfile::parse_partly(source.as_ref());
        let directive = file.directives.check.as_ref().filter(|_| given.is_none());
        let configuration = match (given, directive) {
            (Some(given), _) => Configuration::parse(given)?,
            (None, None) => Configuration::default(),
            (None, Some(directive)) => Configuration::parse(&directive.value).unwrap_or_else(|source| {
                error = Some(Problem::Check(source).at(directive.location));
                Configuration::default()
            }),
        };
        let mut linter = Linter::new(configuration);
        text::check(&file, &mut linter);
        Ok(Self { file, error, linter })
    }

    /// The file, unless a mistake is in it.
    pub fn file(&self) -> Result<&Dockerfile, &Error> {
        match &self.error {
            Some(error) => Err(error),
            None => Ok(&self.file),
        }
    }

    /// Ends the checks here, because no more can be known.
    pub fn give_up(self) -> Report {
        let strict = self.linter.configuration.error;
        Report { findings: self.linter.finish(), error: self.error, strict }
    }

    /// Looks at the file as a whole and at the stages that are built.
    pub fn check(mut self, facts: &Facts<'_>) -> Report {
        if self.error.is_none() {
            self.error = self.rest(facts).err();
        }
        self.give_up()
    }

    fn rest(&mut self, facts: &Facts<'_>) -> Result<(), Error> {
        let Self { file, linter, .. } = self;
        from::names(file, linter);
        casing::keywords(file, linter);
        from::defaults(file, facts, linter);
        let globals = file.global_variables(facts.platform.clone(), &facts.build_args)?;
        for stage in &file.stages {
            from::check(file, &stage.from, &globals, linter)?;
            stage.from.expand(file.directives.escape, &globals)?;
        }
        Walk::new(file, facts, &globals, linter).run()
    }
}
