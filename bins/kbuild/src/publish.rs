//! The result goes out: blobs, manifest, tags, and only then the files that name it.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use ktrust_oci::{Document, ImageReference, LayoutReference};
use ktrust_registry::{BlobSource, Client, Repository, Selector};

use crate::error::Error;
use crate::image::{Image, Layer};
use crate::settings::Target;
use crate::work::Work;

/// Blobs that are uploaded at once to one repository.
const PARALLEL_UPLOADS: usize = 4;

/// A place to write to, opened before the build so that a wrong password fails in a second and not in an hour.
pub(crate) struct Destination {
    repository: Repository,
    /// All tags of this repository.
    tags: Vec<String>,
}

/// Opens every target, one destination for each repository, and proves that we may push there.
pub(crate) async fn open(client: &Client, targets: &[Target], push: bool) -> Result<Vec<Destination>, Error> {
    let mut destinations: Vec<Destination> = Vec::new();
    for target in targets {
        let (reference, tag) = named(target);
        let repository = client.repository(&reference);
        match destinations.iter_mut().find(|known| known.repository.name() == repository.name()) {
            Some(known) => known.tags.extend(tag),
            None => destinations.push(Destination { repository, tags: tag.into_iter().collect() }),
        }
    }
    if push {
        for destination in &destinations {
            destination.repository.check_push().await?;
        }
    }
    Ok(destinations)
}

fn named(target: &Target) -> (ImageReference, Option<String>) {
    match target {
        Target::Named(reference) => {
            let tag = match reference {
                ImageReference::Registry(reference) => reference.tag().unwrap_or("latest").to_owned(),
                ImageReference::Layout(layout) => layout.tag.clone().unwrap_or_else(|| "latest".into()),
            };
            (reference.clone(), Some(tag))
        }
        Target::Layout(path) => {
            let layout = LayoutReference { path: path.clone(), tag: None, digest: None };
            (ImageReference::Layout(layout), Some("latest".into()))
        }
    }
}

impl Destination {
    /// Writes the image: blobs, then the manifest under each tag; then reads it back.
    pub(crate) async fn write(&self, image: &Image, work: &Work) -> Result<(), Error> {
        let uploads: Vec<_> = image.layers.iter().map(|layer| self.layer(layer, work)).collect();
        stream::iter(uploads).buffer_unordered(PARALLEL_UPLOADS).try_collect::<()>().await?;
        self.config(image).await?;
        for tag in &self.tags {
            self.repository.put_document(Some(tag), &image.manifest).await?;
        }
        self.confirm(&image.manifest).await
    }

    /// Writes a manifest and its blobs by digest alone, without a tag.
    pub(crate) async fn write_untagged(&self, image: &Image) -> Result<String, Error> {
        self.config(image).await?;
        self.repository.put_document(None, &image.manifest).await?;
        self.confirm(&image.manifest).await?;
        Ok(format!("{}@{}", self.repository.name(), image.manifest.digest))
    }

    /// The hand-off must name what the registry has, not what we believe to have sent.
    async fn confirm(&self, manifest: &Document) -> Result<(), Error> {
        self.repository.document(&Selector::Digest(manifest.digest.clone())).await?;
        Ok(())
    }

    async fn config(&self, image: &Image) -> Result<(), Error> {
        let source = BlobSource::Bytes(image.config_bytes.clone().into());
        self.repository.put_blob(&image.config, source, None).await?;
        Ok(())
    }

    /// Brings one layer, by the cheapest way that works: it is there; the registry takes it over from the
    /// base image's repository; it is sent, and for that downloaded first where no step has needed it.
    async fn layer(&self, layer: &Layer, work: &Work) -> Result<(), Error> {
        let descriptor = &layer.descriptor;
        let file = work.store().blob_path(&descriptor.digest);
        if let Some(base) = &layer.origin {
            let there = self.repository.has_blob(descriptor).await?;
            if there || self.repository.mount_blob(descriptor, base).await? {
                return Ok(());
            }
            work.fetch(base, descriptor).await?;
        }
        self.repository.put_blob(descriptor, BlobSource::File(file), None).await?;
        Ok(())
    }
}
