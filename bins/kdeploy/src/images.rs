//! Which image: from its name or the hand-off to the digest, once, and the judgement of its signatures.

use std::path::{Path, PathBuf};

use ktrust_admission::Repository as Name;
use ktrust_oci::{ErrorKind, ImageReference, Layout};
use ktrust_pipeline::{Environment, Handoff, variables as var};
use ktrust_registry::{Client, ErrorKind as RegistryKind, Selector};
use ktrust_signature::{Policy, Verification, verify};

use crate::cli::HandoffArguments;
use crate::error::Error;

/// The hand-off that is read when no image is named.
const HANDOFF: &str = "build.env";

/// An image as it was named.
#[derive(Debug)]
pub(crate) struct Image {
    pub(crate) reference: ImageReference,
    /// What manifests call it, where that is another repository.
    pub(crate) name: Option<Name>,
    /// The hand-off that named it, which the registry must agree with.
    pub(crate) handoff: Option<Handoff>,
}

/// An image whose manifest was read and whose signatures were judged.
#[derive(Debug)]
pub(crate) struct Judged {
    /// `REPOSITORY@DIGEST`, or `oci:PATH@DIGEST`.
    pub(crate) reference: ImageReference,
    pub(crate) media_type: String,
    pub(crate) verification: Verification,
}

impl Image {
    /// An image from the command line; `NAME=` in front is allowed where `named`.
    pub(crate) fn parse(text: &str, named: bool) -> Result<Self, Error> {
        let wrong = |source| Error::Reference { text: text.to_owned(), source };
        if named
            && let Some((name, rest)) = text.split_once('=')
            && !name.starts_with("oci:")
        {
            let reference = rest.parse().map_err(wrong)?;
            return Ok(Self { reference, name: Some(name.parse()?), handoff: None });
        }
        Ok(Self { reference: text.parse().map_err(wrong)?, name: None, handoff: None })
    }

    /// The tag that stands beside the digest: for people, so only one that is known to be true.
    pub(crate) fn tag(&self) -> Option<String> {
        match &self.handoff {
            Some(handoff) => handoff.tags.first().cloned(),
            None => self.reference.tag().map(str::to_owned),
        }
    }
}

/// The hand-off's file, and the image that it names. File and variables must agree.
pub(crate) fn handed_on(
    arguments: &HandoffArguments,
    environment: &dyn Environment,
) -> Result<(PathBuf, Image), Error> {
    let named =
        arguments.handoff.clone().or_else(|| environment.non_empty(var::KDEPLOY_HANDOFF).map(PathBuf::from));
    let file = match named {
        Some(file) => file,
        None if Path::new(HANDOFF).exists() => HANDOFF.into(),
        None => {
            return Err(Error::usage(
                "no image named, and no `build.env` here",
                "name an image, or run this after `kbuild build --handoff build.env`",
            ));
        }
    };
    let prefix = arguments.handoff_prefix.clone().or_else(|| environment.non_empty(var::KDEPLOY_ENV_PREFIX));
    let handoff = Handoff::read(&file, &prefix.unwrap_or_default(), environment)?;
    let image = Image { reference: handoff.image()?, name: None, handoff: Some(handoff) };
    Ok((file, image))
}

/// Reads the manifest, which proves that the digest is its own, and judges every signature of it.
pub(crate) async fn judge(client: &Client, policy: &Policy, image: &Image) -> Result<Judged, Error> {
    let repository = client.repository(&image.reference);
    let document = match repository.document(&Selector::of(&image.reference)).await {
        Ok(document) => document,
        Err(source) => return Err(unreadable(image, source)),
    };
    agree(image, &document.media_type)?;
    let reference = image.reference.with_digest(document.digest.clone());
    if let ImageReference::Layout(layout) = &image.reference {
        // A registry checks what it is given; a directory does not, so a signed manifest says nothing
        // about the layers beside it.
        let checked = Layout::open(&layout.path).and_then(|layout| layout.validate(&document.digest));
        checked.map_err(|source| tampered(&reference, source))?;
    }
    let verification = verify(&repository, &document.digest, policy).await?;
    Ok(Judged { reference, media_type: document.media_type, verification })
}

fn unreadable(image: &Image, source: ktrust_registry::Error) -> Error {
    match source {
        ktrust_registry::Error::Local(source) | ktrust_registry::Error::Content { source, .. } => {
            tampered(&image.reference, source)
        }
        source if image.handoff.is_some() && source.kind() == RegistryKind::NotFound => {
            let problem = "it is not there".to_owned();
            Error::Handoff { image: image.reference.to_string(), problem }
        }
        source => Error::Image { image: image.reference.to_string(), source: Box::new(source) },
    }
}

fn tampered(image: &ImageReference, source: ktrust_oci::Error) -> Error {
    match source.kind() {
        ErrorKind::Content => Error::Tampered { image: image.to_string(), source },
        _ => Error::Oci(source),
    }
}

fn agree(image: &Image, media_type: &str) -> Result<(), Error> {
    match &image.handoff {
        Some(handoff) if handoff.media_type != media_type => {
            let problem = format!("its manifest is `{media_type}`, not `{}`", handoff.media_type);
            Err(Error::Handoff { image: image.reference.to_string(), problem })
        }
        _ => Ok(()),
    }
}
