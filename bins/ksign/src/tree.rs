//! `ksign tree`: what is attached to an image.

use ktrust_console::Printer;
use ktrust_signature::{Artifact, ArtifactKind, artifacts};
use serde::Serialize;

use crate::error::Error;
use crate::images::resolve;
use crate::settings;
use ktrust_pipeline::OutputFormat;

#[derive(Serialize)]
struct Tree {
    image: String,
    artifacts: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
    digest: String,
    layers: Vec<String>,
}

pub(crate) async fn run(settings: &settings::Tree, printer: &Printer) -> Result<(), Error> {
    let mut trees = Vec::new();
    for image in &settings.images {
        let resolved = resolve(&settings.client, image).await?;
        let found = artifacts(&resolved.repository, &resolved.digest).await?;
        trees.push(Tree { image: resolved.reference(), artifacts: found.into_iter().map(entry).collect() });
    }
    match settings.format {
        OutputFormat::Json => printer.data(serde_json::to_string_pretty(&trees)?),
        OutputFormat::Text => trees.iter().for_each(|tree| draw(printer, tree)),
    }
    Ok(())
}

fn entry(artifact: Artifact) -> Entry {
    let (kind, artifact_type) = match artifact.kind {
        ArtifactKind::Signature => ("signature", None),
        ArtifactKind::Attestation => ("attestation", None),
        ArtifactKind::Sbom => ("sbom", None),
        ArtifactKind::Referrer(artifact_type) => ("referrer", Some(artifact_type)),
    };
    Entry {
        kind,
        artifact_type,
        tag: artifact.tag,
        digest: artifact.digest.to_string(),
        layers: artifact.layers.iter().map(ToString::to_string).collect(),
    }
}

fn draw(printer: &Printer, tree: &Tree) {
    printer.data(&tree.image);
    if tree.artifacts.is_empty() {
        printer.data("└── nothing is attached");
    }
    let count = tree.artifacts.len();
    for (position, artifact) in tree.artifacts.iter().enumerate() {
        let (branch, below) =
            if position + 1 == count { ("└──", "   ") } else { ("├──", "│  ") };
        let name = artifact.artifact_type.as_deref().unwrap_or(artifact.kind);
        let place = artifact.tag.as_deref().unwrap_or(&artifact.digest);
        printer.data(format!("{branch} {name}  {place}"));
        for (layer, digest) in artifact.layers.iter().enumerate() {
            let end = if layer + 1 == artifact.layers.len() { "└──" } else { "├──" };
            printer.data(format!("{below} {end} {digest}"));
        }
    }
}
