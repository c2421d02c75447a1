//! Progress, for whoever wants to show it.

use std::time::Duration;

use ktrust_oci::Descriptor;

use crate::Error;

/// Which way the bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the registry.
    Pull,
    /// To the registry.
    Push,
}

/// Why no bytes had to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skipped {
    /// The repository has the blob.
    Exists,
    /// The registry took the blob over from another repository.
    Mounted,
}

/// Hears about transfers. Called often and from several tasks: must be quick and must not block.
pub trait Reporter: Send + Sync {
    /// `bytes` more of a blob have gone. After a retry from the start the sum may exceed the size.
    fn transferred(&self, _direction: Direction, _blob: &Descriptor, _bytes: u64) {}

    /// All of a blob has gone and was confirmed.
    fn finished(&self, _direction: Direction, _blob: &Descriptor) {}

    /// A blob need not be pushed.
    fn skipped(&self, _blob: &Descriptor, _why: Skipped) {}

    /// A request failed and is repeated after a pause.
    fn retrying(&self, _error: &Error, _pause: Duration) {}

    /// A mirror failed and the next one, or the registry itself, is asked.
    fn mirror_failed(&self, _mirror: &str, _error: &Error) {}
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Reporter for Silent {}
