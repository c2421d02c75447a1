//! Images anywhere: in a registry or in a layout on disk.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::error::ReferenceProblem as Problem;
use crate::reference::split_tag;
use crate::{Digest, Error, Reference, Result};

/// Where an image is.
///
/// `oci:PATH[:TAG][@DIGEST]`, where `PATH` starts with `/`, `./` or `../`, is a layout; everything else
/// is in a registry, so that `oci:latest` stays the image `oci` of Docker Hub.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ImageReference {
    /// In a registry.
    Registry(Reference),
    /// In an OCI image layout.
    Layout(LayoutReference),
}

/// An image in a layout.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LayoutReference {
    /// The directory.
    pub path: PathBuf,
    /// The tag; without it and without a digest, the only image or `latest`.
    pub tag: Option<String>,
    /// The digest; it wins over the tag.
    pub digest: Option<Digest>,
}

impl ImageReference {
    /// The digest, where one was written.
    pub fn digest(&self) -> Option<&Digest> {
        match self {
            Self::Registry(reference) => reference.digest(),
            Self::Layout(reference) => reference.digest.as_ref(),
        }
    }

    /// The tag, where there is one.
    pub fn tag(&self) -> Option<&str> {
        match self {
            Self::Registry(reference) => reference.tag(),
            Self::Layout(reference) => reference.tag.as_deref(),
        }
    }

    /// The same place at a digest; the tag is dropped.
    #[must_use]
    pub fn with_digest(&self, digest: Digest) -> Self {
        match self {
            Self::Registry(reference) => Self::Registry(reference.with_digest(digest)),
            Self::Layout(reference) => {
                Self::Layout(LayoutReference { tag: None, digest: Some(digest), ..reference.clone() })
            }
        }
    }

    /// The place without tag and digest: `docker.io/library/busybox`, `oci:./images`.
    pub fn name(&self) -> String {
        match self {
            Self::Registry(reference) => reference.name(),
            Self::Layout(reference) => format!("oci:{}", reference.path.display()),
        }
    }
}

impl FromStr for ImageReference {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.strip_prefix("oci:") {
            Some(rest) if rest.starts_with(['/', '.']) => {
                let wrong = |problem| Error::Reference { text: text.to_owned(), problem };
                parse_layout(rest).map(Self::Layout).map_err(wrong)
            }
            _ => text.parse().map(Self::Registry),
        }
    }
}

fn parse_layout(text: &str) -> Result<LayoutReference, Problem> {
    // A path may hold `@` itself; only what looks like a digest ends it.
    let (rest, digest) = match text.rsplit_once('@') {
        Some((rest, digest)) if !digest.contains('/') => {
            (rest, Some(digest.parse().map_err(|_| Problem::Digest)?))
        }
        _ => (text, None),
    };
    let (path, tag) = split_tag(rest);
    if !["/", "./", "../"].iter().any(|start| path.starts_with(start)) && path != "." && path != ".." {
        return Err(Problem::LayoutPath);
    }
    if tag.is_some_and(str::is_empty) {
        return Err(Problem::Tag);
    }
    Ok(LayoutReference { path: path.into(), tag: tag.map(str::to_owned), digest })
}

impl fmt::Display for ImageReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry(reference) => reference.fmt(formatter),
            Self::Layout(reference) => reference.fmt(formatter),
        }
    }
}

impl fmt::Display for LayoutReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "oci:{}", self.path.display())?;
        if let Some(tag) = &self.tag {
            write!(formatter, ":{tag}")?;
        }
        match &self.digest {
            Some(digest) => write!(formatter, "@{digest}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ImageReference;
    use crate::Digest;

    #[test]
    fn layouts_and_registries() {
        let digest = Digest::of("x");
        for (text, path, tag, has_digest) in [
            ("oci:/a/b".to_owned(), "/a/b", None, false),
            ("oci:./a:v1".to_owned(), "./a", Some("v1"), false),
            (format!("oci:../a:v1@{digest}"), "../a", Some("v1"), true),
            (format!("oci:/a@b/c@{digest}"), "/a@b/c", None, true),
            ("oci:/a:b/c".to_owned(), "/a:b/c", None, false),
            ("oci:.".to_owned(), ".", None, false),
        ] {
            let reference: ImageReference = text.parse().unwrap();
            assert_eq!(reference.to_string(), text);
            assert_eq!((reference.tag(), reference.digest().is_some()), (tag, has_digest), "{text}");
            let ImageReference::Layout(layout) = reference else { panic!("{text}") };
            assert_eq!(layout.path.to_str(), Some(path));
        }
        let hub: ImageReference = "oci:latest".parse().unwrap();
        assert_eq!(hub.to_string(), "docker.io/library/oci:latest");
        for text in ["oci:.hidden", "oci:/a:", "oci:/a@sha256:x"] {
            assert!(text.parse::<ImageReference>().is_err(), "{text}");
        }
        let pinned = "oci:/a:t".parse::<ImageReference>().unwrap().with_digest(digest.clone());
        assert_eq!(pinned.to_string(), format!("oci:/a@{digest}"));
        assert_eq!(pinned.name(), "oci:/a");
    }
}
