//! Along the paths on which Kubernetes keeps pods.

use super::node::{Node, Scalar, Style, Value};
use super::{ContainerImage, Place};
use crate::{Error, Result};

/// Every image of every document.
pub(super) fn images(name: &str, documents: &[(usize, Node)]) -> Result<Vec<ContainerImage>> {
    let mut walk = Walk { name, images: Vec::new() };
    for (number, document) in documents {
        walk.object(*number, document)?;
    }
    Ok(walk.images)
}

struct Walk<'a> {
    name: &'a str,
    images: Vec<ContainerImage>,
}

/// The object that is being walked.
struct Owner<'a> {
    document: usize,
    kind: &'a str,
    object: Option<&'a str>,
    namespace: Option<&'a str>,
}

const LISTS: [(&str, Place); 3] = [
    ("initContainers", Place::Init),
    ("containers", Place::Container),
    ("ephemeralContainers", Place::Ephemeral),
];

impl Walk<'_> {
    fn object(&mut self, document: usize, object: &Node) -> Result<()> {
        let Some(kind) = object.get("kind").and_then(Node::text) else { return Ok(()) };
        self.step(object)?;
        if kind.ends_with("List")
            && let Some(items) = object.get("items")
        {
            self.step(items)?;
            return items.items().iter().try_for_each(|item| self.object(document, item));
        }
        let metadata =
            |key| object.get("metadata").and_then(|metadata| metadata.get(key)).and_then(Node::text);
        let owner = Owner { document, kind, object: metadata("name"), namespace: metadata("namespace") };
        match self.descend(object, path(kind))? {
            Some(pod) => self.pod(&owner, pod),
            None => Ok(()),
        }
    }

    /// Follows a path of keys; every node on it must be what it looks like.
    fn descend<'n>(&self, object: &'n Node, path: &[&str]) -> Result<Option<&'n Node>> {
        let mut node = object;
        for key in path {
            self.step(node)?;
            let Some(next) = node.get(key) else { return Ok(None) };
            node = next;
        }
        self.step(node)?;
        Ok(Some(node))
    }

    fn pod(&mut self, owner: &Owner<'_>, pod: &Node) -> Result<()> {
        for (key, place) in LISTS {
            let Some(list) = pod.get(key) else { continue };
            self.step(list)?;
            for container in list.items() {
                self.step(container)?;
                self.image(owner, place, container, container.get("image"))?;
            }
        }
        let Some(volumes) = pod.get("volumes") else { return Ok(()) };
        self.step(volumes)?;
        for volume in volumes.items() {
            self.step(volume)?;
            let Some(source) = volume.get("image") else { continue };
            self.step(source)?;
            self.image(owner, Place::Volume, volume, source.get("reference"))?;
        }
        Ok(())
    }

    fn image(&mut self, owner: &Owner<'_>, place: Place, holder: &Node, image: Option<&Node>) -> Result<()> {
        // A container without an image is legal in a template that an operator completes.
        let Some(node) = image else { return Ok(()) };
        let Value::Scalar(Scalar { text, style, span }) = &node.value else {
            return Err(self.form(
                node.line,
                "an image must be one text",
                "write the image as `repository:tag`",
            ));
        };
        self.images.push(ContainerImage {
            document: owner.document,
            kind: owner.kind.to_owned(),
            object: owner.object.map(str::to_owned),
            namespace: owner.namespace.map(str::to_owned),
            container: holder.get("name").and_then(Node::text).map(str::to_owned),
            place,
            image: text.clone(),
            line: node.line,
            span: span.clone(),
            style: *style,
        });
        Ok(())
    }

    /// Refuses what could hide an image from this reader.
    fn step(&self, node: &Node) -> Result<()> {
        const CURE: &str =
            "write the containers out: the API server sees what the alias stands for, this tool does not";
        match &node.value {
            Value::Alias | Value::Scalar(Scalar { style: Style::Alias, .. }) => {
                Err(self.form(node.line, "an alias stands where containers are looked for", CURE))
            }
            Value::Mapping(entries) => match entries.iter().find(|(key, _)| key.text() == Some("<<")) {
                Some((key, _)) => {
                    Err(self.form(key.line, "a merge key stands where containers are looked for", CURE))
                }
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn form(&self, line: usize, problem: &str, cure: &'static str) -> Error {
        Error::Form { source_name: self.name.to_owned(), line, problem: problem.to_owned(), cure }
    }
}

/// Where an object of this kind keeps its pod. Deployments, `StatefulSets`, `DaemonSets`, `ReplicaSets`, Jobs
/// and most custom workloads (Argo Rollouts, Knative Services) use one path; an object without it has no
/// pod.
fn path(kind: &str) -> &'static [&'static str] {
    match kind {
        "Pod" => &["spec"],
        "PodTemplate" => &["template", "spec"],
        "CronJob" => &["spec", "jobTemplate", "spec", "template", "spec"],
        _ => &["spec", "template", "spec"],
    }
}
