//! Kyverno's `ImageValidatingPolicy`, `policies.kyverno.io`.
//!
//! Two objects. The first matches pods, and nothing but pods in one rule: only then does Kyverno extend it
//! to Deployments, `StatefulSets`, Jobs and the others, so that a bad image is refused where the user sees
//! it. The second matches the sub-resource `pods/ephemeralcontainers`, which the first never sees: without
//! it, `kubectl debug` runs anything.
//!
//! Before 1.19 the settings `mutateDigest`, `verifyDigest` and `required` had no effect
//! (kyverno#16815, #16809, #16853), so that a [`digest`](super::digest) policy is added.

use serde::{Deserialize, Serialize};

use super::{
    Document, LabelSelector, Object, Policy, PolicyKind, ResourceRule, TIMEOUT, digest, unenforceable,
};
use crate::{Authority, Enforcement, Identity, KyvernoVersion, Repository, Result, SignatureFormat, Trust};

/// The specification.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Spec {
    /// `Deny` or `Audit`.
    pub validation_actions: Vec<String>,
    /// `Fail`.
    pub failure_policy: String,
    /// The webhook.
    pub webhook_configuration: WebhookConfiguration,
    /// Which requests.
    pub match_constraints: MatchConstraints,
    /// Which images.
    pub match_image_references: Vec<ImageReference>,
    /// What is demanded of the reference itself.
    pub validation_configurations: ValidationConfigurations,
    /// Who may have signed.
    pub attestors: Vec<Attestor>,
    /// What must hold, in CEL.
    pub validations: Vec<Validation>,
}

/// `webhookConfiguration`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookConfiguration {
    /// Seconds, 1 to 30.
    pub timeout_seconds: u32,
}

/// `matchConstraints`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MatchConstraints {
    /// Which namespaces; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace_selector: Option<LabelSelector>,
    /// Which resources.
    pub resource_rules: Vec<ResourceRule>,
}

/// One entry of `matchImageReferences`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageReference {
    /// A glob over the text in the pod.
    pub glob: String,
}

/// `validationConfigurations`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ValidationConfigurations {
    /// Tags are replaced by the digest that was verified.
    pub mutate_digest: bool,
    /// A digest must be there.
    pub verify_digest: bool,
    /// Some policy must have verified the image.
    pub required: bool,
}

/// One signer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attestor {
    /// How expressions call it.
    pub name: String,
    /// A signer of cosign's.
    pub cosign: Cosign,
}

/// A signer of cosign's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cosign {
    /// By key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Key>,
    /// By identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyless: Option<Keyless>,
    /// Logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ctlog: Option<CtLog>,
}

/// A public key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// PEM.
    pub data: String,
}

/// Identities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keyless {
    /// One of them must match.
    pub identities: Vec<IdentityMatch>,
}

/// Subject and issuer, each literally or by regular expression. policy-controller's has the same fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IdentityMatch {
    /// The issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The issuer by regular expression.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "issuerRegExp")]
    pub issuer_reg_exp: Option<String>,
    /// The subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The subject by regular expression.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "subjectRegExp")]
    pub subject_reg_exp: Option<String>,
}

impl From<&Identity> for IdentityMatch {
    fn from(identity: &Identity) -> Self {
        Self {
            issuer: identity.issuer.as_exact(),
            issuer_reg_exp: identity.issuer.as_regexp(),
            subject: identity.subject.as_exact(),
            subject_reg_exp: identity.subject.as_regexp(),
        }
    }
}

/// Transparency logs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CtLog {
    /// Rekor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// No log is asked: the signature alone counts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub insecure_ignore_tlog: bool,
    /// No certificate transparency is asked: there is no certificate.
    #[serde(default, skip_serializing_if = "std::ops::Not::not", rename = "insecureIgnoreSCT")]
    pub insecure_ignore_sct: bool,
}

/// One demand in CEL.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Validation {
    /// The expression.
    pub expression: String,
    /// What the user reads when it is false.
    pub message: String,
}

/// Every image of a pod; `.?` because a kind without such containers has no such field.
const IMAGES: &str =
    "(images.containers + images.?initContainers.orValue([]) + images.?ephemeralContainers.orValue([]))";
const EPHEMERAL: &str = "images.?ephemeralContainers.orValue([])";

pub(super) fn generate(trust: &Trust, version: KyvernoVersion) -> Result<Policy> {
    check(trust, version)?;
    let api_version = format!("policies.kyverno.io/{}", api(version));
    let object = |name: &str, spec| {
        Document::ImageValidating(Object::new(&api_version, "ImageValidatingPolicy", name, spec))
    };
    let ephemeral = format!("{}-ephemeral", trust.name());
    let mut documents = vec![
        object(trust.name(), pods(trust, version)),
        object(&ephemeral, ephemeral_containers(trust, version)),
    ];
    let mut warnings = Vec::new();
    if version < KyvernoVersion::new(1, 19) {
        documents.extend(digest::generate(trust).documents);
        warnings.push(format!(
            "Kyverno {version} does not enforce digests in an ImageValidatingPolicy: a ValidatingAdmissionPolicy \
             (Kubernetes 1.30 or later) is added that does"
        ));
    }
    Ok(Policy { documents, warnings })
}

