//! Policies as typed structures, generated from one [`Trust`].
//!
//! Each engine has its module with the structures of its API, field by field in the order in which they are
//! written. What is decided here and not left to an engine's default: failure policy *Fail* (with
//! *Ignore*, an unreachable registry lets everything in), a timeout of 30 seconds (the default of 10 is
//! shorter than a slow registry), creation and update alike, digests demanded. Annotations are never
//! written: Kyverno's own were forgeable before 1.19, and copied ones refuse good images.

pub mod cluster;
pub mod cluster_image;
pub mod digest;
pub mod image_validating;
mod object;

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

pub use object::{LabelSelector, Metadata, Object, Requirement, ResourceRule};

use crate::{Error, KyvernoVersion, Result, Trust, yaml};

/// Seconds, the most that Kubernetes allows.
const TIMEOUT: u32 = 30;

/// The kinds of policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyKind {
    /// Kyverno's `ImageValidatingPolicy`, 1.14 and later.
    ImageValidating,
    /// Kyverno's `ClusterPolicy` with `verifyImages`, until 1.19.
    Cluster,
    /// policy-controller's `ClusterImagePolicy`.
    ClusterImage,
    /// Kubernetes' `ValidatingAdmissionPolicy`: digests only, no signatures.
    Digest,
}

impl PolicyKind {
    /// Every kind, as flags spell it.
    pub const NAMES: [(&str, Self); 4] = [
        ("ivpol", Self::ImageValidating),
        ("clusterpolicy", Self::Cluster),
        ("cip", Self::ClusterImage),
        ("digest", Self::Digest),
    ];
}

impl FromStr for PolicyKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::NAMES.iter().find(|(name, _)| *name == text);
        found
            .map(|(_, kind)| *kind)
            .ok_or_else(|| "expected `ivpol`, `clusterpolicy`, `cip` or `digest`".into())
    }
}

impl fmt::Display for PolicyKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::ImageValidating => "ImageValidatingPolicy",
            Self::Cluster => "ClusterPolicy",
            Self::ClusterImage => "ClusterImagePolicy",
            Self::Digest => "ValidatingAdmissionPolicy",
        })
    }
}

/// One object of a generated policy.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Document {
    /// See [`image_validating`].
    ImageValidating(Object<image_validating::Spec>),
    /// See [`cluster`].
    Cluster(Object<cluster::Spec>),
    /// See [`cluster_image`].
    ClusterImage(Object<cluster_image::Spec>),
    /// See [`digest`].
    Digest(Object<digest::Spec>),
    /// See [`digest`].
    DigestBinding(Object<digest::BindingSpec>),
}

/// A generated policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// The objects, in the order in which they should be applied.
    pub documents: Vec<Document>,
    /// What the engine does not do although one might think so.
    pub warnings: Vec<String>,
}

impl Policy {
    /// The objects as one YAML stream. Equal input gives equal bytes.
    pub fn to_yaml(&self) -> Result<String> {
        yaml::documents(&self.documents)
    }
}

/// Renders `trust` for one kind of engine. `version` is Kyverno's and means nothing to the others.
pub fn generate(kind: PolicyKind, trust: &Trust, version: KyvernoVersion) -> Result<Policy> {
    match kind {
        PolicyKind::ImageValidating => image_validating::generate(trust, version),
        PolicyKind::Cluster => cluster::generate(trust, version),
        PolicyKind::ClusterImage => cluster_image::generate(trust),
        PolicyKind::Digest => Ok(digest::generate(trust)),
    }
}

fn unenforceable(
    kind: PolicyKind,
    version: Option<KyvernoVersion>,
    problem: &str,
    cure: &'static str,
) -> Error {
    let problem = match version {
        Some(version) => format!("Kyverno {version} {problem}"),
        None => problem.to_owned(),
    };
    Error::Unenforceable { kind, version, problem, cure }
}

#[cfg(test)]
mod tests;
