//! From the name of an image to its digest, once.

use ktrust_oci::Digest;
use ktrust_registry::{Client, ErrorKind, Repository, Selector};

use crate::error::Error;
use crate::settings::Image;

/// An image that exists.
pub(crate) struct Resolved {
    pub(crate) repository: Repository,
    /// The canonical name of the repository, or `oci:PATH`.
    pub(crate) name: String,
    pub(crate) digest: Digest,
    /// Whether the digest was looked up by tag, that is, could have been another a moment ago.
    pub(crate) by_tag: bool,
}

impl Resolved {
    /// `NAME@DIGEST`.
    pub(crate) fn reference(&self) -> String {
        format!("{}@{}", self.name, self.digest)
    }
}

/// Finds the manifest, reads it whole, and so proves that the digest is its own.
pub(crate) async fn resolve(client: &Client, image: &Image) -> Result<Resolved, Error> {
    let repository = client.repository(&image.reference);
    let selector = Selector::of(&image.reference);
    let by_tag = image.reference.digest().is_none();
    let document = match (repository.document(&selector).await, &image.handoff) {
        (Ok(document), _) => document,
        (Err(error), Some(handoff)) if error.kind() == ErrorKind::NotFound => {
            let problem = "the registry has no such manifest".to_owned();
            return Err(Error::Handoff {
                image: format!("{}@{}", handoff.repository, handoff.digest),
                problem,
            });
        }
        (Err(source), _) => {
            return Err(Error::Image { image: image.reference.to_string(), source: Box::new(source) });
        }
    };
    if let Some(handoff) = &image.handoff
        && handoff.media_type != document.media_type
    {
        let problem =
            format!("the registry's manifest is `{}`, not `{}`", document.media_type, handoff.media_type);
        return Err(Error::Handoff { image: image.reference.to_string(), problem });
    }
    // What the signed payload calls the image: the repository, without tag and digest, as cosign does; for
    // a layout, which has no repository, `oci:PATH` as it was written.
    let name =
        image.handoff.as_ref().map_or_else(|| image.reference.name(), |handoff| handoff.repository.clone());
    Ok(Resolved { repository, name, digest: document.digest, by_tag })
}
