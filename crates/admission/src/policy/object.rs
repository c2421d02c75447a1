//! What all Kubernetes objects share.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Trust;

/// A Kubernetes object without a status.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Object<S> {
    /// Group and version.
    pub api_version: String,
    /// The kind.
    pub kind: String,
    /// Name and labels.
    pub metadata: Metadata,
    /// What is wanted.
    pub spec: S,
}

/// Name and labels. There are no annotations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Metadata {
    /// The name.
    pub name: String,
    /// The namespace, for objects that have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

impl<S> Object<S> {
    /// An object of the cluster, marked as ours.
    pub fn new(api_version: &str, kind: &str, name: &str, spec: S) -> Self {
        let labels = BTreeMap::from([("app.kubernetes.io/managed-by".to_owned(), "kdeploy".to_owned())]);
        let metadata = Metadata { name: name.to_owned(), namespace: None, labels };
        Self { api_version: api_version.to_owned(), kind: kind.to_owned(), metadata, spec }
    }
}

/// `admissionregistration.k8s.io/v1 RuleWithOperations`, as far as policies of images need it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceRule {
    /// API groups.
    pub api_groups: Vec<String>,
    /// API versions.
    pub api_versions: Vec<String>,
    /// `CREATE`, `UPDATE`.
    pub operations: Vec<String>,
    /// Plural names.
    pub resources: Vec<String>,
}

impl ResourceRule {
    /// One resource of the core group.
    pub(crate) fn core(resources: &[&str], operations: &[&str]) -> Self {
        let list = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
        Self {
            api_groups: vec![String::new()],
            api_versions: vec!["v1".into()],
            operations: list(operations),
            resources: list(resources),
        }
    }
}

/// `metav1.LabelSelector`, as far as namespaces need it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LabelSelector {
    /// All must hold.
    pub match_expressions: Vec<Requirement>,
}

/// One demand on a label.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Requirement {
    /// The label.
    pub key: String,
    /// `In`.
    pub operator: String,
    /// The values.
    pub values: Vec<String>,
}

impl LabelSelector {
    /// The namespaces of `trust` by the label that the API server puts on each; `None` for all.
    pub(crate) fn namespaces(trust: &Trust) -> Option<Self> {
        let values = trust.namespaces().to_vec();
        (!values.is_empty()).then(|| Self {
            match_expressions: vec![Requirement {
                key: "kubernetes.io/metadata.name".into(),
                operator: "In".into(),
                values,
            }],
        })
    }
}
