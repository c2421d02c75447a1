//! What can end a command, with its exit code and its cure.

use std::path::PathBuf;

use ktrust_admission::Kind as AdmissionKind;
use ktrust_console::{Diagnose, Exit};

use crate::exits;

/// Why a command of kdeploy failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The command line or a variable is wrong.
    #[error("{message}")]
    Usage { message: String, hint: String },
    #[error("`{text}` is not an image reference")]
    Reference { text: String, source: ktrust_oci::Error },
    #[error("cannot use the key `{name}`")]
    Key { name: String, source: ktrust_admission::Error },
    #[error("cannot use the key `{name}`")]
    KeyContent { name: String, source: ktrust_sigstore::Error },
    #[error("cannot read the key `{name}`")]
    ReadKey { name: String, source: std::io::Error },
    #[error("cannot read `{path}`", path = .path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("cannot write `{path}`", path = .path.display())]
    Write { path: PathBuf, source: ktrust_oci::Error },
    #[error("cannot make the directory `{path}`", path = .path.display())]
    Directory { path: PathBuf, source: std::io::Error },
    /// File, variable and registry disagree.
    #[error("the hand-off names `{image}`, but {problem}")]
    Handoff { image: String, problem: String },
    #[error("there is no image `{image}`")]
    Image { image: String, source: Box<ktrust_registry::Error> },
    /// Content is not what its digest promises.
    #[error("the image `{image}` was changed")]
    Tampered { image: String, source: ktrust_oci::Error },
    /// Some images are not signed as expected; each was reported.
    #[error("{}", describe(.images))]
    Unverified { images: Vec<String> },
    #[error(transparent)]
    Admission(#[from] ktrust_admission::Error),
    #[error(transparent)]
    Signature(#[from] ktrust_signature::Error),
    #[error(transparent)]
    Sigstore(#[from] ktrust_sigstore::Error),
    #[error(transparent)]
    Oci(#[from] ktrust_oci::Error),
    #[error(transparent)]
    Pipeline(#[from] ktrust_pipeline::Error),
    #[error("cannot write JSON")]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Interrupted(#[from] ktrust_pipeline::Interruption),
}

impl Error {
    /// A mistake on the command line, with its cure.
    pub(crate) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: hint.into() }
    }
}

fn describe(images: &[String]) -> String {
    match images {
        [image] => format!("`{image}` is not signed by the expected key"),
        images => {
            format!("{} images are not signed by the expected key: {}", images.len(), images.join(", "))
        }
    }
}

impl Diagnose for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Usage { .. } | Self::Reference { .. } | Self::Key { .. } => Exit::Usage,
            Self::KeyContent { source, .. } | Self::Sigstore(source) => exits::key(source),
            Self::ReadKey { source, .. } | Self::Read { source, .. } => match source.kind() {
                std::io::ErrorKind::NotFound => Exit::Usage,
                _ => Exit::LocalResource,
            },
            Self::Write { .. } | Self::Directory { .. } => Exit::LocalResource,
            Self::Handoff { .. } => Exit::HandoffBroken,
            Self::Image { source, .. } => exits::registry(source),
            Self::Tampered { .. } | Self::Unverified { .. } => Exit::SignatureInvalid,
            Self::Admission(error) => match error.kind() {
                AdmissionKind::Usage | AdmissionKind::Manifest => Exit::Usage,
                AdmissionKind::Internal => Exit::Internal,
            },
            Self::Signature(error) => exits::signature(error),
            Self::Oci(error) => exits::oci(error),
            Self::Pipeline(error) => exits::pipeline(error),
            Self::Json(_) => Exit::Internal,
            Self::Interrupted(interruption) => exits::interruption(interruption),
        }
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Usage { hint, .. } => Some(hint.clone()),
            Self::Reference { source, .. } | Self::Oci(source) | Self::Write { source, .. } => source.hint(),
            Self::Key { source, .. } | Self::Admission(source) => source.hint(),
            Self::KeyContent { source, .. } | Self::Sigstore(source) => source.hint(),
            Self::ReadKey { .. } => Some("a key in a variable is named `env://VARIABLE`".into()),
            Self::Handoff { .. } => {
                Some("the image was deleted or replaced since the build: run the build job again".into())
            }
            Self::Image { source, .. } => source.hint(),
            Self::Unverified { .. } => Some(
                "run `ksign sign` with the key whose public half is given here; nothing was written".into(),
            ),
            Self::Signature(error) => error.hint(),
            Self::Pipeline(error) => error.hint(),
            _ => None,
        };
        hint.into_iter().collect()
    }
}
