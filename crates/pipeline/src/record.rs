//! `build.json` and `sign.json`: the full truth beside `build.env`.
//!
//! They are hints for the stages after (what was signed in which format, which probe exists), verified there
//! and never believed, and material for provenance and reports.

use std::collections::BTreeMap;
use std::path::Path;

use ktrust_oci::{Digest, file};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::Error;

/// The program that wrote a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// `kbuild` or `ksign`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What was built, from what, by what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BuildRecord {
    /// Version of this format: 1.
    pub schema: u32,
    /// The builder.
    pub tool: Tool,
    /// The canonical repository.
    pub repository: String,
    /// Every reference that was written.
    pub references: Vec<String>,
    /// The manifest's digest.
    pub digest: Digest,
    /// The manifest's media type.
    pub media_type: String,
    /// The image configuration's digest, where there is one image.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub config: Option<Digest>,
    /// `os/architecture[/variant]` of each image.
    pub platforms: Vec<String>,
    /// Of the only image, bottom first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub layers: Vec<LayerRecord>,
    /// Each image, in the order of the index.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub images: Vec<ImageRecord>,
    /// Base images as they were resolved.
    pub bases: Vec<BaseImage>,
    /// The Dockerfile, relative to the context.
    pub dockerfile: String,
    /// The stage that was asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub target: Option<String>,
    /// Names of the build arguments given; values are left out, since people put secrets there.
    pub build_args: Vec<String>,
    /// Where RUN ran.
    pub isolation: String,
    /// RFC 3339, UTC.
    pub started: String,
    /// RFC 3339, UTC.
    pub finished: String,
    /// Steps in the order of the Dockerfile.
    pub steps: Vec<StepRecord>,
    /// The unsigned image of the proof, when one was asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub probe: Option<Probe>,
    /// GitLab's facts about the source and the job, by variable name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub source: BTreeMap<String, String>,
}

/// One image of the result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageRecord {
    /// `os/architecture[/variant]`.
    pub platform: String,
    /// Of its manifest.
    pub digest: Digest,
    /// Of its configuration.
    pub config: Digest,
    /// Bottom first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub layers: Vec<LayerRecord>,
}

/// One layer of the result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerRecord {
    /// Of the compressed blob.
    pub digest: Digest,
    /// Of the uncompressed tar.
    pub diff_id: Digest,
    /// Bytes of the compressed blob.
    pub size: u64,
}

/// A base image as it was resolved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaseImage {
    /// As written in the Dockerfile, variables expanded.
    pub name: String,
    /// What it resolved to.
    pub digest: Digest,
}

/// One step that was executed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    /// The stage's name or number.
    pub stage: String,
    /// First line in the Dockerfile.
    pub line: usize,
    /// The instruction as it stands in the history.
    pub instruction: String,
    /// Wall time, in seconds.
    pub seconds: f64,
    /// RUN's exit code, where it failed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub exit_code: Option<i32>,
}

/// An image that is deliberately not signed, for the proof that such images are refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// `repository@digest`.
    pub reference: String,
}

/// What was signed and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignRecord {
    /// Version of this format: 1.
    pub schema: u32,
    /// The signer.
    pub tool: Tool,
    /// One entry for each digest.
    pub images: Vec<SignedImage>,
}

/// One digest that was signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedImage {
    /// The canonical repository.
    pub repository: String,
    /// The digest.
    pub digest: Digest,
    /// `legacy` or `bundle`.
    pub format: String,
    /// Where the signature lies: a tag or a manifest digest.
    pub signature: String,
    /// The key that signed, as `sha256:` of its public key in DER.
    pub key: String,
    /// The transparency log, when there was one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub log: Option<String>,
    /// Annotations inside the signed payload.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub annotations: BTreeMap<String, String>,
}

impl BuildRecord {
    /// Writes the record whole or not at all.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        write(path, self)
    }

    /// Reads a record.
    pub fn read(path: &Path) -> Result<Self, Error> {
        read(path)
    }
}

impl SignRecord {
    /// Writes the record whole or not at all.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        write(path, self)
    }

    /// Reads a record.
    pub fn read(path: &Path) -> Result<Self, Error> {
        read(path)
    }
}

fn write(path: &Path, record: &impl Serialize) -> Result<(), Error> {
    let mut text =
        serde_json::to_vec_pretty(record).map_err(|source| Error::Record { path: path.into(), source })?;
    text.push(b'\n');
    Ok(file::write_atomic(path, &text)?)
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let text = std::fs::read(path).map_err(|source| Error::Read { path: path.into(), source })?;
    serde_json::from_slice(&text).map_err(|source| Error::Record { path: path.into(), source })
}
