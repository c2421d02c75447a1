//! What signs and what verifies, wherever the key lives.

use std::pin::Pin;

use crate::{PublicKey, Result};

/// A signature on its way: a key in a file answers at once, a key service after a request.
pub type Signing<'a> = Pin<Box<dyn Future<Output = Result<Vec<u8>>> + Send + 'a>>;

/// Something that can sign, whose private half need not be in this process.
pub trait SignerKey: Send + Sync {
    /// Signs the whole `message`, hashing it as the key's algorithm demands.
    fn sign<'a>(&'a self, message: &'a [u8]) -> Signing<'a>;

    /// The half that verifies what [`sign`](Self::sign) makes.
    fn public_key(&self) -> &PublicKey;
}

/// Something that tells a good signature from a bad one, without any network.
pub trait Verifier: Send + Sync {
    /// Succeeds only if `signature` is one over exactly these bytes.
    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<()>;

    /// What a person recognises the key by, for reports.
    fn fingerprint(&self) -> String;
}
