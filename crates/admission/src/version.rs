//! Versions of Kyverno, as far as policies depend on them.

use std::fmt;
use std::str::FromStr;

use crate::{Error, Result};

/// A minor version of Kyverno. Patch levels and suffixes are read and dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KyvernoVersion {
    major: u32,
    minor: u32,
}

impl KyvernoVersion {
    /// The version that policies are for when nothing is said: the first whose `ImageValidatingPolicy`
    /// really pins and requires.
    pub const DEFAULT: Self = Self::new(1, 19);

    /// A version from its numbers.
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }
}

impl Default for KyvernoVersion {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl FromStr for KyvernoVersion {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let read = || {
            let mut parts = text.strip_prefix('v').unwrap_or(text).splitn(3, '.');
            let major = parts.next()?.parse().ok()?;
            let minor = parts.next()?.parse().ok()?;
            Some(Self { major, minor })
        };
        read().ok_or_else(|| Error::Version { text: text.to_owned() })
    }
}

impl fmt::Display for KyvernoVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::KyvernoVersion;

    #[test]
    fn read_and_compared() {
        for text in ["1.19", "v1.19", "1.19.0", "v1.19.1-rc.1"] {
            assert_eq!(text.parse::<KyvernoVersion>().unwrap(), KyvernoVersion::DEFAULT, "{text}");
        }
        assert!(KyvernoVersion::new(1, 9) < KyvernoVersion::new(1, 13));
        for text in ["", "1", "latest", "1.x"] {
            assert!(text.parse::<KyvernoVersion>().is_err(), "{text}");
        }
    }
}
