//! Replacing images by their digests, and nothing else.
//!
//! The digest is put behind the canonical repository, `registry/path:tag@sha256:…`. The tag is the one that
//! the digest was verified under, if the caller knows it, and else there is none: what the manifest said
//! before may be any other image's, and beside a digest a tag is a remark that nothing checks. Kubernetes
//! takes both forms; Kyverno drops the tag before it matches canonical globs, which is why ours cover `@`.
//!
//! Only the bytes of image values change. Quotes stay, and with them comments, order, anchors, blank lines
//! and line ends. Afterwards the result is read again and compared, so that a mistake here is an error and
//! never a different deployment.

use ktrust_oci::{Digest, Reference};

use crate::manifest::Style;
use crate::{ContainerImage, Error, Manifest, Repository, Result};

/// An image to put by digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The repository as manifests name it.
    pub name: Repository,
    /// The repository to write; mostly the same.
    pub target: Repository,
    /// The tag to write beside the digest.
    pub tag: Option<String>,
    /// The digest that was verified.
    pub digest: Digest,
}

impl Pin {
    /// Pins the images of the reference's own repository.
    pub fn new(repository: Repository, digest: Digest) -> Self {
        Self { name: repository.clone(), target: repository, tag: None, digest }
    }

    /// The reference that is written.
    pub fn reference(&self) -> String {
        let tag = self.tag.as_ref().map(|tag| format!(":{tag}")).unwrap_or_default();
        format!("{}{tag}@{}", self.target, self.digest)
    }

    fn applies(&self, image: &str) -> bool {
        self.name.holds(image)
    }
}

/// A manifest with its images pinned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinned {
    /// What messages call the manifest.
    pub name: String,
    /// The text, changed in image values only.
    pub text: String,
    /// Every image that a pin applies to, whether its text had to change or not.
    pub changes: Vec<Change>,
    /// Images that no pin applies to and that are not named by digest.
    pub unpinned: Vec<ContainerImage>,
}

/// An image that is pinned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The image as it was.
    pub image: ContainerImage,
    /// The reference that is there now.
    pub reference: String,
}

/// Pins the images of several manifests. Every pin must apply somewhere, or nothing is pinned at all: a
/// deploy in which the verified image does not occur would run something else.
pub fn pin(manifests: &[Manifest], pins: &[Pin]) -> Result<Vec<Pinned>> {
    let all = || {
        manifests.iter().flat_map(|manifest| manifest.images().iter().map(|image| (manifest.name(), image)))
    };
    if let Some(pin) = pins.iter().find(|pin| !all().any(|(_, image)| pin.applies(&image.image))) {
        return Err(Error::uncovered(pin.name.to_string(), all()));
    }
    manifests.iter().map(|manifest| pin_one(manifest, pins)).collect()
}

fn pin_one(manifest: &Manifest, pins: &[Pin]) -> Result<Pinned> {
    let (mut changes, mut unpinned) = (Vec::new(), Vec::new());
    for image in manifest.images() {
        match pins.iter().find(|pin| pin.applies(&image.image)) {
            Some(pin) => changes.push(Change { image: image.clone(), reference: pin.reference() }),
            None if has_digest(&image.image) => {}
            None => unpinned.push(image.clone()),
        }
    }
    let text = edit(manifest, &changes)?;
    let pinned = Pinned { name: manifest.name().to_owned(), text, changes, unpinned };
    check(manifest, &pinned)?;
    Ok(pinned)
}

fn has_digest(image: &str) -> bool {
    image.parse::<Reference>().is_ok_and(|reference| reference.digest().is_some())
}

/// Puts the new references into the text, from the last to the first so that places stay valid.
fn edit(manifest: &Manifest, changes: &[Change]) -> Result<String> {
    let mut edits = Vec::new();
    for change in changes.iter().filter(|change| change.image.image != change.reference) {
        edits.push((place(manifest, &change.image)?, change.reference.as_str()));
    }
    edits.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    let mut text = manifest.text().to_owned();
    for (span, reference) in edits {
        text.replace_range(span, reference);
    }
    Ok(text)
}

/// Where exactly the image stands, within its quotes.
fn place(manifest: &Manifest, image: &ContainerImage) -> Result<std::ops::Range<usize>> {
    let refuse = |problem: &str, cure| {
        let problem = format!("the image `{}` {problem}", image.image.trim());
        Err(Error::Form { source_name: manifest.name().to_owned(), line: image.line, problem, cure })
    };
    let span = image.span.clone();
    let inner = match image.style {
        Style::Plain => span,
        Style::SingleQuoted | Style::DoubleQuoted => span.start + 1..span.end.saturating_sub(1),
        Style::Block => return refuse("is a block of text", "write it on one line: `image: repository:tag`"),
        Style::Alias => return refuse("is an alias", "write it out: an anchor may be used elsewhere too"),
    };
    if manifest.text().get(inner.clone()) == Some(image.image.as_str()) {
        return Ok(inner);
    }
    refuse("is written with escapes or over several lines", "write it on one line, without escapes")
}

/// Reads the result and compares: the same containers, the pinned ones changed, all others not.
fn check(manifest: &Manifest, pinned: &Pinned) -> Result<()> {
    let wrong = || Error::Edit { source_name: manifest.name().to_owned() };
    let after = Manifest::parse(manifest.name(), pinned.text.as_str()).map_err(|_| wrong())?;
    let mut changes = pinned.changes.iter();
    let mut next = changes.next();
    let same = |before: &ContainerImage, now: &ContainerImage, image: &str| {
        before.document == now.document
            && (&before.kind, &before.object, &before.container) == (&now.kind, &now.object, &now.container)
            && (before.place, before.line) == (now.place, now.line)
            && now.image == image
    };
    let mut all_same = after.images().len() == manifest.images().len();
    for (before, now) in manifest.images().iter().zip(after.images()) {
        let change = next.filter(|change| change.image == *before);
        all_same &= same(before, now, change.map_or(&before.image, |change| &change.reference));
        if change.is_some() {
            next = changes.next();
        }
    }
    if all_same && next.is_none() { Ok(()) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests;
