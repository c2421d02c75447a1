//! Build checks: what a Dockerfile says that is allowed and yet hardly meant.
//!
//! The rules have BuildKit's names and conditions, so that `# check=skip=…` lines mean the same to both. They
//! come in three turns. Some see the text alone and speak even where a later line is broken; some look at the
//! file as a whole; the rest follow the instructions of the stages that are built, with the variables that
//! are set at each line. What lies outside of the file is told by the caller as [`Facts`].
//!
//! ```
//! use ktrust_dockerfile::lint::{Draft, Facts, Rule};
//!
//! let draft = Draft::read("FROM scratch\nCOPY $WHAT /\n", None).unwrap();
//! let report = draft.check(&Facts::default());
//! assert_eq!(report.findings[0].rule, Rule::UndefinedVar);
//! assert_eq!(report.findings[0].location.start, 2);
//! ```

mod base;
mod casing;
mod command;
mod configuration;
mod copy;
mod draft;
mod expose;
mod facts;
mod finding;
mod from;
mod image_name;
mod linter;
mod platform;
mod rule;
mod stage;
mod text;
mod value;
mod variable;
mod workdir;

#[cfg(test)]
mod tests;

pub use configuration::{Configuration, ConfigurationError};
pub use draft::Draft;
pub use facts::{BaseImage, Facts};
pub use finding::{Finding, Report};
pub use rule::{Rule, Severity};
