//! The nouns of OCI images, and image layouts on disk. No network, no environment.
//!
//! Two rules shape this crate. *Bytes are the identity*: a manifest is handed around as a [`Document`],
//! the bytes exactly as they were stored, and is parsed into a view; nothing is serialised again unless
//! it was changed, so a digest never changes by passing through. *Nothing is believed*: content is
//! compared with its digest and size while it is read ([`VerifyReader`]), and text becomes a type only
//! through a check ([`Digest`], [`Reference`], [`Platform`]).
//!
//! Unknown JSON fields survive a round trip, as the image specification demands; Docker's additions to
//! the configuration are fields of their own.

#![forbid(unsafe_code)]

mod config;
mod descriptor;
mod digest;
mod document;
mod error;
pub mod file;
mod image_reference;
mod index;
mod layout;
mod manifest;
pub mod media_type;
mod platform;
mod reference;
mod serde_forms;
mod verify;

pub use config::{Healthcheck, History, ImageConfig, RootFs, RunConfig};
pub use descriptor::{Annotations, Descriptor};
pub use digest::{Algorithm, Digest, Digester};
pub use document::{Document, MAX_DOCUMENT_SIZE, Parsed};
pub use error::{Error, ErrorKind, ReferenceProblem, Result};
pub use image_reference::{ImageReference, LayoutReference};
pub use index::Index;
pub use layout::{Layout, REF_NAME};
pub use manifest::Manifest;
pub use platform::Platform;
pub use reference::Reference;
pub use serde_forms::Other;
pub use verify::{Verifier, VerifyReader};
