//! What a cluster lets in: policies that demand signatures, and manifests that name images by digest.
//!
//! Two halves meet here. [`policy`] renders one [`Trust`] (which repositories, signed by whom) for each
//! engine that can enforce it: Kyverno's `ImageValidatingPolicy` and older `ClusterPolicy`,
//! policy-controller's `ClusterImagePolicy`, and Kubernetes' own `ValidatingAdmissionPolicy`.
//! [`Manifest`] finds every container image of a Kubernetes manifest with its place in the text, and
//! [`pin()`] replaces the ones that were verified by their digest, leaving every other byte alone.
//!
//! Both exist because *a policy that does not match is a pass*: engines filter images by glob first and
//! then demand that all of none are signed. So globs are derived from a parsed [`Repository`] and cover
//! every spelling of it, with tag and with digest; and pinning fails when an image to pin is not there.
//!
//! No network, no terminal, no environment; the caller reads and writes the files.

#![forbid(unsafe_code)]

mod error;
mod identity;
mod manifest;
mod pin;
pub mod policy;
mod probe;
mod repository;
mod trust;
mod version;
mod yaml;

pub use error::{Error, Kind, Result};
pub use identity::{Identity, Pattern};
pub use manifest::{ContainerImage, Manifest, Place};
pub use pin::{Change, Pin, Pinned, pin};
pub use policy::{Policy, PolicyKind, generate};
pub use probe::probe;
pub use repository::Repository;
pub use trust::{Authority, Enforcement, PublicKeys, SignatureFormat, Trust};
pub use version::KyvernoVersion;
