//! Which exit code stands for which library error.

use ktrust_console::Exit;
use ktrust_oci::ErrorKind as OciKind;
use ktrust_pipeline::Kind as PipelineKind;
use ktrust_registry::ErrorKind as RegistryKind;
use ktrust_signature::{Error as SignatureError, ErrorKind as SignatureKind};
use ktrust_sigstore::ErrorKind as KeyKind;

pub(crate) fn registry(error: &ktrust_registry::Error) -> Exit {
    match error.kind() {
        RegistryKind::Auth => Exit::RegistryAuth,
        RegistryKind::Forbidden => Exit::RegistryForbidden,
        RegistryKind::Transient => Exit::Transient,
        RegistryKind::Tls | RegistryKind::Input => Exit::Usage,
        RegistryKind::Local => Exit::LocalResource,
        // An answer that is no manifest is no image either.
        RegistryKind::NotFound | RegistryKind::Protocol => Exit::SourceNotFound,
    }
}

pub(crate) fn oci(error: &ktrust_oci::Error) -> Exit {
    match error.kind() {
        OciKind::Input => Exit::Usage,
        OciKind::Content | OciKind::NotFound => Exit::SourceNotFound,
        OciKind::Local => Exit::LocalResource,
    }
}

pub(crate) fn key(error: &ktrust_sigstore::Error) -> Exit {
    match error.kind() {
        KeyKind::Key | KeyKind::Password => Exit::Usage,
        KeyKind::Signature => Exit::SignatureInvalid,
        KeyKind::Local => Exit::LocalResource,
    }
}

pub(crate) fn signature(error: &SignatureError) -> Exit {
    match error {
        SignatureError::Registry(error) => registry(error),
        SignatureError::Key(error) => key(error),
        SignatureError::Document(error) => oci(error),
        other => match other.kind() {
            SignatureKind::Contended => Exit::Transient,
            SignatureKind::Content | SignatureKind::Unverified => Exit::SignatureInvalid,
            SignatureKind::Registry | SignatureKind::Key => Exit::Internal,
        },
    }
}

pub(crate) fn pipeline(error: &ktrust_pipeline::Error) -> Exit {
    match (error.kind(), error) {
        (_, ktrust_pipeline::Error::Registry(error)) => registry(error),
        (PipelineKind::Usage, _) => Exit::Usage,
        (PipelineKind::Handoff, _) => Exit::HandoffBroken,
        (PipelineKind::Local, _) => Exit::LocalResource,
        (PipelineKind::Registry, _) => Exit::Internal,
    }
}
