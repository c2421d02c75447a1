//! `ksign sign`: digests only, the children of an index on demand, twice is once.

use ktrust_console::Printer;
use ktrust_pipeline::{SignRecord, SignedImage, Tool};
use ktrust_signature::{Outcome, Request, Signed, sign, targets};
use ktrust_sigstore::{SignerKey as _, Verifier as _};

use crate::error::Error;
use crate::images::{Resolved, resolve};
use crate::settings;
use ktrust_pipeline::OutputFormat;

pub(crate) async fn run(settings: &settings::Sign, printer: &Printer) -> Result<(), Error> {
    let mut record = SignRecord { schema: 1, tool: tool(), images: Vec::new() };
    for image in &settings.images {
        let resolved = resolve(&settings.client, image).await?;
        if resolved.by_tag {
            printer.line(format!("{} is {}", image.reference, resolved.digest));
        }
        for signed in sign_one(settings, &resolved).await? {
            report(printer, &resolved, &signed);
            record.images.push(entry(settings, &resolved, signed));
        }
    }
    if let Some(path) = &settings.record {
        record.write(path)?;
    }
    match settings.format {
        OutputFormat::Json => printer.data(serde_json::to_string_pretty(&record)?),
        OutputFormat::Text => {
            for image in &record.images {
                printer.data(format!("{}@{}", image.repository, image.digest));
            }
        }
    }
    Ok(())
}

async fn sign_one(settings: &settings::Sign, image: &Resolved) -> Result<Vec<Signed>, Error> {
    let subjects = targets(&image.repository, &image.digest, settings.recursive).await?;
    let request =
        Request { signer: &settings.key, docker_reference: &image.name, annotations: &settings.annotations };
    Ok(sign(&image.repository, &subjects, &request).await?)
}

fn report(printer: &Printer, image: &Resolved, signed: &Signed) {
    let what = match signed.outcome {
        Outcome::Unchanged => "already signed".to_owned(),
        Outcome::Written { attempts: 1 } => "signed".to_owned(),
        Outcome::Written { attempts } => format!("signed (attempt {attempts}, others sign too)"),
    };
    printer.line(format!("{what}: {}@{} ({})", image.name, signed.subject, signed.tag));
}

fn entry(settings: &settings::Sign, image: &Resolved, signed: Signed) -> SignedImage {
    SignedImage {
        repository: image.name.clone(),
        digest: signed.subject,
        format: "legacy".to_owned(),
        signature: signed.tag,
        key: settings.key.public_key().fingerprint(),
        log: None,
        annotations: settings.annotations.clone(),
    }
}

fn tool() -> Tool {
    Tool { name: "ksign".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
}
