//! Private keys held in this process.

use ed25519_dalek::SigningKey as Ed25519Key;
use ed25519_dalek::pkcs8::spki::ObjectIdentifier;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey, PrivateKeyInfoRef};
use rsa::traits::PublicKeyParts;
use rsa::{Pkcs1v15Sign, PrivateKey as RsaPrivate};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::public_key::{RSA_BITS, oid};
use crate::{Error, PublicKey, Result, SignerKey, Signing, encrypted, pem};

/// A private key of one of the algorithms that cosign uses.
///
/// ECDSA and RSA sign SHA-256 whatever the curve: it is what `cosign verify`, Kyverno and
/// policy-controller expect unless told otherwise.
pub struct PrivateKey {
    secret: Secret,
    public: PublicKey,
}

enum Secret {
    P256(p256::ecdsa::SigningKey),
    P384(p384::ecdsa::SigningKey),
    P521(p521::ecdsa::SigningKey),
    Rsa(Box<RsaPrivate>),
    Ed25519(Ed25519Key),
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("PrivateKey").field("public", &self.public).finish_non_exhaustive()
    }
}

impl PrivateKey {
    /// A new P-256 key, the kind that every verifier accepts.
    pub fn generate() -> Result<Self> {
        loop {
            let mut bytes = Zeroizing::new([0_u8; 32]);
            getrandom::fill(bytes.as_mut_slice()).map_err(Error::Random)?;
            // Zero and values beyond the group order are no keys: draw again (once in 2^32).
            if let Ok(key) = p256::ecdsa::SigningKey::from_slice(bytes.as_slice()) {
                return Ok(Self::new(Secret::P256(key)));
            }
        }
    }

    /// Reads a key: cosign's encrypted form (which needs the password), PKCS#8, SEC1 or PKCS#1.
    pub fn from_pem(text: &SecretString, password: Option<&SecretString>) -> Result<Self> {
        let block = pem::first_block(text.expose_secret())?;
        match block.label.as_str() {
            encrypted::LABEL | encrypted::OLD_LABEL => {
                let der = encrypted::decrypt(&block.bytes, password.ok_or(Error::PasswordMissing)?)?;
                Self::from_pkcs8(&der)
            }
            "PRIVATE KEY" => Self::from_pkcs8(&block.bytes),
            "EC PRIVATE KEY" => Self::from_sec1(&block.bytes),
            "RSA PRIVATE KEY" => Self::from_pkcs1(&block.bytes),
            _ => Err(Error::UnexpectedLabel { label: block.label, wanted: "private key" }),
        }
    }

    /// Whether this text is a key that needs a password.
    pub fn is_encrypted(text: &SecretString) -> bool {
        let text = text.expose_secret();
        text.contains(encrypted::LABEL) || text.contains(encrypted::OLD_LABEL)
    }

    /// The encrypted PEM file, as cosign writes it.
    pub fn to_encrypted_pem(&self, password: &SecretString) -> Result<String> {
        encrypted::encrypt(&self.to_pkcs8()?, password)
    }

    fn new(secret: Secret) -> Self {
        let public = match &secret {
            Secret::P256(key) => PublicKey::P256(*key.verifying_key()),
            Secret::P384(key) => PublicKey::P384(*key.verifying_key()),
            Secret::P521(key) => PublicKey::P521(Box::new(*key.verifying_key())),
            Secret::Rsa(key) => PublicKey::Rsa(Box::new(key.to_public_key())),
            Secret::Ed25519(key) => PublicKey::Ed25519(Box::new(key.verifying_key())),
        };
        Self { secret, public }
    }

