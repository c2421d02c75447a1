//! `kbuild index`: images that were built apart become one index of several platforms.

use ktrust_console::Printer;
use ktrust_oci::{Document, ImageReference, Index};
use ktrust_pipeline::Environment;
use ktrust_registry::{Client, Selector};

use crate::build::runtime;
use crate::cli::IndexArguments;
use crate::error::Error;
use crate::settings::{Annotation, Files, Level, annotations, of_level, reference, work_dir};
use crate::stop::Stop;
use crate::time::now;
use crate::transfer::{self, Source, Told};
use crate::work::Work;

/// Joins images and writes the index under every tag.
pub(crate) fn index(
    arguments: &IndexArguments,
    client: &Client,
    printer: &Printer,
    environment: &dyn Environment,
) -> Result<(), Error> {
    let started = now();
    let files = Files::resolve(&arguments.files.result, environment);
    let references: Vec<ImageReference> =
        arguments.tags.iter().map(|tag| reference(tag)).collect::<Result<_, _>>()?;
    let notes = notes(&arguments.annotations)?;
    let (stop, runtime) = (Stop::listen()?, runtime()?);
    let places = runtime.block_on(stop.race(transfer::open(client, &references)))?;
    let images = runtime.block_on(stop.race(sources(&arguments.sources, client)))?;
    check_platforms(&images)?;
    let document = document(&images, &notes)?;
    let records: Vec<_> = images.iter().map(|image| image.record.clone()).collect();
    transfer::check(&files, &references, transfer::platforms(&records))?;
    let work = Work::open(&work_dir(arguments.files.work_dir.as_ref(), environment))?;
    runtime.block_on(stop.race(transfer::deliver(&places, &images, &document, &work)))?;
    stop.check()?;
    let told = Told { references: &references, document: &document, images: records, started };
    transfer::tell(&files, &told, printer, environment)
}

async fn sources(given: &[String], client: &Client) -> Result<Vec<Source>, Error> {
    let mut images = Vec::new();
    for text in given {
        let reference: ImageReference =
            text.parse().map_err(|source| Error::Reference { text: text.clone(), source })?;
        let repository = client.repository(&reference);
        let document = repository.document(&Selector::of(&reference)).await?;
        images.extend(transfer::images(&repository, &document).await?);
    }
    Ok(images)
}

/// Two images for one platform: nobody could tell which of them runs.
fn check_platforms(images: &[Source]) -> Result<(), Error> {
    for (number, image) in images.iter().enumerate() {
        let Some(platform) = image.link.platform.as_ref().filter(|platform| transfer::is_real(platform))
        else {
            continue;
        };
        let same =
            |other: &&Source| other.link.platform.as_ref().is_some_and(|other| platform.matches(other));
        if let Some(other) = images[..number].iter().find(same) {
            return Err(Error::usage(
                format!("two images are for {platform}: {} and {}", other.link.digest, image.link.digest),
                "leave one of them out",
            ));
        }
    }
    Ok(())
}

fn document(images: &[Source], notes: &[Annotation]) -> Result<Document, Error> {
    let entry = |image: &Source| {
        let mut entry = image.link.clone();
        // The name in the layout that the image comes from says nothing here.
        entry.annotations.remove(ktrust_oci::REF_NAME);
        let own = of_level(notes, Level::ManifestDescriptor, entry.platform.as_ref());
        entry.annotations.extend(own);
        entry
    };
    let mut index = Index::new(images.iter().map(entry).collect());
    index.annotations = of_level(notes, Level::Index, None);
    Ok(Document::from_index(&index)?)
}

/// A plain `KEY=VALUE` is on the index; the images themselves cannot be changed.
fn notes(given: &[String]) -> Result<Vec<Annotation>, Error> {
    let plain = |text: &String| {
        let is_plain = text.split_once('=').is_some_and(|(name, _)| !name.contains(':'));
        if is_plain { format!("index:{text}") } else { text.clone() }
    };
    let notes = annotations(&given.iter().map(plain).collect::<Vec<_>>())?;
    match notes.iter().find(|note| matches!(note.level, Level::Manifest | Level::IndexDescriptor)) {
        Some(note) => Err(Error::usage(
            format!("the annotation `{}` cannot be set on an image that is built", note.key),
            "write `index:KEY=VALUE` or `manifest-descriptor:KEY=VALUE`",
        )),
        None => Ok(notes),
    }
}
