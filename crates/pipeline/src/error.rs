//! What can be wrong between the stages.

use std::path::PathBuf;

/// What kind of fault an [`Error`] is; the programs choose their exit code by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A flag or a variable has a value that cannot be.
    Usage,
    /// The files, the variables and the registry do not agree.
    Handoff,
    /// A file cannot be read or written.
    Local,
    /// The registry client could not be made.
    Registry,
}

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file named by `--env-file` is not readable as variables.
    #[error("cannot read the variables of `{path}`")]
    EnvironmentFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: dotenvy::Error,
    },
    /// A variable or flag has a value that cannot be.
    #[error("`{name}` cannot be `{value}`: {expected}")]
    Value {
        /// The flag or variable.
        name: String,
        /// Its value.
        value: String,
        /// What would be right.
        expected: String,
    },
    /// A file of the hand-off cannot be read.
    #[error("cannot read `{path}`")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file of the hand-off cannot be written.
    #[error(transparent)]
    Write(#[from] ktrust_oci::Error),
    /// A line of a dotenv file breaks GitLab's rules or ours.
    #[error("{path}:{line}: `{text}`: {reason}", path = path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// 1-based.
        line: usize,
        /// The line, shortened.
        text: String,
        /// Which rule.
        reason: &'static str,
    },
    /// The dotenv file as a whole breaks a rule.
    #[error("`{path}` {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// Which rule.
        reason: String,
    },
    /// A value that the dotenv format cannot carry.
    #[error("`{key}` cannot carry `{value}`: {reason}")]
    Unwritable {
        /// The key in build.env.
        key: String,
        /// The value.
        value: String,
        /// Why not.
        reason: &'static str,
    },
    /// A key that must be there is not.
    #[error("`{path}` has no `{key}`")]
    Missing {
        /// The file.
        path: PathBuf,
        /// The key.
        key: String,
    },
    /// The file and the variable of the same name differ.
    #[error("`{key}` is `{file}` in `{path}` but `{variable}` in the environment", path = path.display())]
    Disagreement {
        /// The key.
        key: String,
        /// The file.
        path: PathBuf,
        /// The file's value.
        file: String,
        /// The variable's value.
        variable: String,
    },
    /// A record (`build.json`, `sign.json`) is not what it should be.
    #[error("`{path}` is not a record of ktrust")]
    Record {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// The registry client could not be made.
    #[error(transparent)]
    Registry(#[from] ktrust_registry::Error),
}

impl Error {
    /// The kind of fault.
    pub fn kind(&self) -> Kind {
        match self {
            Self::EnvironmentFile { .. } | Self::Value { .. } | Self::Unwritable { .. } => Kind::Usage,
            Self::Read { .. } | Self::Write(_) => Kind::Local,
            Self::Line { .. }
            | Self::File { .. }
            | Self::Missing { .. }
            | Self::Disagreement { .. }
            | Self::Record { .. } => Kind::Handoff,
            Self::Registry(_) => Kind::Registry,
        }
    }

    /// What the user can do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Line { .. } | Self::File { .. } => {
                Some("the file is written by `kbuild build`; nothing else may change it between the jobs".into())
            }
            Self::Missing { .. } => Some("run `kbuild build` first, or check `needs:` and `artifacts:` of the job".into()),
            Self::Disagreement { key, .. } => Some(format!(
                "a project, group or pipeline variable called `{key}` hides the build's value: remove or rename it"
            )),
            Self::Unwritable { .. } => {
                Some("allowed are letters, digits and `._:/@,+-` (GitLab's dotenv reports expand `$` and reject quotes)".into())
            }
            Self::Read { .. } => Some("is the artifact of the job before here? check `needs:`".into()),
            Self::Registry(error) => error.hint(),
            Self::Write(error) => error.hint(),
            _ => None,
        }
    }
}
