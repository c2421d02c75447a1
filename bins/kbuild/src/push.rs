//! `kbuild push`: a layout or an archive that was written before goes to registries, its digest unchanged.

mod archive;

use std::path::Path;

use ktrust_console::Printer;
use ktrust_oci::{Document, ImageReference, Layout, LayoutReference};
use ktrust_pipeline::Environment;
use ktrust_registry::{Client, Repository, Selector};

use crate::build::runtime;
use crate::cli::PushArguments;
use crate::error::Error;
use crate::settings::{Files, reference, work_dir};
use crate::stop::Stop;
use crate::time::now;
use crate::transfer::{self, Told};
use crate::work::Work;

/// Pushes what lies on disk.
pub(crate) fn push(
    arguments: &PushArguments,
    client: &Client,
    printer: &Printer,
    environment: &dyn Environment,
) -> Result<(), Error> {
    let started = now();
    let files = Files::resolve(&arguments.files.result, environment);
    let references: Vec<ImageReference> =
        arguments.references.iter().map(|text| reference(text)).collect::<Result<_, _>>()?;
    let (stop, runtime) = (Stop::listen()?, runtime()?);
    let places = runtime.block_on(stop.race(transfer::open(client, &references)))?;
    let work = Work::open(&work_dir(arguments.files.work_dir.as_ref(), environment))?;
    let layout = source(&arguments.source, &work)?;
    let from = client.repository(&ImageReference::Layout(layout.clone()));
    let document = runtime.block_on(stop.race(find(&from, &layout)))?;
    let images = runtime.block_on(stop.race(transfer::images(&from, &document)))?;
    let records: Vec<_> = images.iter().map(|image| image.record.clone()).collect();
    transfer::check(&files, &references, transfer::platforms(&records))?;
    runtime.block_on(stop.race(transfer::deliver(&places, &images, &document, &work)))?;
    stop.check()?;
    let told = Told { references: &references, document: &document, images: records, started };
    transfer::tell(&files, &told, printer, environment)
}

/// The layout that the text means: itself, or an archive's that is unpacked for this.
fn source(text: &str, work: &Work) -> Result<LayoutReference, Error> {
    if text.starts_with("oci:") {
        let parsed = text.parse().map_err(|source| Error::Reference { text: text.into(), source })?;
        if let ImageReference::Layout(layout) = parsed {
            return Ok(layout);
        }
    }
    let path = Path::new(text);
    let found = std::fs::metadata(path).map_err(|source| Error::Read { path: path.into(), source })?;
    let path = if found.is_dir() { path.to_owned() } else { archive::unpack(path, work)? };
    Ok(LayoutReference { path, tag: None, digest: None })
}

/// The image that is meant. One that has several names is still one.
async fn find(from: &Repository, layout: &LayoutReference) -> Result<Document, Error> {
    let selector = Selector::of(&ImageReference::Layout(layout.clone()));
    if selector == Selector::Default {
        let index = Layout::open(&layout.path)?.index()?;
        if let Some(first) = index.manifests.first()
            && index.manifests.iter().all(|entry| entry.digest == first.digest)
        {
            return Ok(from.document(&Selector::Digest(first.digest.clone())).await?);
        }
    }
    Ok(from.document(&selector).await?)
}
