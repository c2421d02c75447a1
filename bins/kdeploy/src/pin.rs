//! `kdeploy pin`: manifests in, digest-pinned manifests out.

use std::path::Path;

use ktrust_admission::{Pinned, pin};
use ktrust_console::Printer;
use ktrust_oci::file::write_atomic;

use crate::error::Error;
use crate::manifests;
use crate::settings::{self, Target};

pub(crate) fn run(settings: &settings::Pin, printer: &Printer) -> Result<(), Error> {
    let manifests = manifests::read(&settings.files)?;
    let images: Vec<_> = settings
        .images
        .iter()
        .filter_map(|image| Some((image, image.reference.digest().cloned()?)))
        .collect();
    let pins = manifests::pins(&images, settings.repository.as_ref(), &manifests, printer)?;
    let pinned = pin(&manifests, &pins)?;
    manifests::report(&pinned, printer);
    match &settings.target {
        Target::StandardOutput => {
            let text = joined(&pinned);
            printer.data(text.strip_suffix('\n').unwrap_or(&text));
            Ok(())
        }
        Target::File(path) => write(path, &joined(&pinned)),
        Target::InPlace => {
            let files = settings.files.iter().zip(&manifests).zip(&pinned);
            let mut changed = files.filter(|((_, before), after)| before.text() != after.text);
            changed.try_for_each(|((path, _), after)| write(path, &after.text))
        }
    }
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    write_atomic(path, text.as_bytes()).map_err(|source| Error::Write { path: path.to_owned(), source })
}

/// One YAML stream of several manifests.
fn joined(pinned: &[Pinned]) -> String {
    let mut text = String::new();
    for manifest in pinned {
        if !text.is_empty() {
            if !text.ends_with('\n') {
                text.push('\n');
            }
            // Directives may only follow the end of a document.
            text.push_str(if manifest.text.starts_with('%') { "...\n" } else { "---\n" });
        }
        text.push_str(&manifest.text);
    }
    text
}
