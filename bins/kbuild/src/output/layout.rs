//! `type=oci,tar=false`: an image layout on disk.

use std::path::Path;

use ktrust_oci::{Descriptor, ImageReference, Layout};

use super::tag;
use crate::error::Error;
use crate::product::Product;

/// The annotation that holds an image's whole name, as containerd reads it.
pub(super) const IMAGE_NAME: &str = "io.containerd.image.name";
/// When the image was made, as `BuildKit` notes it on the link.
const CREATED: &str = "org.opencontainers.image.created";

/// Writes the images into a layout, which may have others: blobs first, the names last.
pub(super) fn write(
    product: &Product<'_>,
    names: &[ImageReference],
    store: &Layout,
    path: &Path,
) -> Result<(), Error> {
    let layout = Layout::create(path)?;
    for layer in product.layers() {
        layout.write_blob(&layer.descriptor, store.open_raw(&layer.descriptor.digest)?)?;
    }
    for (config, bytes) in product.config_blobs() {
        layout.write_blob(config, bytes)?;
    }
    for document in product.inner().iter().chain([product.top()]) {
        layout.write_document(None, document)?;
    }
    for (tag, entry) in entries(product, names) {
        layout.add_entry(Some(&tag), entry)?;
    }
    Ok(())
}

/// The links in `index.json` with their tags: one for each name, or one called `latest`.
pub(super) fn entries(product: &Product<'_>, names: &[ImageReference]) -> Vec<(String, Descriptor)> {
    let mut link = product.link();
    if let Some(image) = product.images.first() {
        link.annotations.entry(CREATED.into()).or_insert_with(|| image.created.clone());
    }
    let tagged = |reference: &ImageReference| {
        let mut link = link.clone();
        if let ImageReference::Registry(reference) = reference {
            link.annotations.insert(IMAGE_NAME.into(), reference.to_string());
        }
        (tag(reference), link)
    };
    if names.is_empty() { vec![("latest".into(), link)] } else { names.iter().map(tagged).collect() }
}
