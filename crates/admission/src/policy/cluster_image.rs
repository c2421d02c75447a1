//! policy-controller's `ClusterImagePolicy`, `policy.sigstore.dev/v1beta1`.
//!
//! One object. Authorities of one policy are alternatives; every policy that matches an image must pass.

use serde::{Deserialize, Serialize};

use super::image_validating::IdentityMatch;
use super::{Document, Object, Policy, PolicyKind, unenforceable};
use crate::{Authority as Signer, Enforcement, Repository, Result, SignatureFormat, Trust};

/// The specification.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// `enforce` or `warn`.
    pub mode: String,
    /// Which images.
    pub images: Vec<Image>,
    /// Who may have signed.
    pub authorities: Vec<Authority>,
}

/// One entry of `images`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// A glob over the full name.
    pub glob: String,
}

/// One signer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Authority {
    /// The name, for messages.
    pub name: String,
    /// By key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
    /// By identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyless: Option<Keyless>,
    /// The transparency log. Without it a key needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ctlog: Option<CtLog>,
    /// `legacy` or `bundle`.
    pub signature_format: String,
}

/// A public key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Key {
    /// PEM.
    pub data: String,
    /// The hash of the signature.
    pub hash_algorithm: String,
}

/// Identities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keyless {
    /// The certificate authority.
    pub url: String,
    /// One of them must match.
    pub identities: Vec<IdentityMatch>,
}

/// The transparency log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CtLog {
    /// Its address.
    pub url: String,
}

pub(super) fn generate(trust: &Trust) -> Result<Policy> {
    check(trust)?;
    let globs = trust.repositories().iter().flat_map(Repository::resolved_globs);
    let spec = Spec {
        mode: if trust.enforcement == Enforcement::Deny { "enforce" } else { "warn" }.into(),
        images: globs.map(|glob| Image { glob }).collect(),
        authorities: authorities(trust),
    };
    let object = Object::new("policy.sigstore.dev/v1beta1", "ClusterImagePolicy", trust.name(), spec);
    let warning = "policy-controller checks only namespaces with the label `policy.sigstore.dev/include=true`, and \
                   replaces tags by digests in every workload it sees";
    Ok(Policy { documents: vec![Document::ClusterImage(object)], warnings: vec![warning.into()] })
}

fn check(trust: &Trust) -> Result<()> {
    let refuse = |problem, cure| Err(unenforceable(PolicyKind::ClusterImage, None, problem, cure));
    if !trust.namespaces().is_empty() {
        return refuse(
            "policy-controller cannot limit a policy to namespaces",
            "leave out the namespaces, and label the ones to check with `policy.sigstore.dev/include=true`",
        );
    }
    if trust.format == SignatureFormat::Bundle && matches!(trust.authority(), Signer::Keys { .. }) {
        return refuse(
            "policy-controller cannot verify bundles with a key",
            "sign with `ksign sign --format legacy`",
        );
    }
    Ok(())
}

fn authorities(trust: &Trust) -> Vec<Authority> {
    let format = if trust.format == SignatureFormat::Bundle { "bundle" } else { "legacy" };
    let ctlog = trust.authority().log().map(|url| CtLog { url: url.to_owned() });
    let authority = |number: usize, key, keyless| Authority {
        name: format!("signer{number}"),
        key,
        keyless,
        ctlog: ctlog.clone(),
        signature_format: format.into(),
    };
    match trust.authority() {
        Signer::Keys { keys, .. } => keys
            .iter()
            .enumerate()
            .map(|(index, key)| {
                let key = Key { data: key.to_owned(), hash_algorithm: "sha256".into() };
                authority(index + 1, Some(key), None)
            })
            .collect(),
        Signer::Keyless { identity, authority: url, .. } => {
            let keyless = Keyless { url: url.clone(), identities: vec![identity.into()] };
            vec![authority(1, None, Some(keyless))]
        }
    }
}
