//! What can end a command, with its exit code and its cure.

use std::path::PathBuf;

use ktrust_console::{Diagnose, Exit};

use crate::exits;

/// Why a command of ksign failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The command line or a variable is wrong.
    #[error("{message}")]
    Usage { message: String, hint: String },
    #[error("`{text}` is not an image reference")]
    Reference { text: String, source: ktrust_oci::Error },
    /// A key could not be loaded or used.
    #[error("cannot use the key `{name}`")]
    Key { name: String, source: ktrust_sigstore::Error },
    #[error("cannot read the key `{path}`", path = .path.display())]
    ReadKey { path: PathBuf, source: std::io::Error },
    #[error("`{path}` exists and is not overwritten", path = .path.display())]
    Exists { path: PathBuf },
    #[error("cannot write `{path}`", path = .path.display())]
    Write { path: PathBuf, source: ktrust_oci::Error },
    /// The image that the hand-off names is not what the registry has.
    #[error("the hand-off names `{image}`, but {problem}")]
    Handoff { image: String, problem: String },
    #[error("there is no image `{image}`")]
    Image { image: String, source: Box<ktrust_registry::Error> },
    /// An image on disk is not what its digest promises.
    #[error("the image was changed")]
    Tampered { source: ktrust_oci::Error },
    /// Some images are not signed as demanded; each was reported.
    #[error("{}", describe(.images))]
    Unverified { images: Vec<String> },
    #[error(transparent)]
    Signature(#[from] ktrust_signature::Error),
    #[error(transparent)]
    Registry(#[from] ktrust_registry::Error),
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
        [image] => format!("no signature of `{image}` counts"),
        images => format!("no signature counts of {} images: {}", images.len(), images.join(", ")),
    }
}

impl Diagnose for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Usage { .. } | Self::Reference { .. } | Self::Exists { .. } => Exit::Usage,
            Self::Key { source, .. } => exits::key(source),
            Self::ReadKey { source, .. } => match source.kind() {
                std::io::ErrorKind::NotFound => Exit::Usage,
                _ => Exit::LocalResource,
            },
            Self::Write { .. } => Exit::LocalResource,
            Self::Handoff { .. } => Exit::HandoffBroken,
            Self::Image { source, .. } => exits::registry(source),
            Self::Registry(source) => exits::registry(source),
            Self::Unverified { .. } | Self::Tampered { .. } => Exit::SignatureInvalid,
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
            Self::Key { source, .. } => source.hint(),
            Self::ReadKey { .. } => Some("a key in a variable is named `env://NAME`".into()),
            Self::Exists { .. } => {
                Some("whoever has the old private key can no longer sign once it is gone: choose another name with `--output-key-prefix`".into())
            }
            Self::Handoff { .. } => {
                Some("the image was deleted or replaced since the build: run the build job again".into())
            }
            Self::Image { source, .. } => source.hint(),
            Self::Registry(source) => source.hint(),
            Self::Signature(error) => error.hint(),
            Self::Pipeline(error) => error.hint(),
            _ => None,
        };
        hint.into_iter().collect()
    }
}
