//! Manifests on disk or on standard input, and which of their images is which.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use ktrust_admission::{Manifest, Pin, Pinned, Repository};
use ktrust_console::Printer;
use ktrust_oci::{Digest, ImageReference};

use crate::error::Error;
use crate::images::Image;

/// Reads every file; `-` is standard input.
pub(crate) fn read(files: &[PathBuf]) -> Result<Vec<Manifest>, Error> {
    files.iter().map(|file| read_one(file)).collect()
}

fn read_one(file: &Path) -> Result<Manifest, Error> {
    let unreadable = |source| Error::Read { path: file.to_owned(), source };
    if file.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().lock().read_to_string(&mut text).map_err(unreadable)?;
        return Ok(Manifest::parse("standard input", text)?);
    }
    let text = std::fs::read_to_string(file).map_err(unreadable)?;
    Ok(Manifest::parse(file.display().to_string(), text)?)
}

/// What to replace by what: one pin for each image.
pub(crate) fn pins(
    images: &[(&Image, Digest)],
    repository: Option<&Repository>,
    manifests: &[Manifest],
    printer: &Printer,
) -> Result<Vec<Pin>, Error> {
    if repository.is_some() && images.len() > 1 {
        return Err(Error::usage(
            "`--repository` is one, and several images are named",
            "write `--image NAME=REPOSITORY@DIGEST` for each",
        ));
    }
    let pin = |(image, digest): &(&Image, Digest)| {
        let target = target(image, repository, manifests, printer)?;
        let name = image.name.clone().unwrap_or_else(|| target.clone());
        Ok(Pin { name, target, tag: image.tag(), digest: digest.clone() })
    };
    images.iter().map(pin).collect()
}

/// The repository that the cluster pulls from.
fn target(
    image: &Image,
    repository: Option<&Repository>,
    manifests: &[Manifest],
    printer: &Printer,
) -> Result<Repository, Error> {
    match (repository, &image.reference) {
        (Some(repository), _) => Ok(repository.clone()),
        (None, ImageReference::Registry(reference)) => Ok(Repository::from(reference)),
        (None, ImageReference::Layout(_)) => {
            let only = only_repository(manifests).ok_or_else(|| {
                Error::usage(
                    format!("the image is in `{}`, which no cluster can pull from", image.reference.name()),
                    "name the repository that the cluster pulls from with `--repository`",
                )
            })?;
            printer.warn(format!(
                "the image is in `{}`: taken for `{only}`, the only image of the manifests; push it there",
                image.reference.name()
            ));
            Ok(only)
        }
    }
}

/// The repository of all images, if it is one.
fn only_repository(manifests: &[Manifest]) -> Option<Repository> {
    let mut images = manifests.iter().flat_map(Manifest::images).map(|image| image.image.as_str());
    let first: ktrust_oci::Reference = images.next()?.parse().ok()?;
    let repository = Repository::from(&first);
    images.all(|image| repository.holds(image)).then_some(repository)
}

/// Says what was pinned and what was not.
pub(crate) fn report(pinned: &[Pinned], printer: &Printer) {
    for manifest in pinned {
        for change in &manifest.changes {
            let image = &change.image;
            printer.line(format!("{}:{}: {} → {}", manifest.name, image.line, image.image, change.reference));
        }
    }
    for manifest in pinned {
        for image in &manifest.unpinned {
            printer
                .warn(format!("{}:{}: `{}` is not named by digest", manifest.name, image.line, image.image));
        }
    }
}
