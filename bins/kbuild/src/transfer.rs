//! Images go from one place to another, byte for byte; and the files that tell of it.

use ktrust_console::Printer;
use ktrust_oci::{Descriptor, Digest, Document, ImageConfig, ImageReference, Parsed, Platform};
use ktrust_pipeline::{BuildRecord, Environment, ImageRecord, LayerRecord, Tool};
use ktrust_registry::{BlobSource, Client, Repository, Selector};

use crate::build::handed_on;
use crate::error::Error;
use crate::output::tag;
use crate::record::{Said, source};
use crate::settings::{Files, repository};
use crate::time::{now, rfc3339};
use crate::work::Work;

/// The largest configuration that is read.
const CONFIG_LIMIT: u64 = 8 << 20;

/// One image, and where it can be had.
pub(crate) struct Source {
    pub(crate) repository: Repository,
    /// The link to it, with its platform.
    pub(crate) link: Descriptor,
    pub(crate) record: ImageRecord,
}

/// Every image that a document stands for: itself, or those of an index.
pub(crate) async fn images(repository: &Repository, document: &Document) -> Result<Vec<Source>, Error> {
    let Parsed::Index(index) = document.parse()? else {
        return Ok(vec![one(repository, document, None).await?]);
    };
    let mut images = Vec::new();
    for entry in index.manifests {
        let inner = repository.document(&Selector::Digest(entry.digest.clone())).await?;
        images.push(one(repository, &inner, Some(entry)).await?);
    }
    Ok(images)
}

async fn one(
    repository: &Repository,
    document: &Document,
    entry: Option<Descriptor>,
) -> Result<Source, Error> {
    let manifest = document.manifest()?;
    let mut link = entry.unwrap_or_else(|| document.descriptor());
    let config = repository.blob(&manifest.config, CONFIG_LIMIT).await?;
    // The configuration of an artifact (an attestation) is none of an image.
    let config = ImageConfig::parse(&config).unwrap_or_default();
    let platform = link.platform.take().unwrap_or_else(|| config.platform());
    let layers = manifest.layers.iter().zip(&config.rootfs.diff_ids);
    let record = ImageRecord {
        platform: platform.to_string(),
        digest: document.digest.clone(),
        config: manifest.config.digest.clone(),
        layers: layers
            .map(|(layer, diff_id)| LayerRecord {
                digest: layer.digest.clone(),
                diff_id: diff_id.clone(),
                size: layer.size,
            })
            .collect(),
    };
    link.platform = Some(platform);
    Ok(Source { repository: repository.clone(), link, record })
}

/// Writes images, and then the document that stands for them under every tag, to every place.
pub(crate) async fn deliver(
    places: &[(Repository, Vec<String>)],
    images: &[Source],
    document: &Document,
    work: &Work,
) -> Result<(), Error> {
    for (to, tags) in places {
        for image in images {
            copy(&image.repository, to, &image.link.digest, work).await?;
        }
        publish(to, tags, document).await?;
    }
    Ok(())
}

/// Brings a manifest and its blobs to another repository; in the same one it is there.
async fn copy(from: &Repository, to: &Repository, digest: &Digest, work: &Work) -> Result<(), Error> {
    if from.name() == to.name() {
        return Ok(());
    }
    let document = from.document(&Selector::Digest(digest.clone())).await?;
    for blob in document.manifest()?.blobs() {
        if !to.has_blob(blob).await? && !to.mount_blob(blob, from).await? {
            send(from, to, blob, work).await?;
        }
    }
    to.put_document(None, &document).await?;
    Ok(())
}

async fn send(from: &Repository, to: &Repository, blob: &Descriptor, work: &Work) -> Result<(), Error> {
    if let Repository::Layout(local) = from {
        let layout = ktrust_oci::Layout::open(local.path())?;
        to.put_blob(blob, BlobSource::File(layout.blob_path(&blob.digest)), None).await?;
        return Ok(());
    }
    let file = work.file();
    from.fetch_blob(blob, &file).await?;
    to.put_blob(blob, BlobSource::File(file.clone()), None).await?;
    // What stays is removed with the work directory.
    let _ = std::fs::remove_file(file);
    Ok(())
}

