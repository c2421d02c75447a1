//! Why a word cannot be expanded.

use thiserror::Error;

/// A word that cannot be expanded.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("failed to process {word:?}: {fault}")]
pub struct ExpandError {
    /// The whole word as it stands in the file.
    pub word: String,
    /// What is wrong with it.
    #[source]
    pub fault: Fault,
}

/// What is wrong with a word.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// A quote is opened and not closed.
    #[error("unexpected end of statement while looking for matching {0}")]
    UnclosedQuote(char),
    /// `${` without its `}`.
    #[error("syntax error: missing '}}'")]
    UnclosedBrace,
    /// `${name/pattern` without the second slash.
    #[error("syntax error: missing '/' in ${{}}")]
    MissingSlash,
    /// `${}`, `${{` or `${:`.
    #[error("syntax error: bad substitution")]
    BadSubstitution,
    /// Something else than a modifier after the name.
    #[error("unsupported modifier ({0}) in substitution")]
    UnsupportedModifier(String),
    /// `${name?message}` of a variable that is not set, or `${name:?message}` of an empty one.
    #[error("{name}: {message}")]
    Required {
        /// The variable.
        name: String,
        /// The Dockerfile's own message, or ours.
        message: String,
    },
    /// `${A:-${B:-…}}` without end.
    #[error("substitutions are nested more than {0} deep")]
    TooDeep(usize),
    /// A word that becomes huge, as when each ENV doubles the one before.
    #[error("the result is longer than {0} bytes")]
    TooLong(usize),
    /// A pattern escapes a character that needs no escape.
    #[error("invalid pattern ({pattern}) in substitution: invalid escape '\\{escaped}'")]
    InvalidEscape {
        /// The pattern.
        pattern: String,
        /// The character after the backslash; empty at the end of the pattern.
        escaped: String,
    },
}

impl Fault {
    /// What the author of the Dockerfile can do.
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::UnclosedQuote(quote) => {
                format!(
                    "close the quote, or put the escape character before a {quote} that is meant literally"
                )
            }
            Self::UnclosedBrace | Self::MissingSlash => {
                "write `${NAME}`, or `\\$` for a dollar sign that is meant literally".to_owned()
            }
            Self::BadSubstitution | Self::UnsupportedModifier(_) => {
                "known forms are `${NAME}` and `${NAME…}` with one of `- :- + :+ ? :? # ## % %% / //`"
                    .to_owned()
            }
            Self::Required { name, .. } => format!("set it with `--build-arg {name}=…` or with ARG or ENV"),
            Self::TooDeep(_) | Self::TooLong(_) => "set the value in smaller steps".to_owned(),
            Self::InvalidEscape { .. } => {
                "in a pattern a backslash may stand only before `*`, `?`, `\\`, `}` and `/`".to_owned()
            }
        }
    }
}
