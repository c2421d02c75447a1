//! Sigstore's formats and services, without images and without a registry.
//!
//! A *signature* here is bytes over bytes: this crate knows keys, the files they live in and the text
//! that is signed, and the crate `signature` knows where signatures of images are kept. The split lets a
//! key in a file and a key behind a service be the same thing to everything above: both are a
//! [`SignerKey`], and whatever can say yes or no to a signature is a [`Verifier`].
//!
//! - [`PrivateKey`], [`PublicKey`]: P-256, P-384, P-521, RSA and Ed25519, from PEM.
//! - [`encrypted`]: the encrypted key file that `cosign generate-key-pair` writes.
//! - [`Payload`]: the simple signing document that a signature of an image covers.
//! - [`annotation`], [`media_type`]: the words under which cosign stores all this.

#![forbid(unsafe_code)]

pub mod annotation;
pub mod encrypted;
mod error;
pub mod media_type;
mod payload;
mod pem;
mod private_key;
mod public_key;
mod signer;

pub use error::{Error, ErrorKind, PayloadError, Result};
pub use payload::{MAX_PAYLOAD_SIZE, PAYLOAD_TYPE, Payload};
pub use private_key::PrivateKey;
pub use public_key::{KeyKind, PublicKey};
pub use signer::{SignerKey, Signing, Verifier};
