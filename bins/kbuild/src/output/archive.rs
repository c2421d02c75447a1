//! `type=oci` and `type=docker`: an image layout in a tar; the second with docker's own list of contents, so
//! that `docker load` and `podman load` of every version read it.

use std::collections::BTreeMap;
use std::io::{Read, Write};

use ktrust_oci::{Descriptor, Digest, ImageReference, Index, REF_NAME};
use ktrust_rootfs::TreeArchive;
use serde_json::json;

use super::Tools;
use super::layout::entries;
use crate::error::Error;
use crate::product::Product;

/// Writes the archive. Its bytes depend on the images and names alone.
pub(super) fn write(
    product: &Product<'_>,
    names: &[ImageReference],
    docker: bool,
    tools: &Tools<'_>,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let mut archive = TreeArchive::new(out);
    text(&mut archive, "oci-layout", &json!({"imageLayoutVersion": "1.0.0"}))?;
    text(&mut archive, "index.json", &index(product, names))?;
    if docker {
        text(&mut archive, "manifest.json", &manifest(product, names))?;
        text(&mut archive, "repositories", &repositories(product, names))?;
    }
    archive.directory("blobs")?;
    archive.directory("blobs/sha256")?;
    for document in product.inner().iter().chain([product.top()]) {
        blob(&mut archive, &document.descriptor(), document.bytes.as_slice())?;
    }
    for (config, bytes) in product.config_blobs() {
        blob(&mut archive, config, bytes)?;
    }
    for layer in product.layers() {
        tools.stop.check()?;
        blob(&mut archive, &layer.descriptor, tools.store.open_blob(&layer.descriptor)?)?;
    }
    archive.finish()?;
    Ok(())
}

fn index(product: &Product<'_>, names: &[ImageReference]) -> Index {
    let tagged = |(tag, mut entry): (String, Descriptor)| {
        entry.annotations.insert(REF_NAME.into(), tag);
        entry
    };
    Index::new(entries(product, names).into_iter().map(tagged).collect())
}

/// docker's list: for each image its configuration, its names, its layers.
fn manifest(product: &Product<'_>, names: &[ImageReference]) -> serde_json::Value {
    let layers = |image: &crate::image::Image| -> Vec<String> {
        image.layers.iter().map(|layer| path(&layer.descriptor.digest)).collect()
    };
    let entry = |(image, config): (&crate::image::Image, &Descriptor)| json!({"Config": path(&config.digest), "RepoTags": tags(names), "Layers": layers(image)});
    product.images.iter().zip(&product.configs).map(entry).collect()
}

/// docker's older list: repository, tag, top layer.
fn repositories(
    product: &Product<'_>,
    names: &[ImageReference],
) -> BTreeMap<String, BTreeMap<String, String>> {
    let top = product.images.first().and_then(|image| image.layers.last());
    let mut repositories: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for reference in names {
        if let (ImageReference::Registry(reference), Some(top)) = (reference, top) {
            let tags = repositories.entry(reference.name()).or_default();
            let tag = reference.tag().unwrap_or("latest");
            tags.insert(tag.into(), top.descriptor.digest.hex().into());
        }
    }
    repositories
}

/// Names of registries only: a layout's path is no name in docker.
fn tags(names: &[ImageReference]) -> Vec<String> {
    let is_registry = |reference: &&ImageReference| matches!(reference, ImageReference::Registry(_));
    names.iter().filter(is_registry).map(ToString::to_string).collect()
}

fn path(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm().as_str(), digest.hex())
}

fn text<W: Write>(
    archive: &mut TreeArchive<W>,
    name: &str,
    content: &impl serde::Serialize,
) -> Result<(), Error> {
    let bytes = serde_json::to_vec(content).map_err(Error::Serialize)?;
    Ok(archive.file(name, bytes.len() as u64, bytes.as_slice())?)
}

fn blob<W: Write>(archive: &mut TreeArchive<W>, link: &Descriptor, content: impl Read) -> Result<(), Error> {
    Ok(archive.file(&path(&link.digest), link.size, content)?)
}