/// The version of the API that was served first and is served longest.
fn api(version: KyvernoVersion) -> &'static str {
    match version {
        _ if version >= KyvernoVersion::new(1, 17) => "v1",
        _ if version >= KyvernoVersion::new(1, 16) => "v1beta1",
        _ => "v1alpha1",
    }
}

/// Which version reads which signatures.
fn check(trust: &Trust, version: KyvernoVersion) -> Result<()> {
    let refuse =
        |problem, cure| Err(unenforceable(PolicyKind::ImageValidating, Some(version), problem, cure));
    let bundle = trust.format == SignatureFormat::Bundle;
    let keys = matches!(trust.authority(), Authority::Keys { .. });
    if version < KyvernoVersion::new(1, 14) {
        return refuse("has no ImageValidatingPolicy", "generate a `clusterpolicy`");
    }
    if bundle && version < KyvernoVersion::new(1, 17) {
        return refuse("reads no bundles", "sign with `ksign sign --format legacy`");
    }
    if bundle && keys && version < KyvernoVersion::new(1, 19) {
        return refuse("cannot verify bundles with a key", "sign with `ksign sign --format legacy`");
    }
    if bundle && keys && trust.authority().log().is_none() {
        return refuse(
            "cannot verify a bundle with a key and without a log (kyverno#17363)",
            "sign with `ksign sign --format legacy`",
        );
    }
    Ok(())
}

fn pods(trust: &Trust, version: KyvernoVersion) -> Spec {
    let deny = trust.enforcement == Enforcement::Deny;
    let rule = ResourceRule::core(&["pods"], &["CREATE", "UPDATE"]);
    // A policy that only watches must not change what it sees.
    let digests = ValidationConfigurations { mutate_digest: deny, verify_digest: true, required: true };
    spec(trust, version, rule, digests, vec![signed(trust, IMAGES)])
}

/// Only the new containers are judged: the pod's others were let in before, perhaps by another policy.
fn ephemeral_containers(trust: &Trust, version: KyvernoVersion) -> Spec {
    let rule = ResourceRule::core(&["pods/ephemeralcontainers"], &["UPDATE"]);
    let digests = ValidationConfigurations { mutate_digest: false, verify_digest: false, required: false };
    let by_digest = Validation {
        expression: format!("{EPHEMERAL}.all(image, image.contains('@sha256:'))"),
        message: format!("{}: an image must be named by its digest", trust.name()),
    };
    spec(trust, version, rule, digests, vec![signed(trust, EPHEMERAL), by_digest])
}

fn spec(
    trust: &Trust,
    version: KyvernoVersion,
    rule: ResourceRule,
    validation_configurations: ValidationConfigurations,
    validations: Vec<Validation>,
) -> Spec {
    let action = if trust.enforcement == Enforcement::Deny { "Deny" } else { "Audit" };
    let globs = trust.repositories().iter().flat_map(Repository::raw_globs);
    Spec {
        validation_actions: vec![action.into()],
        failure_policy: "Fail".into(),
        webhook_configuration: WebhookConfiguration { timeout_seconds: TIMEOUT },
        match_constraints: MatchConstraints {
            namespace_selector: LabelSelector::namespaces(trust),
            resource_rules: vec![rule],
        },
        match_image_references: globs.map(|glob| ImageReference { glob }).collect(),
        validation_configurations,
        attestors: attestors(trust, version),
        validations,
    }
}

/// `verifyImageSignatures` counts the attestors that passed, so that more than none means any of them. An
/// error within counts as none: a registry that is down looks like an image that is not signed.
fn signed(trust: &Trust, images: &str) -> Validation {
    let count = match trust.authority() {
        Authority::Keys { keys, .. } => keys.iter().len(),
        Authority::Keyless { .. } => 1,
    };
    let names: Vec<String> = (1..=count).map(|number| format!("attestors.signer{number}")).collect();
    Validation {
        expression: format!(
            "{images}.map(image, verifyImageSignatures(image, [{}])).all(e, e > 0)",
            names.join(", ")
        ),
        message: format!("{}: an image is not signed by the expected signer", trust.name()),
    }
}

fn attestors(trust: &Trust, version: KyvernoVersion) -> Vec<Attestor> {
    let ctlog = Some(ctlog(trust.authority(), version));
    let signers: Vec<Cosign> = match trust.authority() {
        Authority::Keys { keys, .. } => keys
            .iter()
            .map(|key| Cosign {
                key: Some(Key { data: key.to_owned() }),
                ctlog: ctlog.clone(),
                ..Cosign::default()
            })
            .collect(),
        Authority::Keyless { identity, .. } => {
            let keyless = Some(Keyless { identities: vec![identity.into()] });
            vec![Cosign { keyless, ctlog, ..Cosign::default() }]
        }
    };
    signers
        .into_iter()
        .enumerate()
        .map(|(index, cosign)| Attestor { name: format!("signer{}", index + 1), cosign })
        .collect()
}

fn ctlog(authority: &Authority, version: KyvernoVersion) -> CtLog {
    match authority.log() {
        Some(url) => CtLog { url: Some(url.to_owned()), ..CtLog::default() },
        None => CtLog {
            // Before 1.19 a log that is not asked must still have an address (kyverno#16857).
            url: (version < KyvernoVersion::new(1, 19)).then(Authority::public_log),
            insecure_ignore_tlog: true,
            insecure_ignore_sct: true,
        },
    }
}
