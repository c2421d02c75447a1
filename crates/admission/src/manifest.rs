//! Kubernetes manifests: every container image with its place in the text.
//!
//! A manifest is a YAML stream (JSON is YAML too). It is read into a tree that remembers where each scalar
//! stands, and the tree is walked along the paths on which Kubernetes keeps pods. An alias or a merge key
//! on such a path is refused with its line: it could hide an image from this reader that the API server
//! would see.

mod node;
mod walk;

use std::ops::Range;

pub(crate) use node::Style;

use crate::Result;

/// A manifest that was read.
#[derive(Clone, Debug)]
pub struct Manifest {
    name: String,
    text: String,
    images: Vec<ContainerImage>,
}

/// An image that a pod uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerImage {
    /// The document within the stream, from 1.
    pub document: usize,
    /// The kind of the object, `Deployment`.
    pub kind: String,
    /// The name of the object, where it has one.
    pub object: Option<String>,
    /// The namespace that the object names.
    pub namespace: Option<String>,
    /// The name of the container or volume.
    pub container: Option<String>,
    /// Where in the pod.
    pub place: Place,
    /// The image as the API server will read it.
    pub image: String,
    /// The line of the image, from 1.
    pub line: usize,
    pub(crate) span: Range<usize>,
    pub(crate) style: Style,
}

/// Where in a pod an image is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// `initContainers`.
    Init,
    /// `containers`.
    Container,
    /// `ephemeralContainers`.
    Ephemeral,
    /// `volumes[].image`, which no engine's built-in extraction looks at.
    Volume,
}

impl Manifest {
    /// Reads a manifest. `name` is what messages call it: a path, or `standard input`.
    pub fn parse(name: impl Into<String>, text: impl Into<String>) -> Result<Self> {
        let (name, text) = (name.into(), text.into());
        let documents = node::parse(&name, &text)?;
        let images = walk::images(&name, &documents)?;
        Ok(Self { name, text, images })
    }

    /// What messages call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text, byte for byte.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Every image, in the order of the text within each object.
    pub fn images(&self) -> &[ContainerImage] {
        &self.images
    }
}

#[cfg(test)]
mod tests;
