//! Base images: resolved by digest, downloaded in parallel, unpacked once.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use ktrust_oci::{
    Descriptor, Digest, Digester, Document, ImageConfig, ImageReference, Manifest, Parsed, Platform,
    media_type,
};
use ktrust_registry::{Client, Repository, Selector};
use ktrust_rootfs::compress::decompress;
use ktrust_rootfs::{Refused, Root, UnpackOptions, unpack};

use crate::error::Error;
use crate::image::Layer;
use crate::stop::Stop;
use crate::work::Work;

/// Layers that are downloaded at once.
const PARALLEL_DOWNLOADS: usize = 4;

/// The largest image configuration that is read, in bytes. Real ones have a few KiB.
const CONFIG_LIMIT: u64 = 8 << 20;

/// A base image as it was resolved.
pub(crate) struct Base {
    /// As in the Dockerfile.
    pub(crate) name: String,
    /// What the name resolved to: an index or a manifest.
    pub(crate) digest: Digest,
    pub(crate) config: ImageConfig,
    pub(crate) layers: Vec<Layer>,
    repository: Repository,
}

/// What decides on a base image: its reference and the platform.
pub(crate) type BaseKey = (String, String);

impl Base {
    /// By what a build knows an image that it has resolved.
    pub(crate) fn key(reference: &ImageReference, platform: &Platform) -> BaseKey {
        (reference.to_string(), platform.to_string())
    }

    /// Asks the registry or the layout what `name` is for `platform`.
    pub(crate) async fn resolve(
        client: &Client,
        name: &str,
        reference: &ImageReference,
        platform: &Platform,
    ) -> Result<Arc<Self>, Error> {
        let repository = client.repository(reference);
        let fault = |source| Error::Base { name: name.into(), source };
        let document = repository.document(&Selector::of(reference)).await.map_err(fault)?;
        let digest = document.digest.clone();
        let manifest = select(&repository, name, document, platform).await?;
        let config = repository.blob(&manifest.config, CONFIG_LIMIT).await.map_err(fault)?;
        let config: ImageConfig = serde_json::from_slice(&config).map_err(|error| Error::BaseBroken {
            name: name.into(),
            why: format!("its configuration is not one: {error}"),
        })?;
        let layers = layers(name, &repository, &manifest, &config)?;
        Ok(Arc::new(Self { name: name.into(), digest, config, layers, repository }))
    }

    /// Downloads what the store lacks; bytes are verified as they arrive.
    pub(crate) async fn download(&self, work: &Work) -> Result<(), Error> {
        let fetches: Vec<_> =
            self.layers.iter().map(|layer| work.fetch(&self.repository, &layer.descriptor)).collect();
        stream::iter(fetches)
            .buffer_unordered(PARALLEL_DOWNLOADS)
            .try_collect::<()>()
            .await
            .map_err(|source| Error::Base { name: self.name.clone(), source })
    }

    /// Unpacks all layers into one new directory. The layers must be in the store. What this machine does
    /// not allow (device nodes in a user namespace) is left out and told.
    pub(crate) fn unpack(&self, work: &Work, stop: &Stop) -> Result<(PathBuf, Vec<Refused>), Error> {
        let directory = work.directory()?;
        let mut refused = Vec::new();
        for layer in &self.layers {
            let applied = self.apply(work, layer, &directory, stop);
            stop.check()?;
            refused.extend(applied?);
        }
        Ok((directory, refused))
    }

    fn apply(
        &self,
        work: &Work,
        layer: &Layer,
        directory: &Path,
        stop: &Stop,
    ) -> Result<Vec<Refused>, Error> {
        let broken = |source| Error::Read { path: work.store().blob_path(&layer.descriptor.digest), source };
        let blob = work.store().open_blob(&layer.descriptor)?;
        let mut tar = Tee { inner: decompress(blob).map_err(broken)?, digester: Digester::default(), stop };
        // Reads the stream to its end, so that the blob is verified as a whole.
        let unpacked = unpack(&mut tar, &Root::open(directory)?, &UnpackOptions::LAYER)?;
        let found = tar.digester.finish();
        if found != layer.diff_id {
            let why = format!(
                "layer {} unpacks to {found}, its configuration says {}",
                layer.descriptor.digest, layer.diff_id
            );
            return Err(Error::BaseBroken { name: self.name.clone(), why });
        }
        Ok(unpacked.refused)
    }
}

/// Of an index the manifest for the platform; a manifest as it is.
async fn select(
    repository: &Repository,
    name: &str,
    document: Document,
    platform: &Platform,
) -> Result<Manifest, Error> {
    let index = match document.parse()? {
        Parsed::Manifest(manifest) => return Ok(manifest),
        Parsed::Index(index) => index,
    };
    let Some(entry) = index.select(platform) else {
        let has = index.manifests.iter().filter_map(|entry| entry.platform.as_ref()).map(ToString::to_string);
        return Err(Error::BasePlatform {
            name: name.into(),
            platform: platform.to_string(),
            has: has.collect(),
        });
    };
    let fault = |source| Error::Base { name: name.into(), source };
    let inner = repository.document(&Selector::Digest(entry.digest.clone())).await.map_err(fault)?;
    match inner.parse()? {
        Parsed::Manifest(manifest) => Ok(manifest),
        Parsed::Index(_) => {
            Err(Error::BaseBroken { name: name.into(), why: "its index holds an index".into() })
        }
    }
}

fn layers(
    name: &str,
    repository: &Repository,
    manifest: &Manifest,
    config: &ImageConfig,
) -> Result<Vec<Layer>, Error> {
    let diff_ids = &config.rootfs.diff_ids;
    if diff_ids.len() != manifest.layers.len() {
        let why = format!("{} layers but {} diff ids", manifest.layers.len(), diff_ids.len());
        return Err(Error::BaseBroken { name: name.into(), why });
    }
    let layer = |(descriptor, diff_id): (&Descriptor, &Digest)| Layer {
        descriptor: as_oci(descriptor),
        diff_id: diff_id.clone(),
        origin: Some(repository.clone()),
    };
    Ok(manifest.layers.iter().zip(diff_ids).map(layer).collect())
}

/// One image never mixes Docker's and OCI's media types: the bytes are the same, so the name is changed.
fn as_oci(descriptor: &Descriptor) -> Descriptor {
    let mut descriptor = descriptor.clone();
    if descriptor.media_type == media_type::DOCKER_LAYER_GZIP {
        descriptor.media_type = media_type::OCI_LAYER_GZIP.into();
    }
    descriptor
}

/// Hashes what passes, and lets nothing pass any more once the build is to stop.
struct Tee<'a, R> {
    inner: R,
    digester: Digester,
    stop: &'a Stop,
}

impl<R: Read> Read for Tee<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.stop.check().map_err(std::io::Error::other)?;
        let count = self.inner.read(buffer)?;
        self.digester.update(&buffer[..count]);
        Ok(count)
    }
}
