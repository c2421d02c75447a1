//! `kdeploy verify`: nothing passes that is not signed by the expected key.

use ktrust_console::Printer;
use ktrust_signature::{Finding, Verdict};

use crate::error::Error;
use crate::images::{Judged, judge};
use crate::junit;
use crate::record::ImageRecord;
use crate::settings;
use ktrust_pipeline::OutputFormat;

pub(crate) async fn run(settings: &settings::Verify, printer: &Printer) -> Result<(), Error> {
    let mut judged = Vec::new();
    for image in &settings.images {
        judged.push(judge(&settings.client, &settings.policy, image).await?);
    }
    if let Some(path) = &settings.report_junit {
        let report = junit::report("kdeploy verify", &cases(&judged));
        ktrust_oci::file::write_atomic(path, report.as_bytes())
            .map_err(|source| Error::Write { path: path.clone(), source })?;
    }
    let result = require(&judged, printer);
    match settings.format {
        OutputFormat::Json => {
            let records: Vec<ImageRecord> = judged.iter().map(ImageRecord::from).collect();
            printer.data(serde_json::to_string_pretty(&records)?);
        }
        OutputFormat::Text if result.is_ok() => {
            for image in &judged {
                printer.data(image.reference.to_string());
            }
        }
        OutputFormat::Text => {}
    }
    result
}

/// Reports every signature, and fails unless each image has one that counts.
pub(crate) fn require(judged: &[Judged], printer: &Printer) -> Result<(), Error> {
    let mut images = Vec::new();
    for image in judged {
        printer.heading(image.reference.to_string());
        if image.verification.findings.is_empty() {
            printer.line("  no signatures");
        }
        for finding in &image.verification.findings {
            printer.line(format!("  {}", describe(finding)));
        }
        if image.verification.accepted().next().is_none() {
            images.push(image.reference.to_string());
        }
    }
    if images.is_empty() { Ok(()) } else { Err(Error::Unverified { images }) }
}

fn describe(finding: &Finding) -> String {
    let place = finding.position + 1;
    match &finding.verdict {
        Verdict::Accepted(accepted) => {
            format!(
                "signature {place}  accepted  by {}, as `{}`",
                accepted.key, accepted.payload.docker_reference
            )
        }
        Verdict::Rejected(reason) => format!("signature {place}  rejected  {reason}"),
    }
}

fn cases(judged: &[Judged]) -> Vec<junit::Case> {
    let case = |image: &Judged| {
        let accepted = image.verification.accepted().next().is_some();
        let found: Vec<String> = image.verification.findings.iter().map(describe).collect();
        let found = if found.is_empty() { "no signatures".to_owned() } else { found.join("\n") };
        junit::Case { name: image.reference.to_string(), failure: (!accepted).then_some(found) }
    };
    judged.iter().map(case).collect()
}
