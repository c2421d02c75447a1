//! What the command line means: flag, then variable, then default.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ktrust_oci::ImageReference;
use ktrust_pipeline::{Environment, Handoff, OutputFormat, flag, list, registry_client, variables as var};
use ktrust_registry::Client;
use ktrust_signature::Policy;
use ktrust_sigstore::{PrivateKey, PublicKey};

use crate::cli::{ImageArguments, LaterArguments, SignArguments, TreeArguments, VerifyArguments};
use crate::error::Error;
use crate::keys;

/// The hand-off that is read when no image is named.
const HANDOFF: &str = "build.env";

/// `ksign sign` in plain values.
pub(crate) struct Sign {
    pub(crate) client: Client,
    pub(crate) images: Vec<Image>,
    pub(crate) key: PrivateKey,
    pub(crate) annotations: BTreeMap<String, String>,
    pub(crate) recursive: bool,
    pub(crate) record: Option<PathBuf>,
    pub(crate) format: OutputFormat,
}

/// `ksign verify` in plain values.
pub(crate) struct Verify {
    pub(crate) client: Client,
    pub(crate) images: Vec<Image>,
    pub(crate) policy: Policy,
}

/// `ksign tree` in plain values.
pub(crate) struct Tree {
    pub(crate) client: Client,
    pub(crate) images: Vec<Image>,
    pub(crate) format: OutputFormat,
}

/// An image and where its name comes from.
pub(crate) struct Image {
    pub(crate) reference: ImageReference,
    /// The hand-off that named it, which the registry must agree with.
    pub(crate) handoff: Option<Handoff>,
}

impl Sign {
    /// Reads variables, the key and the hand-off; touches no registry.
    pub(crate) fn resolve(arguments: &SignArguments, environment: &dyn Environment) -> Result<Self, Error> {
        refuse_later(&arguments.later)?;
        if arguments.tlog_upload == Some(true) {
            return Err(not_yet("--tlog-upload"));
        }
        let key = arguments.key.clone().or_else(|| environment.non_empty(var::KSIGN_KEY)).ok_or_else(|| {
            Error::usage(
                "no key to sign with",
                "name it with `--key` or `KSIGN_KEY` (`ksign generate-key-pair` makes one); keyless signing is not there yet",
            )
        })?;
        let annotations = match arguments.annotations.as_slice() {
            [] => list(var::KSIGN_ANNOTATIONS, environment)?,
            given => given.to_vec(),
        };
        let record = arguments.record.clone();
        Ok(Self {
            images: images(&arguments.images, environment)?,
            annotations: pairs(&annotations)?,
            recursive: arguments.recursive || flag(var::KSIGN_RECURSIVE, environment)?,
            record: record.or_else(|| environment.non_empty(var::KSIGN_RECORD_FILE).map(PathBuf::from)),
            format: arguments.format,
            client: registry_client(environment, &arguments.images.registry)?,
            key: keys::private(&key, environment)?,
        })
    }
}

impl Verify {
    /// Reads variables, keys and the hand-off; touches no registry.
    pub(crate) fn resolve(arguments: &VerifyArguments, environment: &dyn Environment) -> Result<Self, Error> {
        refuse_later(&arguments.later)?;
        if arguments.insecure_ignore_tlog == Some(false) {
            return Err(not_yet("--insecure-ignore-tlog=false"));
        }
        let mut keys = arguments.keys.iter().map(|name| keys::public(name, environment));
        let first: PublicKey = keys.next().transpose()?.ok_or_else(|| {
            Error::usage(
                "no key to verify with",
                "name the signer's public key with `--key`; keyless verification is not there yet",
            )
        })?;
        let mut policy = Policy::key(first);
        for key in keys {
            policy = policy.or_key(key?);
        }
        for (name, value) in pairs(&arguments.annotations)? {
            policy = policy.require_annotation(name, value);
        }
        Ok(Self {
            images: images(&arguments.images, environment)?,
            client: registry_client(environment, &arguments.images.registry)?,
            policy,
        })
    }
}

impl Tree {
    /// Reads variables and the hand-off; touches no registry.
    pub(crate) fn resolve(arguments: &TreeArguments, environment: &dyn Environment) -> Result<Self, Error> {
        Ok(Self {
            images: images(&arguments.images, environment)?,
            client: registry_client(environment, &arguments.images.registry)?,
            format: arguments.format,
        })
    }
}

/// Images from the command line, else from the variable, else from the hand-off.
fn images(arguments: &ImageArguments, environment: &dyn Environment) -> Result<Vec<Image>, Error> {
    let mut names = arguments.images.clone();
    if names.is_empty() && arguments.handoff.is_none() {
        names = list(var::KSIGN_IMAGES, environment)?;
    }
    if !names.is_empty() {
        return names.iter().map(|name| named(name)).collect();
    }
    let named_file =
        arguments.handoff.clone().or_else(|| environment.non_empty(var::KSIGN_HANDOFF).map(PathBuf::from));
    let file = match named_file {
        Some(file) => file,
        None if PathBuf::from(HANDOFF).exists() => HANDOFF.into(),
        None => {
            return Err(Error::usage(
                "no image named, and no `build.env` here",
                "name an image, or run this after `kbuild build --handoff build.env`",
            ));
        }
    };
    let prefix = arguments.handoff_prefix.clone().or_else(|| environment.non_empty(var::KSIGN_ENV_PREFIX));
    let handoff = Handoff::read(&file, &prefix.unwrap_or_default(), environment)?;
    Ok(vec![Image { reference: handoff.image()?, handoff: Some(handoff) }])
}

fn named(text: &str) -> Result<Image, Error> {
    let reference = text.parse().map_err(|source| Error::Reference { text: text.to_owned(), source })?;
    Ok(Image { reference, handoff: None })
}

fn pairs(given: &[String]) -> Result<BTreeMap<String, String>, Error> {
    let pair = |text: &String| match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(Error::usage(format!("the annotation `{text}` is not NAME=VALUE"), "write NAME=VALUE")),
    };
    given.iter().map(pair).collect()
}

fn refuse_later(later: &LaterArguments) -> Result<(), Error> {
    later.first().map_or(Ok(()), |flag| Err(not_yet(flag)))
}

fn not_yet(flag: &str) -> Error {
    Error::usage(
        format!("`{flag}` is not supported yet"),
        "signing and verifying work with keys (`--key`) and without a transparency log; keyless signatures and bundles are not there yet",
    )
}
