//! Signatures of images: where they are kept, how they are written, what makes one count.
//!
//! A signature of the image `sha256:abc…` lies in the image's own repository under the tag
//! `sha256-abc….sig`, a manifest with one layer for each signature. It is the form that every version
//! of cosign, Kyverno, policy-controller and podman reads. Registry and OCI layout are one to this crate:
//! both are a [`Repository`](ktrust_registry::Repository).
//!
//! - [`sign`] appends a signature, unless the same one is there, and looks again whether it stayed.
//! - [`verify`] judges each signature against a [`Policy`], which cannot be made without a key, and
//!   says of each one that does not count why not.
//! - [`targets`] finds what to sign: an image, or an index with its children.
//! - [`artifacts`] lists whatever is attached to an image.

#![forbid(unsafe_code)]

mod artifacts;
mod attachment;
mod error;
mod manifest;
mod policy;
mod reason;
mod sign;
mod targets;
mod verify;

#[cfg(test)]
mod tests;

pub use artifacts::{Artifact, ArtifactKind, artifacts};
pub use attachment::Attachment;
pub use error::{Error, ErrorKind, Result};
pub use policy::Policy;
pub use reason::Reason;
pub use sign::{Outcome, Request, Signed, sign};
pub use targets::targets;
pub use verify::{Accepted, Finding, Verdict, Verification, verify};
