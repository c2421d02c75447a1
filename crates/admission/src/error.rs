//! What can be wrong with a policy's input or with a manifest.

use std::fmt::Write as _;

use crate::{ContainerImage, KyvernoVersion, PolicyKind};

/// The result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What a caller does about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The input of a policy cannot be: a flag or a setting is wrong.
    Usage,
    /// The manifest is malformed, or says something that cannot be pinned safely.
    Manifest,
    /// A defect of this crate.
    Internal,
}

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Not a repository.
    #[error("`{text}` is not a repository")]
    Repository {
        /// What was written.
        text: String,
        /// Why not.
        source: ktrust_oci::Error,
    },
    /// A repository with a tag or a digest behind it.
    #[error("`{text}` has a tag or a digest: a policy is about the whole repository")]
    NotOnlyARepository {
        /// What was written.
        text: String,
    },
    /// A repository that globs cannot express.
    #[error("`{text}` cannot be written as a pattern")]
    Unpatternable {
        /// The repository.
        text: String,
    },
    /// A policy about nothing.
    #[error("a policy needs at least one repository")]
    NoRepository,
    /// Not the name of a Kubernetes object.
    #[error("`{name}` cannot be the name of a policy: lower case letters, digits, `-` and `.`, at most 63")]
    Name {
        /// What was written.
        name: String,
    },
    /// Not a namespace.
    #[error("`{name}` cannot be a namespace: lower case letters, digits and `-`, at most 63")]
    Namespace {
        /// What was written.
        name: String,
    },
    /// Not a public key in PEM.
    #[error("not a public key: {problem}")]
    PublicKey {
        /// What it is instead.
        problem: &'static str,
    },
    /// An identity or issuer that accepts anybody.
    #[error("{what} `{text}` accepts anybody")]
    AcceptsAnybody {
        /// `identity` or `issuer`.
        what: &'static str,
        /// The pattern.
        text: String,
    },
    /// A regular expression that cannot be enclosed in anchors.
    #[error("{what} `{text}` is not a regular expression: {problem}")]
    Pattern {
        /// `identity` or `issuer`.
        what: &'static str,
        /// The pattern.
        text: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// Not a version of Kyverno.
    #[error("`{text}` is not a version of Kyverno, as `1.19`")]
    Version {
        /// What was written.
        text: String,
    },
    /// This engine, or this version of it, cannot enforce this trust.
    #[error("{kind}: {problem}")]
    Unenforceable {
        /// The kind of policy.
        kind: PolicyKind,
        /// The version of Kyverno, where it matters.
        version: Option<KyvernoVersion>,
        /// Why.
        problem: String,
        /// What to do instead.
        cure: &'static str,
    },
    /// A manifest that is not YAML.
    #[error("{source_name}:{line}: not YAML: {problem}")]
    Yaml {
        /// The file.
        source_name: String,
        /// 1-based.
        line: usize,
        /// What the parser says.
        problem: String,
    },
    /// A manifest that is YAML, but not in a form in which an image can be pinned.
    #[error("{source_name}:{line}: {problem}")]
    Form {
        /// The file.
        source_name: String,
        /// 1-based.
        line: usize,
        /// What is in the way.
        problem: String,
        /// What to write instead.
        cure: &'static str,
    },
    /// No container uses an image that was to be pinned.
    #[error("no container uses `{name}`{}", list(.seen))]
    Uncovered {
        /// The repository that was looked for.
        name: String,
        /// The images that are there, as `file:line: image`.
        seen: Vec<String>,
    },
    /// The edited text does not say what it should; nothing was written.
    #[error("{source_name}: pinning would have changed more than images")]
    Edit {
        /// The file.
        source_name: String,
    },
    /// A policy could not be written as YAML.
    #[error("cannot write YAML")]
    Write(#[from] serde_saphyr::ser::Error),
}

impl Error {
    /// Which sort of failure this is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Yaml { .. } | Self::Form { .. } | Self::Uncovered { .. } => Kind::Manifest,
            Self::Edit { .. } | Self::Write(_) => Kind::Internal,
            _ => Kind::Usage,
        }
    }

    /// The cure, if there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotOnlyARepository { .. } => {
                Some("leave out the tag: the pattern that is generated covers every tag and every digest".into())
            }
            Self::PublicKey { .. } => Some("`ksign public-key --key …` prints the public half of a key".into()),
            Self::AcceptsAnybody { .. } => {
                Some("name exactly one identity, as the certificate carries it".into())
            }
            Self::Unenforceable { cure, .. } | Self::Form { cure, .. } => Some((*cure).into()),
            Self::Uncovered { .. } => Some(
                "the deploy would run something else than what was verified: name the image in the manifest, or map \
                 it with `--image NAME=REPOSITORY@DIGEST`"
                    .into(),
            ),
            Self::Edit { .. } | Self::Write(_) => Some("this is a defect of ktrust: please report it".into()),
            _ => None,
        }
    }

    pub(crate) fn uncovered<'a>(
        name: String,
        seen: impl Iterator<Item = (&'a str, &'a ContainerImage)>,
    ) -> Self {
        let seen = seen.map(|(source, image)| format!("{source}:{}: {}", image.line, image.image)).collect();
        Self::Uncovered { name, seen }
    }
}

fn list(seen: &[String]) -> String {
    if seen.is_empty() {
        return "; there is no container at all".into();
    }
    let mut text = "; there are:".to_owned();
    for line in seen {
        let _ = write!(text, "\n    {line}");
    }
    text
}
