//! `build.env`: which image the build made, by digest.

use std::path::Path;

use ktrust_oci::{Digest, ImageReference, file};

use crate::{Environment, Error, dotenv};

/// The version of the format, in `KTRUST_SCHEMA`.
const SCHEMA: &str = "1";

/// What the build hands to the stages after it.
///
/// In the file each field is one key: `IMAGE_REF`, `IMAGE_REPO`, `IMAGE_DIGEST`, `IMAGE_TAGS`,
/// `IMAGE_MEDIA_TYPE`, `IMAGE_PLATFORMS`, with the prefix of [`Handoff::write`] in front, so that a project
/// can hand on several images. `IMAGE_DIGEST` is also the key that GitLab's own SLSA attestation reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handoff {
    /// The repository with the first tag, or with the digest where there is no tag.
    pub reference: String,
    /// The canonical repository (`docker.io/library/x`, never `index.docker.io`), or `oci:PATH`.
    pub repository: String,
    /// The manifest that was pushed and read back.
    pub digest: Digest,
    /// All tags of [`Handoff::repository`] that name it.
    pub tags: Vec<String>,
    /// The manifest's media type.
    pub media_type: String,
    /// `os/architecture[/variant]` of each image in it.
    pub platforms: Vec<String>,
}

impl Handoff {
    /// Refuses, before a build starts, values that the file could not carry.
    pub fn check(&self, prefix: &str) -> Result<(), Error> {
        dotenv::render(&self.entries(prefix)).map(drop)
    }

    /// Writes the file whole or not at all.
    pub fn write(&self, path: &Path, prefix: &str) -> Result<(), Error> {
        let text = dotenv::render(&self.entries(prefix))?;
        Ok(file::write_atomic(path, text.as_bytes())?)
    }

    /// Reads the file and holds it against the variables of the same names.
    ///
    /// GitLab turns the report into variables, but lets project, group and pipeline variables win over them:
    /// a project variable called `IMAGE_DIGEST` would silently replace the digest that was built. So any
    /// difference is an error, and so is a file without a digest.
    pub fn read(path: &Path, prefix: &str, environment: &dyn Environment) -> Result<Self, Error> {
        let text =
            std::fs::read_to_string(path).map_err(|source| Error::Read { path: path.into(), source })?;
        let entries = dotenv::parse(path, &text)?;
        let field = |name: &str| {
            let key = key(prefix, name);
            let value = entries.get(&key).cloned().filter(|value| !value.is_empty());
            value.ok_or(Error::Missing { path: path.into(), key })
        };
        if field("KTRUST_SCHEMA")? != SCHEMA {
            return Err(Error::File { path: path.into(), reason: "has another KTRUST_SCHEMA than 1".into() });
        }
        let handoff = Self {
            reference: field("IMAGE_REF")?,
            repository: field("IMAGE_REPO")?,
            digest: digest(path, prefix, &field("IMAGE_DIGEST")?)?,
            tags: split(&field("IMAGE_TAGS").unwrap_or_default()),
            media_type: field("IMAGE_MEDIA_TYPE")?,
            platforms: split(&field("IMAGE_PLATFORMS")?),
        };
        handoff.compare(path, prefix, environment)?;
        Ok(handoff)
    }

    /// The image by digest: the only reference that later stages may use.
    pub fn image(&self) -> Result<ImageReference, Error> {
        let text = format!("{}@{}", self.repository, self.digest);
        text.parse().map_err(|_| Error::Value {
            name: "IMAGE_REPO".into(),
            value: self.repository.clone(),
            expected: "a repository".into(),
        })
    }

    fn compare(&self, path: &Path, prefix: &str, environment: &dyn Environment) -> Result<(), Error> {
        for (key, file) in self.entries(prefix) {
            match environment.get(&key) {
                Some(variable) if variable != file => {
                    return Err(Error::Disagreement { key, path: path.into(), file, variable });
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn entries(&self, prefix: &str) -> Vec<(String, String)> {
        let fields = [
            ("KTRUST_SCHEMA", SCHEMA.to_owned()),
            ("IMAGE_REF", self.reference.clone()),
            ("IMAGE_REPO", self.repository.clone()),
            ("IMAGE_DIGEST", self.digest.to_string()),
            ("IMAGE_TAGS", self.tags.join(",")),
            ("IMAGE_MEDIA_TYPE", self.media_type.clone()),
            ("IMAGE_PLATFORMS", self.platforms.join(",")),
        ];
        fields.into_iter().map(|(name, value)| (key(prefix, name), value)).collect()
    }
}

/// The schema is a property of the file, so it has no prefix.
fn key(prefix: &str, name: &str) -> String {
    if name == "KTRUST_SCHEMA" { name.to_owned() } else { format!("{prefix}{name}") }
}

fn digest(path: &Path, prefix: &str, text: &str) -> Result<Digest, Error> {
    text.parse().map_err(|_| Error::File {
        path: path.into(),
        reason: format!("has no digest in `{}`: `{text}`", key(prefix, "IMAGE_DIGEST")),
    })
}

fn split(text: &str) -> Vec<String> {
    text.split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
