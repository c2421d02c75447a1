//! `ksign verify`: every signature with the reason why it counts or not.

use ktrust_console::Printer;
use ktrust_oci::{ErrorKind, ImageReference, Layout};
use ktrust_signature::{Finding, Verdict, Verification, verify};

use crate::error::Error;
use crate::images::{Resolved, resolve};
use crate::settings;

pub(crate) async fn run(settings: &settings::Verify, printer: &Printer) -> Result<(), Error> {
    let mut unverified = Vec::new();
    for image in &settings.images {
        let resolved = resolve(&settings.client, image).await.map_err(as_tampered)?;
        if let ImageReference::Layout(layout) = &image.reference {
            // Nobody but us looks at a directory: a signed manifest over changed layers must not pass.
            let checked = Layout::open(&layout.path)?.validate(&resolved.digest);
            checked.map_err(Error::Oci).map_err(as_tampered)?;
        }
        let verification = verify(&resolved.repository, &resolved.digest, &settings.policy).await?;
        report(printer, &resolved, &verification);
        let payloads: Vec<String> = verification
            .accepted()
            .map(|accepted| String::from_utf8_lossy(&accepted.payload.to_bytes()).into_owned())
            .collect();
        if payloads.is_empty() {
            unverified.push(resolved.reference());
        } else {
            printer.data(format!("[{}]", payloads.join(",")));
        }
    }
    if unverified.is_empty() { Ok(()) } else { Err(Error::Unverified { images: unverified }) }
}

/// Content that is not what its digest promises was changed; elsewhere such content is just no source.
fn as_tampered(error: Error) -> Error {
    use ktrust_registry::Error::{Content, Local};
    match error {
        Error::Oci(source) if source.kind() == ErrorKind::Content => Error::Tampered { source },
        Error::Image { image, source } => match *source {
            Content { source, .. } | Local(source) if source.kind() == ErrorKind::Content => {
                Error::Tampered { source }
            }
            other => Error::Image { image, source: Box::new(other) },
        },
        other => other,
    }
}

fn report(printer: &Printer, image: &Resolved, verification: &Verification) {
    printer.heading(image.reference());
    for finding in &verification.findings {
        for line in describe(finding) {
            printer.line(format!("  {line}"));
        }
    }
    if verification.findings.is_empty() {
        printer.line("  no signatures");
    }
}

fn describe(finding: &Finding) -> Vec<String> {
    let place = format!("signature {}", finding.position + 1);
    match &finding.verdict {
        Verdict::Accepted(accepted) => vec![format!(
            "{place}  accepted  by {}, as `{}`",
            accepted.key, accepted.payload.docker_reference
        )],
        Verdict::Rejected(reason) => {
            let mut lines = vec![format!("{place}  rejected  {reason}")];
            lines.extend(reason.cure().map(|cure| format!("{:1$}would count {cure}", "", place.len() + 2)));
            lines
        }
    }
}