    fn from_pkcs8(der: &[u8]) -> Result<Self> {
        const WHAT: &str = "PKCS#8 private key";
        let info = PrivateKeyInfoRef::try_from(der).map_err(|source| Error::malformed(WHAT, source))?;
        let bad = |source| Error::malformed(WHAT, source);
        let secret = match info.algorithm.oid {
            oid::EC => match info.algorithm.parameters_oid().ok() {
                Some(oid::P256) => Secret::P256(DecodePrivateKey::from_pkcs8_der(der).map_err(bad)?),
                Some(oid::P384) => Secret::P384(DecodePrivateKey::from_pkcs8_der(der).map_err(bad)?),
                Some(oid::P521) => Secret::P521(p521::SecretKey::from_pkcs8_der(der).map_err(bad)?.into()),
                curve => return Err(unsupported("curve", curve)),
            },
            oid::RSA => {
                let key = RsaPrivate::from_pkcs8_der(der).map_err(bad)?;
                Secret::Rsa(Box::new(checked_size(key)?))
            }
            oid::ED25519 => Secret::Ed25519(DecodePrivateKey::from_pkcs8_der(der).map_err(bad)?),
            other => return Err(unsupported("algorithm", Some(other))),
        };
        Ok(Self::new(secret))
    }

    /// SEC1 names its curve only optionally, so each is tried; a key of one never reads as another.
    fn from_sec1(der: &[u8]) -> Result<Self> {
        let first = match p256::SecretKey::from_sec1_der(der) {
            Ok(key) => return Ok(Self::new(Secret::P256(key.into()))),
            Err(error) => error,
        };
        if let Ok(key) = p384::SecretKey::from_sec1_der(der) {
            return Ok(Self::new(Secret::P384(key.into())));
        }
        if let Ok(key) = p521::SecretKey::from_sec1_der(der) {
            return Ok(Self::new(Secret::P521(key.into())));
        }
        Err(Error::malformed("SEC1 private key", first))
    }

    fn from_pkcs1(der: &[u8]) -> Result<Self> {
        let key = RsaPrivate::from_pkcs1_der(der)
            .map_err(|source| Error::malformed("PKCS#1 private key", source))?;
        Ok(Self::new(Secret::Rsa(Box::new(checked_size(key)?))))
    }

    fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>> {
        let document = match &self.secret {
            Secret::P256(key) => key.to_pkcs8_der(),
            Secret::P384(key) => key.to_pkcs8_der(),
            Secret::P521(key) => p521::SecretKey::from(key).to_pkcs8_der(),
            Secret::Rsa(key) => key.to_pkcs8_der(),
            Secret::Ed25519(key) => key.to_pkcs8_der(),
        };
        let document = document.map_err(|source| Error::malformed("private key", source))?;
        Ok(document.to_bytes())
    }

    fn sign_now(&self, message: &[u8]) -> Result<Vec<u8>> {
        let hash = Sha256::digest(message);
        let failed = |source| Error::Sign(Box::new(source));
        match &self.secret {
            Secret::P256(key) => {
                let signature: p256::ecdsa::DerSignature = key.sign_prehash(&hash).map_err(failed)?;
                Ok(signature.as_bytes().to_vec())
            }
            Secret::P384(key) => {
                let signature: p384::ecdsa::DerSignature = key.sign_prehash(&hash).map_err(failed)?;
                Ok(signature.as_bytes().to_vec())
            }
            Secret::P521(key) => {
                let signature: p521::ecdsa::DerSignature = key.sign_prehash(&hash).map_err(failed)?;
                Ok(signature.as_bytes().to_vec())
            }
            // Blinded with the system's random numbers by the crate.
            Secret::Rsa(key) => {
                key.sign(Pkcs1v15Sign::new::<Sha256>(), &hash).map_err(|source| Error::Sign(Box::new(source)))
            }
            Secret::Ed25519(key) => {
                use ed25519_dalek::Signer as _;
                Ok(key.try_sign(message).map_err(failed)?.to_vec())
            }
        }
    }
}

impl SignerKey for PrivateKey {
    fn sign<'a>(&'a self, message: &'a [u8]) -> Signing<'a> {
        Box::pin(std::future::ready(self.sign_now(message)))
    }

    fn public_key(&self) -> &PublicKey {
        &self.public
    }
}

fn unsupported(what: &str, oid: Option<ObjectIdentifier>) -> Error {
    let name = oid.map_or_else(|| "unnamed".to_owned(), |oid| oid.to_string());
    Error::UnsupportedKey { algorithm: format!("{what} {name}") }
}

fn checked_size(key: RsaPrivate) -> Result<RsaPrivate> {
    let bits = key.n().bit_width();
    if RSA_BITS.contains(&bits) { Ok(key) } else { Err(Error::RsaSize { bits }) }
}

#[cfg(test)]
mod tests;
