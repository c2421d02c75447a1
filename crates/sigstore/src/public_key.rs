//! Public keys: reading, writing, verifying.

use std::ops::RangeInclusive;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::pkcs8::{DecodePublicKey, EncodePublicKey, SubjectPublicKeyInfoRef};
use rsa::traits::PublicKeyParts;
use rsa::{Pkcs1v15Sign, PublicKey as RsaPublic};
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::{Error, Result, Verifier, pem};

/// Sizes of RSA keys that cosign accepts. Below is weak, above is slow to verify on admission.
pub(crate) const RSA_BITS: RangeInclusive<u32> = 2048..=4096;

/// Object identifiers of the algorithms.
pub(crate) mod oid {
    use rsa::pkcs8::ObjectIdentifier;

    pub(crate) const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
    pub(crate) const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
    pub(crate) const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
    pub(crate) const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
    pub(crate) const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
    pub(crate) const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
}

/// Which algorithm a key is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// ECDSA on P-256.
    EcdsaP256,
    /// ECDSA on P-384.
    EcdsaP384,
    /// ECDSA on P-521.
    EcdsaP521,
    /// RSA, PKCS#1 v1.5 signatures.
    Rsa,
    /// Ed25519.
    Ed25519,
}

/// A public key of one of the algorithms that cosign uses.
///
/// An ECDSA signature may be over SHA-256, or over the hash that belongs to the curve (SHA-384, SHA-512):
/// cosign 3 signs with the latter and by default verifies the former. An Ed25519 signature may be pure
/// or pre-hashed. All of these are collision resistant and kept apart by the key's own algorithm, so that
/// accepting either gives a forger nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum PublicKey {
    /// ECDSA on P-256.
    P256(p256::ecdsa::VerifyingKey),
    /// ECDSA on P-384.
    P384(p384::ecdsa::VerifyingKey),
    /// ECDSA on P-521.
    P521(Box<p521::ecdsa::VerifyingKey>),
    /// RSA.
    Rsa(Box<RsaPublic>),
    /// Ed25519.
    Ed25519(Box<ed25519_dalek::VerifyingKey>),
}

impl PublicKey {
    /// Reads `PUBLIC KEY` (SPKI) or `RSA PUBLIC KEY` (PKCS#1).
    pub fn from_pem(text: &str) -> Result<Self> {
        let block = pem::first_block(text)?;
        match block.label.as_str() {
            "PUBLIC KEY" => Self::from_spki(&block.bytes),
            "RSA PUBLIC KEY" => {
                let key = RsaPublic::from_pkcs1_der(&block.bytes)
                    .map_err(|source| Error::malformed("PKCS#1 public key", source))?;
                Self::from_rsa(key)
            }
            _ => Err(Error::UnexpectedLabel { label: block.label, wanted: "public key" }),
        }
    }

    /// Reads a `SubjectPublicKeyInfo` structure (DER).
    pub fn from_spki(der: &[u8]) -> Result<Self> {
        let bad = |source| Error::malformed("public key", source);
        let info = SubjectPublicKeyInfoRef::try_from(der).map_err(bad)?;
        let unsupported = |oid: String| Error::UnsupportedKey { algorithm: oid };
        match info.algorithm.oid {
            oid::EC => match info.algorithm.parameters_oid().map_err(bad)? {
                oid::P256 => Ok(Self::P256(DecodePublicKey::from_public_key_der(der).map_err(bad)?)),
                oid::P384 => Ok(Self::P384(DecodePublicKey::from_public_key_der(der).map_err(bad)?)),
                oid::P521 => {
                    let key = p521::PublicKey::from_public_key_der(der).map_err(bad)?;
                    Ok(Self::P521(Box::new(key.into())))
                }
                other => Err(unsupported(format!("curve {other}"))),
            },
            oid::RSA => Self::from_rsa(RsaPublic::from_public_key_der(der).map_err(bad)?),
            oid::ED25519 => {
                Ok(Self::Ed25519(Box::new(DecodePublicKey::from_public_key_der(der).map_err(bad)?)))
            }
            other => Err(unsupported(format!("algorithm {other}"))),
        }
    }

