//! Into repositories, in registries and layouts: blobs, manifests, and the tags last.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use ktrust_oci::{Document, ImageReference, Layout};
use ktrust_registry::{BlobSource, Client, Repository, Selector};

use crate::error::Error;
use crate::image::{Image, Layer};
use crate::product::Product;
use crate::settings::{Form, Output, Place};

/// Blobs that are sent at once to one repository, or fetched from one.
pub(super) const PARALLEL: usize = 4;

/// A place to write to, opened before the build so that a wrong password fails in a second and not in an hour.
pub(crate) struct Destination {
    pub(super) repository: Repository,
    pub(super) form: Form,
    /// All tags of this repository; none means by digest alone.
    tags: Vec<String>,
}

/// Opens every repository, one destination for each and each form, and proves that we may push there.
pub(crate) async fn open(client: &Client, outputs: &[Output]) -> Result<Vec<Destination>, Error> {
    let mut destinations: Vec<Destination> = Vec::new();
    for output in outputs {
        let Place::Repository { reference, by_digest } = &output.place else { continue };
        let repository = client.repository(reference);
        let tag = (!by_digest).then(|| tag(reference));
        let same = |known: &&mut Destination| {
            known.repository.name() == repository.name() && known.form == output.form
        };
        match destinations.iter_mut().find(same) {
            Some(known) => known.tags.extend(tag),
            None => destinations.push(Destination {
                repository,
                form: output.form.clone(),
                tags: tag.into_iter().collect(),
            }),
        }
    }
    for destination in &destinations {
        destination.repository.check_push().await?;
    }
    Ok(destinations)
}

/// The tag that is meant where none is written is `latest`.
pub(crate) fn tag(reference: &ImageReference) -> String {
    reference.tag().unwrap_or("latest").to_owned()
}

impl Destination {
    /// Writes the images: blobs, then their manifests, then the whole under each tag; then reads it back.
    pub(crate) async fn write(&self, product: &Product<'_>, store: &Layout) -> Result<(), Error> {
        self.content(product, store).await?;
        for tag in &self.tags {
            self.repository.put_document(Some(tag), product.top()).await?;
        }
        if self.tags.is_empty() {
            self.repository.put_document(None, product.top()).await?;
        }
        self.confirm(product.top()).await
    }

    /// Writes an image by digest alone, without a tag.
    pub(crate) async fn write_untagged(&self, image: Image, store: &Layout) -> Result<String, Error> {
        let images = [image];
        let product = Product::new(&images, &Form::default())?;
        self.content(&product, store).await?;
        self.repository.put_document(None, product.top()).await?;
        self.confirm(product.top()).await?;
        Ok(format!("{}@{}", self.repository.name(), product.top().digest))
    }

    /// Everything that the top document leads to.
    async fn content(&self, product: &Product<'_>, store: &Layout) -> Result<(), Error> {
        let uploads: Vec<_> = product.layers().into_iter().map(|layer| self.layer(layer, store)).collect();
        stream::iter(uploads).buffer_unordered(PARALLEL).try_collect::<()>().await?;
        for (config, bytes) in product.config_blobs() {
            self.repository.put_blob(config, BlobSource::Bytes(bytes.to_vec().into()), None).await?;
        }
        for manifest in product.inner() {
            self.repository.put_document(None, manifest).await?;
        }
        Ok(())
    }

    /// The hand-off must name what the registry has, not what we believe to have sent.
    async fn confirm(&self, document: &Document) -> Result<(), Error> {
        self.repository.document(&Selector::Digest(document.digest.clone())).await?;
        Ok(())
    }

    /// Brings one layer, by the cheapest way that works: it is there; the registry takes it over from the
    /// base image's repository; it is sent, and for that downloaded first where no step has needed it.
    async fn layer(&self, layer: &Layer, store: &Layout) -> Result<(), Error> {
        let descriptor = &layer.descriptor;
        let file = store.blob_path(&descriptor.digest);
        if let Some(base) = &layer.origin {
            let there = self.repository.has_blob(descriptor).await?;
            if there || self.repository.mount_blob(descriptor, base).await? {
                return Ok(());
            }
            if !store.has_blob(&descriptor.digest) {
                base.fetch_blob(descriptor, &file).await?;
            }
        }
        self.repository.put_blob(descriptor, BlobSource::File(file), None).await?;
        Ok(())
    }
}
