//! Which exit code stands for which library error: the shared ones, and those about signatures.

use ktrust_console::Exit;
pub(crate) use ktrust_pipeline::exit::{interruption, oci, pipeline, registry};
use ktrust_signature::{Error as SignatureError, ErrorKind as SignatureKind};
use ktrust_sigstore::ErrorKind as KeyKind;

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
