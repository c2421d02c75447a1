//! Kyverno's `ClusterPolicy` with `verifyImages`, `kyverno.io/v1`, for clusters before Kyverno 1.20.
//!
//! Deprecated since 1.17. From 1.20 on the object may still be stored, but nothing executes it, which is
//! why it is refused for those versions: it would look like protection.

use serde::{Deserialize, Serialize};

use super::{Document, Object, Policy, PolicyKind, TIMEOUT, unenforceable};
use crate::{Authority, Enforcement, KyvernoVersion, Repository, Result, SignatureFormat, Trust};

/// The specification.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Spec {
    /// The webhook.
    pub webhook_configuration: WebhookConfiguration,
    /// One rule: digests are replaced in all images of a rule at once (kyverno#11167).
    pub rules: Vec<Rule>,
}

/// `webhookConfiguration`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookConfiguration {
    /// `Fail`.
    pub failure_policy: String,
    /// Seconds, 1 to 30.
    pub timeout_seconds: u32,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// The name.
    pub name: String,
    /// Which requests.
    #[serde(rename = "match")]
    pub matches: Match,
    /// Which images, and who must have signed them.
    pub verify_images: Vec<VerifyImages>,
}

/// `match`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Match {
    /// One must match.
    pub any: Vec<Filter>,
}

/// One entry of `any`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Which resources.
    pub resources: Resources,
}

/// Pods, and nothing that would keep Kyverno from extending the rule to their controllers (names,
/// selectors, annotations, other kinds).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resources {
    /// `Pod`.
    pub kinds: Vec<String>,
    /// Which namespaces; all when absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub namespaces: Vec<String>,
    /// `CREATE`, `UPDATE`; a policy that also matches `DELETE` keeps Argo CD from cleaning up.
    pub operations: Vec<String>,
}

/// One entry of `verifyImages`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VerifyImages {
    /// `Cosign` (tags `.sig`) or `SigstoreBundle`.
    #[serde(rename = "type")]
    pub format: String,
    /// `Enforce` or `Audit`.
    pub failure_action: String,
    /// Globs over the canonical name.
    pub image_references: Vec<String>,
    /// Who may have signed.
    pub attestors: Vec<AttestorSet>,
    /// Tags are replaced by the digest that was verified.
    pub mutate_digest: bool,
    /// A digest must be there.
    pub verify_digest: bool,
    /// Some rule must have verified the image.
    pub required: bool,
    /// Off: a cached verdict about a tag is applied to whatever the tag names now.
    pub use_cache: bool,
}

/// Signers of which `count` must have signed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttestorSet {
    /// How many; absent would mean all.
    pub count: u32,
    /// The signers.
    pub entries: Vec<Entry>,
}

/// One signer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// By key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<Keys>,
    /// By identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyless: Option<Keyless>,
}

/// A public key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Keys {
    /// PEM.
    pub public_keys: String,
    /// The transparency log; absent would mean that the public one is asked.
    pub rekor: Rekor,
    /// Certificate transparency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ctlog: Option<CtLog>,
}

/// An identity. Of each pair one is set: subject and its expression are alternatives to Kyverno, so that
/// setting both would accept either.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Keyless {
    /// The issuer, without wildcards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The issuer by regular expression.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "issuerRegExp")]
    pub issuer_reg_exp: Option<String>,
    /// The subject, without wildcards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The subject by regular expression.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "subjectRegExp")]
    pub subject_reg_exp: Option<String>,
    /// The transparency log.
    pub rekor: Rekor,
}

/// The transparency log.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rekor {
    /// Its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// No log is asked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ignore_tlog: bool,
}

/// Certificate transparency.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CtLog {
    /// It is not asked: there is no certificate.
    #[serde(rename = "ignoreSCT")]
    pub ignore_sct: bool,
}

pub(super) fn generate(trust: &Trust, version: KyvernoVersion) -> Result<Policy> {
    check(trust, version)?;
    let spec = Spec {
        webhook_configuration: WebhookConfiguration {
            failure_policy: "Fail".into(),
            timeout_seconds: TIMEOUT,
        },
        rules: vec![Rule {
            name: "signed".into(),
            matches: Match { any: vec![Filter { resources: resources(trust) }] },
            verify_images: vec![verify_images(trust)],
        }],
    };
    let object = Object::new("kyverno.io/v1", "ClusterPolicy", trust.name(), spec);
    let warning = "ClusterPolicy is deprecated since Kyverno 1.17 and no longer executed from 1.20 on: it would be \
                   stored and do nothing";
    Ok(Policy { documents: vec![Document::Cluster(object)], warnings: vec![warning.into()] })
}

fn check(trust: &Trust, version: KyvernoVersion) -> Result<()> {
    let refuse = |problem, cure| Err(unenforceable(PolicyKind::Cluster, Some(version), problem, cure));
    let bundle = trust.format == SignatureFormat::Bundle;
    if version >= KyvernoVersion::new(1, 20) {
        return refuse("stores this policy but does not execute it", "generate an `ivpol`");
    }
    if version < KyvernoVersion::new(1, 13) {
        return refuse("does not know `failureAction`", "upgrade Kyverno: 1.13 is the oldest supported");
    }
    if bundle && matches!(trust.authority(), Authority::Keys { .. }) && version < KyvernoVersion::new(1, 19) {
        return refuse("cannot verify bundles with a key", "sign with `ksign sign --format legacy`");
    }
    Ok(())
}

fn resources(trust: &Trust) -> Resources {
    Resources {
        kinds: vec!["Pod".into()],
        namespaces: trust.namespaces().to_vec(),
        operations: vec!["CREATE".into(), "UPDATE".into()],
    }
}

fn verify_images(trust: &Trust) -> VerifyImages {
    let deny = trust.enforcement == Enforcement::Deny;
    let format = if trust.format == SignatureFormat::Bundle { "SigstoreBundle" } else { "Cosign" };
    let globs = trust.repositories().iter().flat_map(Repository::canonical_globs);
    VerifyImages {
        format: format.into(),
        failure_action: if deny { "Enforce" } else { "Audit" }.into(),
        image_references: globs.collect(),
        attestors: vec![AttestorSet { count: 1, entries: entries(trust.authority()) }],
        // With Audit, Kyverno refuses a policy that mutates.
        mutate_digest: deny,
        verify_digest: true,
        required: true,
        use_cache: false,
    }
}

fn entries(authority: &Authority) -> Vec<Entry> {
    let log = authority.log().map(str::to_owned);
    let rekor = Rekor { ignore_tlog: log.is_none(), url: log };
    match authority {
        Authority::Keys { keys, .. } => keys
            .iter()
            .map(|key| {
                let ctlog = rekor.ignore_tlog.then_some(CtLog { ignore_sct: true });
                Entry {
                    keys: Some(Keys { public_keys: key.to_owned(), rekor: rekor.clone(), ctlog }),
                    keyless: None,
                }
            })
            .collect(),
        Authority::Keyless { identity, .. } => {
            let (issuer, subject) =
                (identity.issuer.without_wildcards(), identity.subject.without_wildcards());
            let keyless = Keyless {
                issuer: issuer.as_exact(),
                issuer_reg_exp: issuer.as_regexp(),
                subject: subject.as_exact(),
                subject_reg_exp: subject.as_regexp(),
                rekor,
            };
            vec![Entry { keys: None, keyless: Some(keyless) }]
        }
    }
}
