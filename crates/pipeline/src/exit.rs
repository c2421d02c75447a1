//! Which exit code stands for an error of the libraries that all three programs use. Kept in one place, so
//! that a wrong password ends every program with the same number.

use ktrust_console::Exit;

/// The exit code of a registry's error.
pub fn registry(error: &ktrust_registry::Error) -> Exit {
    use ktrust_registry::ErrorKind;
    match error.kind() {
        ErrorKind::Auth => Exit::RegistryAuth,
        ErrorKind::Forbidden => Exit::RegistryForbidden,
        // An answer that is no manifest is no image either.
        ErrorKind::NotFound | ErrorKind::Protocol => Exit::SourceNotFound,
        ErrorKind::Transient => Exit::Transient,
        ErrorKind::Tls | ErrorKind::Input => Exit::Usage,
        ErrorKind::Local => Exit::LocalResource,
    }
}

/// The exit code of an error about images, references and layouts.
pub fn oci(error: &ktrust_oci::Error) -> Exit {
    use ktrust_oci::ErrorKind;
    match error.kind() {
        ErrorKind::Input => Exit::Usage,
        ErrorKind::Content | ErrorKind::NotFound => Exit::SourceNotFound,
        ErrorKind::Local => Exit::LocalResource,
    }
}

/// The exit code of an error of this crate.
pub fn pipeline(error: &crate::Error) -> Exit {
    use crate::{Error, Kind};
    match (error, error.kind()) {
        (Error::Registry(error), _) => registry(error),
        (_, Kind::Usage) => Exit::Usage,
        (_, Kind::Handoff) => Exit::HandoffBroken,
        (_, Kind::Local) => Exit::LocalResource,
        (_, Kind::Registry) => Exit::Internal,
    }
}

/// The exit code of a command that was stopped.
pub fn interruption(interruption: &crate::Interruption) -> Exit {
    use crate::Interruption;
    match interruption {
        Interruption::Start(_) => Exit::Internal,
        Interruption::Signal(2) => Exit::Interrupted,
        Interruption::Signal(_) => Exit::Terminated,
    }
}
