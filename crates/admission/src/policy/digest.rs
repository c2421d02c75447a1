//! Kubernetes' `ValidatingAdmissionPolicy`: images of the repositories must be named by digest.
//!
//! It runs within the API server, so that no webhook can be down, and it cannot verify signatures. It
//! matches pods and their ephemeral containers only: a controller's bad image is refused when its pods are
//! created. Images that a pod already runs are let be: an old pod must be able to lose its finalizers.

use serde::{Deserialize, Serialize};

use super::image_validating::{MatchConstraints, Validation};
use super::{Document, LabelSelector, Object, Policy, ResourceRule};
use crate::identity::quote;
use crate::{Enforcement, Repository, Trust};

const API_VERSION: &str = "admissionregistration.k8s.io/v1";

/// The specification of the policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Spec {
    /// `Fail`.
    pub failure_policy: String,
    /// Which requests.
    pub match_constraints: MatchConstraints,
    /// Names for parts of the expressions.
    pub variables: Vec<Variable>,
    /// What must hold.
    pub validations: Vec<Validation>,
}

/// A name for an expression.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// `variables.NAME` in later expressions.
    pub name: String,
    /// CEL.
    pub expression: String,
}

/// The specification of the binding, without which the policy does nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BindingSpec {
    /// The policy.
    pub policy_name: String,
    /// `Deny` or `Audit`.
    pub validation_actions: Vec<String>,
}

/// The images of every container of a pod; `OBJECT` is `object` or `oldObject`.
const IMAGES: &str = "OBJECT.spec.containers.map(c, c.image) \
     + (has(OBJECT.spec.initContainers) ? OBJECT.spec.initContainers.map(c, c.image) : []) \
     + (has(OBJECT.spec.ephemeralContainers) ? OBJECT.spec.ephemeralContainers.map(c, c.image) : [])";

pub(super) fn generate(trust: &Trust) -> Policy {
    let name = format!("{}-digest", trust.name());
    let spec = Spec {
        failure_policy: "Fail".into(),
        match_constraints: MatchConstraints {
            namespace_selector: LabelSelector::namespaces(trust),
            resource_rules: vec![ResourceRule::core(
                &["pods", "pods/ephemeralcontainers"],
                &["CREATE", "UPDATE"],
            )],
        },
        variables: vec![
            variable("images", IMAGES.replace("OBJECT", "object")),
            variable("before", format!("oldObject == null ? [] : {}", IMAGES.replace("OBJECT", "oldObject"))),
        ],
        validations: vec![Validation {
            expression: format!(
                "variables.images.all(image, image in variables.before || !image.matches(r'{}') \
                 || image.matches(r'@sha256:[0-9a-f]{{64}}$'))",
                pattern(trust)
            ),
            message: format!("{}: an image must be named by its digest", trust.name()),
        }],
    };
    let action = if trust.enforcement == Enforcement::Deny { "Deny" } else { "Audit" };
    let binding = BindingSpec { policy_name: name.clone(), validation_actions: vec![action.into()] };
    let documents = vec![
        Document::Digest(Object::new(API_VERSION, "ValidatingAdmissionPolicy", &name, spec)),
        Document::DigestBinding(Object::new(API_VERSION, "ValidatingAdmissionPolicyBinding", &name, binding)),
    ];
    let warning = "a ValidatingAdmissionPolicy demands digests and verifies no signature";
    Policy { documents, warnings: vec![warning.into()] }
}

fn variable(name: &str, expression: String) -> Variable {
    Variable { name: name.to_owned(), expression }
}

/// Every spelling of the repositories, with or without tag and digest.
fn pattern(trust: &Trust) -> String {
    let spellings = trust.repositories().iter().flat_map(Repository::spellings);
    let quoted: Vec<String> = spellings.map(|spelling| quote(&spelling)).collect();
    format!("^({})([:@].*)?$", quoted.join("|"))
}