/// Writes a document whose images are there under every tag, and reads it back.
async fn publish(to: &Repository, tags: &[String], document: &Document) -> Result<(), Error> {
    for tag in tags {
        to.put_document(Some(tag), document).await?;
    }
    to.document(&Selector::Digest(document.digest.clone())).await?;
    if let Parsed::Index(index) = document.parse()? {
        for entry in &index.manifests {
            to.resolve(&Selector::Digest(entry.digest.clone())).await?;
        }
    }
    Ok(())
}

/// The repositories of the references, each once with its tags, opened and proved to be ours to write.
pub(crate) async fn open(
    client: &Client,
    references: &[ImageReference],
) -> Result<Vec<(Repository, Vec<String>)>, Error> {
    let mut places: Vec<(Repository, Vec<String>)> = Vec::new();
    for reference in references {
        let repository = client.repository(reference);
        match places.iter_mut().find(|(known, _)| known.name() == repository.name()) {
            Some((_, tags)) => tags.push(tag(reference)),
            None => places.push((repository, vec![tag(reference)])),
        }
    }
    for (repository, _) in &places {
        repository.check_push().await?;
    }
    Ok(places)
}

/// What is told of the result.
pub(crate) struct Told<'a> {
    pub(crate) references: &'a [ImageReference],
    pub(crate) document: &'a Document,
    pub(crate) images: Vec<ImageRecord>,
    /// Seconds since 1970.
    pub(crate) started: i64,
}

/// Refuses, before anything is written, a hand-off that the file could not carry.
pub(crate) fn check(
    files: &Files,
    references: &[ImageReference],
    platforms: Vec<String>,
) -> Result<(), Error> {
    let draft = handed_on(references.iter(), references.iter(), &Digest::of(b""), "x", platforms);
    match draft.filter(|_| files.handoff.is_some()) {
        Some(handoff) => Ok(handoff.check(&files.handoff_prefix)?),
        None => Ok(()),
    }
}

/// Writes the files that name the result, and says where it is.
pub(crate) fn tell(
    files: &Files,
    told: &Told<'_>,
    printer: &Printer,
    environment: &dyn Environment,
) -> Result<(), Error> {
    let document = told.document;
    let config = told.images.first().filter(|_| !document.is_index()).map(|image| &image.config);
    let references = || told.references.iter();
    let (digest, platforms) = (&document.digest, platforms(&told.images));
    let said = Said {
        link: document.descriptor(),
        config,
        names: told.references,
        record: record(told, config, environment),
        handoff: handed_on(references(), references(), digest, &document.media_type, platforms),
    };
    said.write(files)?;
    for reference in told.references {
        printer.line(format!("pushed {reference}@{digest}"));
    }
    printer.data(digest);
    Ok(())
}

/// The platforms of images, without those of attestations.
pub(crate) fn platforms(images: &[ImageRecord]) -> Vec<String> {
    images.iter().map(|image| image.platform.clone()).filter(|platform| platform != UNKNOWN).collect()
}

/// What `BuildKit` says of attestations.
const UNKNOWN: &str = "unknown/unknown";

/// Whether a platform is one that something runs on.
pub(crate) fn is_real(platform: &Platform) -> bool {
    platform.to_string() != UNKNOWN
}

fn record(told: &Told<'_>, config: Option<&Digest>, environment: &dyn Environment) -> BuildRecord {
    BuildRecord {
        schema: 1,
        tool: Tool { name: "kbuild".into(), version: env!("CARGO_PKG_VERSION").into() },
        repository: told.references.first().map(repository).unwrap_or_default(),
        references: told.references.iter().map(ToString::to_string).collect(),
        digest: told.document.digest.clone(),
        media_type: told.document.media_type.clone(),
        layers: if config.is_some() { told.images[0].layers.clone() } else { Vec::new() },
        config: config.cloned(),
        platforms: platforms(&told.images),
        images: told.images.clone(),
        bases: Vec::new(),
        dockerfile: String::new(),
        target: None,
        build_args: Vec::new(),
        isolation: String::new(),
        started: rfc3339(told.started),
        finished: rfc3339(now()),
        steps: Vec::new(),
        probe: None,
        source: source(environment),
    }
}
