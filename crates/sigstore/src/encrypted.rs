//! The encrypted private key file of cosign (go-securesystemslib's `encrypted` package).
//!
//! A PEM block whose bytes are JSON: a scrypt derivation, a secretbox of `NaCl` and its ciphertext, which is
//! the PKCS#8 DER of the key. Old files say `COSIGN` in the label, new ones `SIGSTORE`; both are read,
//! the new one is written. The costs in a file are the file's claim and are capped *before* the
//! derivation runs, so that a hostile key file cannot eat the machine.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto_secretbox::aead::{Aead, KeyInit};
use crypto_secretbox::{Nonce, XSalsa20Poly1305};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{Error, Result, pem};

/// The label written.
pub const LABEL: &str = "ENCRYPTED SIGSTORE PRIVATE KEY";
/// The label of cosign before 2.0, still read.
pub const OLD_LABEL: &str = "ENCRYPTED COSIGN PRIVATE KEY";

/// log2 of the work factor written, cosign's default since 2.0.
const LOG_N: u8 = 16;
/// log2 of the greatest work factor accepted: OWASP's advice, which cosign can write too.
const MAX_LOG_N: u8 = 17;
/// Every version of cosign has used these two.
const R: u32 = 8;
const P: u32 = 1;

#[derive(Serialize, Deserialize)]
struct KeyFile {
    kdf: Derivation,
    cipher: Cipher,
    ciphertext: String,
}

#[derive(Serialize, Deserialize)]
struct Derivation {
    name: String,
    params: Cost,
    salt: String,
}

#[derive(Serialize, Deserialize)]
struct Cost {
    #[serde(rename = "N")]
    n: u64,
    r: u32,
    p: u32,
}

#[derive(Serialize, Deserialize)]
struct Cipher {
    name: String,
    nonce: String,
}

/// The PEM text of `der` (PKCS#8) under `password`, which may be empty.
pub fn encrypt(der: &[u8], password: &SecretString) -> Result<String> {
    let mut salt = [0_u8; 32];
    let mut nonce = [0_u8; 24];
    getrandom::fill(&mut salt).map_err(Error::Random)?;
    getrandom::fill(&mut nonce).map_err(Error::Random)?;
    let key = derive(password, &salt, LOG_N)?;
    let ciphertext = XSalsa20Poly1305::new(key.as_slice().into())
        .encrypt(Nonce::from_slice(&nonce), der)
        .map_err(|_| Error::Decrypt)?;
    let file = KeyFile {
        kdf: Derivation {
            name: "scrypt".into(),
            params: Cost { n: 1 << LOG_N, r: R, p: P },
            salt: STANDARD.encode(salt),
        },
        cipher: Cipher { name: "nacl/secretbox".into(), nonce: STANDARD.encode(nonce) },
        ciphertext: STANDARD.encode(ciphertext),
    };
    let json = serde_json::to_vec(&file).map_err(|source| Error::malformed("key file", source))?;
    Ok(pem::encode(LABEL, &json))
}

/// The PKCS#8 DER inside the bytes of an encrypted PEM block.
pub(crate) fn decrypt(json: &[u8], password: &SecretString) -> Result<Zeroizing<Vec<u8>>> {
    let file: KeyFile =
        serde_json::from_slice(json).map_err(|source| Error::malformed("encrypted key", source))?;
    if file.kdf.name != "scrypt" {
        return Err(Error::UnsupportedEncryption { what: "key derivation", name: file.kdf.name });
    }
    if file.cipher.name != "nacl/secretbox" {
        return Err(Error::UnsupportedEncryption { what: "cipher", name: file.cipher.name });
    }
    let log_n = file.kdf.params.checked_log_n()?;
    let salt = decode("salt", &file.kdf.salt)?;
    let nonce = decode("nonce", &file.cipher.nonce)?;
    if nonce.len() != 24 {
        return Err(Error::Decrypt);
    }
    let ciphertext = decode("ciphertext", &file.ciphertext)?;
    let key = derive(password, &salt, log_n)?;
    XSalsa20Poly1305::new(key.as_slice().into())
        .decrypt(Nonce::from_slice(&nonce), ciphertext.as_slice())
        .map(Zeroizing::new)
        .map_err(|_| Error::Decrypt)
}

impl Cost {
    fn checked_log_n(&self) -> Result<u8> {
        let Self { n, r, p } = *self;
        let log_n = u8::try_from(n.trailing_zeros()).unwrap_or(u8::MAX);
        if !n.is_power_of_two() || n < 2 || log_n > MAX_LOG_N || r != R || p != P {
            return Err(Error::ScryptCost { n, r, p });
        }
        Ok(log_n)
    }
}

fn derive(password: &SecretString, salt: &[u8], log_n: u8) -> Result<Zeroizing<[u8; 32]>> {
    let cost = || Error::ScryptCost { n: 1 << log_n, r: R, p: P };
    let params = scrypt::Params::new(log_n, R, P).map_err(|_| cost())?;
    let mut key = Zeroizing::new([0_u8; 32]);
    scrypt::scrypt(password.expose_secret().as_bytes(), salt, &params, key.as_mut_slice())
        .map_err(|_| cost())?;
    Ok(key)
}

fn decode(what: &'static str, text: &str) -> Result<Vec<u8>> {
    STANDARD.decode(text).map_err(|source| Error::malformed(what, source))
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::{LABEL, decrypt, encrypt};
    use crate::{Error, pem};

    #[test]
    fn round_trip_and_wrong_password() {
        let text = encrypt(b"secret", &SecretString::from("pw")).unwrap();
        let block = pem::first_block(&text).unwrap();
        assert_eq!(block.label, LABEL);
        assert_eq!(decrypt(&block.bytes, &SecretString::from("pw")).unwrap().as_slice(), b"secret");
        let wrong = decrypt(&block.bytes, &SecretString::from(""));
        assert!(matches!(wrong, Err(Error::Decrypt)));
    }

    #[test]
    fn costs_are_capped_before_any_work() {
        let text = encrypt(b"secret", &SecretString::from("")).unwrap();
        let json = String::from_utf8(pem::first_block(&text).unwrap().bytes.to_vec()).unwrap();
        for (from, to) in [
            ("\"N\":65536", "\"N\":1073741824"),
            ("\"N\":65536", "\"N\":65537"),
            ("\"N\":65536", "\"N\":0"),
            ("\"r\":8", "\"r\":8000"),
            ("\"p\":1", "\"p\":64"),
        ] {
            let bad = json.replace(from, to);
            assert_ne!(bad, json);
            let refused = decrypt(bad.as_bytes(), &SecretString::from(""));
            assert!(matches!(refused, Err(Error::ScryptCost { .. })), "{to}");
        }
    }
}