    fn from_rsa(key: RsaPublic) -> Result<Self> {
        let bits = key.n().bit_width();
        if RSA_BITS.contains(&bits) { Ok(Self::Rsa(Box::new(key))) } else { Err(Error::RsaSize { bits }) }
    }

    /// The `SubjectPublicKeyInfo` structure (DER).
    pub fn to_spki(&self) -> Result<Vec<u8>> {
        let document = match self {
            Self::P256(key) => key.to_public_key_der(),
            Self::P384(key) => key.to_public_key_der(),
            Self::P521(key) => p521::PublicKey::from(key.as_ref()).to_public_key_der(),
            Self::Rsa(key) => key.to_public_key_der(),
            Self::Ed25519(key) => key.to_public_key_der(),
        };
        Ok(document.map_err(|source| Error::malformed("public key", source))?.into_vec())
    }

    /// The file that verifiers take.
    pub fn to_pem(&self) -> Result<String> {
        Ok(pem::encode("PUBLIC KEY", &self.to_spki()?))
    }

    /// Base64 of the SHA-256 of the SPKI: the hint that a bundle names a key by.
    pub fn hint(&self) -> Result<String> {
        Ok(STANDARD.encode(Sha256::digest(self.to_spki()?)))
    }

    /// The algorithm.
    pub fn kind(&self) -> KeyKind {
        match self {
            Self::P256(_) => KeyKind::EcdsaP256,
            Self::P384(_) => KeyKind::EcdsaP384,
            Self::P521(_) => KeyKind::EcdsaP521,
            Self::Rsa(_) => KeyKind::Rsa,
            Self::Ed25519(_) => KeyKind::Ed25519,
        }
    }
}

impl Verifier for PublicKey {
    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<()> {
        let accepted = match self {
            Self::P256(key) => {
                let signature = p256::ecdsa::Signature::from_der(signature).map_err(|_| not_der())?;
                key.verify_prehash(&Sha256::digest(message), &signature).is_ok()
            }
            Self::P384(key) => {
                let signature = p384::ecdsa::Signature::from_der(signature).map_err(|_| not_der())?;
                key.verify_prehash(&Sha256::digest(message), &signature).is_ok()
                    || key.verify_prehash(&Sha384::digest(message), &signature).is_ok()
            }
            Self::P521(key) => {
                let signature = p521::ecdsa::Signature::from_der(signature).map_err(|_| not_der())?;
                key.verify_prehash(&Sha256::digest(message), &signature).is_ok()
                    || key.verify_prehash(&Sha512::digest(message), &signature).is_ok()
            }
            Self::Rsa(key) => {
                key.verify(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(message), signature).is_ok()
            }
            Self::Ed25519(key) => verify_ed25519(key, message, signature)?,
        };
        if accepted { Ok(()) } else { Err(Error::WrongSignature) }
    }

    fn fingerprint(&self) -> String {
        // A key that was read or made serialises; the text is for people and decides nothing.
        self.to_spki().map_or_else(
            |_| "unprintable key".to_owned(),
            |der| {
                use std::fmt::Write as _;
                Sha256::digest(der).iter().fold(String::from("sha256:"), |mut text, byte| {
                    let _ = write!(text, "{byte:02x}");
                    text
                })
            },
        )
    }
}

/// `verify_strict` refuses keys of small order, under which one signature fits many messages.
fn verify_ed25519(key: &ed25519_dalek::VerifyingKey, message: &[u8], signature: &[u8]) -> Result<bool> {
    let signature = ed25519_dalek::Signature::from_slice(signature)
        .map_err(|_| Error::MalformedSignature { form: "64-byte Ed25519" })?;
    Ok(key.verify_strict(message, &signature).is_ok()
        || key.verify_prehashed_strict(Sha512::new_with_prefix(message), None, &signature).is_ok())
}

fn not_der() -> Error {
    Error::MalformedSignature { form: "DER-encoded ECDSA" }
}
