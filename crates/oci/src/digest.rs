//! Digests: the identity of all content.
//!
//! Source of the grammar: <https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md#digests>.

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use crate::{Error, Result};

/// The hash functions that the image specification registers and ktrust accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// SHA-256, what everything uses.
    Sha256,
    /// SHA-512, optional in the specification.
    Sha512,
}

impl Algorithm {
    /// The name before the colon.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    fn hex_len(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }
}

/// A checked digest, `sha256:…` or `sha512:…`, in lower case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(String);

impl Digest {
    /// The SHA-256 digest of some bytes.
    pub fn of(bytes: impl AsRef<[u8]>) -> Self {
        Self::of_with(Algorithm::Sha256, bytes)
    }

    /// The digest of some bytes by a chosen algorithm.
    pub fn of_with(algorithm: Algorithm, bytes: impl AsRef<[u8]>) -> Self {
        let mut digester = Digester::new(algorithm);
        digester.update(bytes.as_ref());
        digester.finish()
    }

    /// The hash function.
    pub fn algorithm(&self) -> Algorithm {
        if self.0.starts_with("sha256") { Algorithm::Sha256 } else { Algorithm::Sha512 }
    }

    /// The hexadecimal digits after the colon.
    pub fn hex(&self) -> &str {
        &self.0["sha256:".len()..]
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `sha256-<hex>`: the tag form that signatures (`.sig`, `.att`) and the referrers fallback use.
    pub fn tag_form(&self) -> String {
        self.0.replacen(':', "-", 1)
    }
}

impl FromStr for Digest {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let algorithm = match text.split_once(':') {
            Some(("sha256", _)) => Some(Algorithm::Sha256),
            Some(("sha512", _)) => Some(Algorithm::Sha512),
            _ => None,
        };
        // Both prefixes have the same length, which `hex` relies on.
        let hex = text.get("sha256:".len()..).unwrap_or_default();
        match algorithm {
            Some(algorithm)
                if hex.len() == algorithm.hex_len()
                    && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) =>
            {
                Ok(Self(text.to_owned()))
            }
            _ => Err(Error::Digest { text: text.chars().take(200).collect() }),
        }
    }
}

impl TryFrom<String> for Digest {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.0
    }
}

impl AsRef<str> for Digest {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Computes a digest piece by piece; as a [`Write`] it never fails.
#[derive(Clone)]
pub struct Digester {
    state: State,
    length: u64,
}

#[derive(Clone)]
enum State {
    Sha256(sha2::Sha256),
    Sha512(Box<sha2::Sha512>),
}

impl Digester {
    /// A digester that has seen nothing.
    pub fn new(algorithm: Algorithm) -> Self {
        let state = match algorithm {
            Algorithm::Sha256 => State::Sha256(sha2::Sha256::new()),
            Algorithm::Sha512 => State::Sha512(Box::default()),
        };
        Self { state, length: 0 }
    }

    /// Takes in more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        match &mut self.state {
            State::Sha256(hasher) => hasher.update(bytes),
            State::Sha512(hasher) => hasher.update(bytes),
        }
    }

    /// How many bytes were taken in.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The digest of all bytes.
    pub fn finish(self) -> Digest {
        Digest(match self.state {
            State::Sha256(hasher) => format!("sha256:{}", hex::encode(hasher.finalize())),
            State::Sha512(hasher) => format!("sha512:{}", hex::encode(hasher.finalize())),
        })
    }
}

impl Default for Digester {
    fn default() -> Self {
        Self::new(Algorithm::Sha256)
    }
}

impl Write for Digester {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Algorithm, Digest, Digester};

    const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn known_values() {
        assert_eq!(Digest::of(b"").as_str(), EMPTY);
        let long = Digest::of_with(Algorithm::Sha512, b"");
        assert!(long.hex().starts_with("cf83e1357eefb8bd"));
        assert_eq!(long.algorithm(), Algorithm::Sha512);
        assert_eq!(long.to_string().parse::<Digest>().unwrap(), long);
        assert_eq!(Digest::of(b"").tag_form(), EMPTY.replace(':', "-"));
    }

    #[test]
    fn pieces_are_the_whole() {
        let mut digester = Digester::default();
        std::io::copy(&mut &b"hello "[..], &mut digester).unwrap();
        digester.update(b"world");
        assert_eq!(digester.length(), 11);
        assert_eq!(digester.finish(), Digest::of("hello world"));
    }

    #[test]
    fn refused() {
        let upper = EMPTY.to_uppercase();
        let traversal = format!("sha256:../{}", &EMPTY[10..]);
        let short = &EMPTY[..70];
        for text in ["", "sha256", "sha256:", short, &upper, &traversal, "md5:abc", "sha256:é", "ü"] {
            assert!(text.parse::<Digest>().is_err(), "{text}");
        }
        assert!(serde_json::from_str::<Digest>("\"sha256:xyz\"").is_err());
    }
}
