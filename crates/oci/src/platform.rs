//! Platforms, compared as containerd compares them.
//!
//! Source: <https://github.com/containerd/platforms>, `database.go` (normalisation) and `compare.go`
//! (which variants run where).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::serde_forms::{Other, null_is_default};
use crate::{Error, Result};

/// An operating system and an architecture, with an optional variant (`v7`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Platform {
    /// As Go names it: `amd64`, `arm64`, `arm`, …
    pub architecture: String,
    /// As Go names it: `linux`, `windows`, …
    pub os: String,
    /// The version of the operating system; Windows only.
    #[serde(rename = "os.version", default, skip_serializing_if = "Option::is_none")]
    pub os_version: Option<String>,
    /// Features that the operating system must have; Windows only.
    #[serde(
        rename = "os.features",
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "null_is_default"
    )]
    pub os_features: Vec<String>,
    /// The variant of the architecture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub other: Other,
}

impl Platform {
    /// A platform without a variant.
    pub fn new(os: impl Into<String>, architecture: impl Into<String>) -> Self {
        Self {
            architecture: architecture.into(),
            os: os.into(),
            os_version: None,
            os_features: Vec::new(),
            variant: None,
            other: Other::new(),
        }
    }

    /// The platform that this program was compiled for.
    pub fn host() -> Self {
        Self::new(std::env::consts::OS, std::env::consts::ARCH).normalized()
    }

    /// The same platform under the names that Go uses, without default variants.
    #[must_use]
    pub fn normalized(&self) -> Self {
        let os = match self.os.to_ascii_lowercase().as_str() {
            "macos" => "darwin".to_owned(),
            other => other.to_owned(),
        };
        let variant = self.variant.as_deref().unwrap_or_default().to_ascii_lowercase();
        let (architecture, variant) = normalize(&self.architecture.to_ascii_lowercase(), &variant);
        let variant = Some(variant).filter(|text| !text.is_empty());
        Self { architecture, os, variant, ..self.clone() }
    }

    /// Whether both are the same platform, by whatever names.
    pub fn matches(&self, other: &Self) -> bool {
        self.compatibility(other) == Some(0)
    }

    /// Whether `self` runs images of `offered`: 0 for the same platform, higher for older variants.
    pub(crate) fn compatibility(&self, offered: &Self) -> Option<u32> {
        let (wanted, offered) = (self.normalized(), offered.normalized());
        if wanted.os != offered.os || wanted.architecture != offered.architecture {
            return None;
        }
        let level = |platform: &Self, default: u32| match &platform.variant {
            None => Some(default),
            Some(text) => text.strip_prefix('v')?.parse::<u32>().ok(),
        };
        if wanted.variant == offered.variant {
            return Some(0);
        }
        let default = match wanted.architecture.as_str() {
            "amd64" => 1,
            "arm64" => 8,
            "arm" => 7,
            _ => return None,
        };
        level(&wanted, default)?.checked_sub(level(&offered, default)?)
    }
}

fn normalize(architecture: &str, variant: &str) -> (String, String) {
    let (architecture, variant) = match (architecture, variant) {
        ("i386", _) => ("386", ""),
        ("x86_64" | "x86-64" | "amd64", "" | "v1") => ("amd64", ""),
        ("x86_64" | "x86-64" | "amd64", variant) => ("amd64", variant),
        ("aarch64" | "arm64", "" | "8" | "v8") => ("arm64", ""),
        ("aarch64" | "arm64", variant) => ("arm64", variant),
        ("armhf", _) | ("arm", "" | "7") => ("arm", "v7"),
        ("armel", _) | ("arm", "6") => ("arm", "v6"),
        ("arm", "5") => ("arm", "v5"),
        ("arm", "8") => ("arm", "v8"),
        ("powerpc64", variant) => ("ppc64", variant),
        ("powerpc64le", variant) => ("ppc64le", variant),
        pair => pair,
    };
    (architecture.to_owned(), variant.to_owned())
}

impl FromStr for Platform {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let word = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
        };
        let parts: Vec<&str> = text.split('/').collect();
        if !(2..=3).contains(&parts.len()) || !parts.iter().all(|part| word(part)) {
            return Err(Error::Platform { text: text.to_owned() });
        }
        let mut platform = Self::new(parts[0], parts[1]);
        platform.variant = parts.get(2).map(|&part| part.to_owned());
        Ok(platform.normalized())
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.os, self.architecture)?;
        match &self.variant {
            Some(variant) => write!(formatter, "/{variant}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Platform;
    use crate::{Descriptor, Digest, Index};

    fn platform(text: &str) -> Platform {
        text.parse().unwrap()
    }

    #[test]
    fn names_are_normalised() {
        for (text, expected) in [
            ("linux/x86_64", "linux/amd64"),
            ("Linux/AMD64/v1", "linux/amd64"),
            ("linux/aarch64", "linux/arm64"),
            ("linux/arm64/v8", "linux/arm64"),
            ("linux/arm", "linux/arm/v7"),
            ("linux/armhf", "linux/arm/v7"),
            ("linux/arm/6", "linux/arm/v6"),
            ("linux/amd64/v3", "linux/amd64/v3"),
            ("linux/riscv64", "linux/riscv64"),
        ] {
            assert_eq!(platform(text).to_string(), expected, "{text}");
        }
        for text in ["", "linux", "linux/", "/amd64", "linux/arm/v7/x", "linux/am d64"] {
            assert!(text.parse::<Platform>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_index_offers_the_best_match() {
        let names = ["unknown/unknown", "linux/arm/v5", "linux/arm/v6", "linux/arm64/v8", "linux/amd64"];
        let entries = names.map(|name| {
            let mut entry = Descriptor::new("m", Digest::of(name), 1);
            entry.platform = Some(platform(name));
            entry
        });
        let index = Index::new(entries.into());
        let chosen = |wanted: &str| {
            index.select(&platform(wanted)).map(|entry| entry.platform.clone().unwrap().to_string())
        };
        assert_eq!(chosen("linux/amd64").as_deref(), Some("linux/amd64"));
        assert_eq!(chosen("linux/amd64/v3").as_deref(), Some("linux/amd64"));
        assert_eq!(chosen("linux/arm64").as_deref(), Some("linux/arm64"));
        assert_eq!(chosen("linux/arm/v7").as_deref(), Some("linux/arm/v6"));
        assert_eq!(chosen("linux/arm/v5").as_deref(), Some("linux/arm/v5"));
        assert_eq!(chosen("linux/s390x"), None);
        assert_eq!(chosen("windows/amd64"), None);
        assert_eq!(index.platforms().len(), 4);
    }
}
