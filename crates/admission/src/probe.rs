//! The probe: an unsigned image of a protected repository, which the cluster must refuse.
//!
//! Only a refusal *because of the signature* proves anything. So the probe image exists, is named by digest
//! (a glob for tags would miss it), and its pod satisfies the restricted Pod Security Standard, asks for
//! next to nothing and needs no token. The Deployment has no replicas: should it be let in, nothing runs.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::{Result, yaml};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Probe {
    api_version: &'static str,
    kind: &'static str,
    metadata: Value,
    spec: Value,
}

/// A Pod and a Deployment that use `image`, as YAML.
pub fn probe(name: &str, namespace: Option<&str>, image: &str) -> Result<String> {
    let labels =
        BTreeMap::from([("app.kubernetes.io/name", name), ("app.kubernetes.io/managed-by", "kdeploy")]);
    let metadata = match namespace {
        Some(namespace) => json!({"name": name, "namespace": namespace, "labels": labels}),
        None => json!({"name": name, "labels": labels}),
    };
    let deployment = json!({
        "replicas": 0,
        "selector": {"matchLabels": {"app.kubernetes.io/name": name}},
        "template": {"metadata": {"labels": labels}, "spec": pod(image, "Always")},
    });
    yaml::documents(&[
        Probe { api_version: "v1", kind: "Pod", metadata: metadata.clone(), spec: pod(image, "Never") },
        Probe { api_version: "apps/v1", kind: "Deployment", metadata, spec: deployment },
    ])
}

fn pod(image: &str, restart: &str) -> Value {
    json!({
        "restartPolicy": restart,
        "automountServiceAccountToken": false,
        "securityContext": {"runAsNonRoot": true, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [{
            "name": "probe",
            "image": image,
            "resources": {"requests": {"cpu": "1m", "memory": "1Mi"}, "limits": {"cpu": "10m", "memory": "16Mi"}},
            "securityContext": {
                "allowPrivilegeEscalation": false,
                "readOnlyRootFilesystem": true,
                "capabilities": {"drop": ["ALL"]},
            },
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::probe;
    use crate::Manifest;

    #[test]
    fn both_kinds_use_the_image() {
        let image = format!("registry.example/app@{}", ktrust_oci::Digest::of("x"));
        let text = probe("ktrust-probe", Some("shop"), &image).unwrap();
        let manifest = Manifest::parse("probe.yaml", text).unwrap();
        let seen: Vec<_> =
            manifest.images().iter().map(|found| (found.kind.as_str(), found.image.as_str())).collect();
        assert_eq!(seen, [("Pod", image.as_str()), ("Deployment", image.as_str())]);
        assert!(manifest.images().iter().all(|found| found.namespace.as_deref() == Some("shop")));
        assert!(!probe("p", None, &image).unwrap().contains("namespace"));
    }
}
