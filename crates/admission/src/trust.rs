//! The one input of every policy: which repositories, signed by whom.

use crate::{Error, Identity, Repository, Result};

/// Sigstore's public transparency log.
const PUBLIC_LOG: &str = "https://rekor.sigstore.dev";
/// Sigstore's public certificate authority.
const PUBLIC_AUTHORITY: &str = "https://fulcio.sigstore.dev";

/// Which images must be signed by whom. There is none without a repository and a signer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    name: String,
    repositories: Vec<Repository>,
    authority: Authority,
    namespaces: Vec<String>,
    /// What happens to an image that is not signed so.
    pub enforcement: Enforcement,
    /// How the signatures are stored.
    pub format: SignatureFormat,
}

/// Who must have signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authority {
    /// The holder of one of these keys.
    Keys {
        /// At least one; several while a key is being replaced.
        keys: PublicKeys,
        /// The transparency log that must know the signature; `None` asks no log, and then needs no
        /// network beyond the registry.
        log: Option<String>,
    },
    /// The bearer of an identity. The certificate is valid for minutes, so that a log must tell when it
    /// was used: there is no keyless signature without one.
    Keyless {
        /// Subject and issuer.
        identity: Identity,
        /// The transparency log.
        log: String,
        /// The certificate authority; only policy-controller wants to know it.
        authority: String,
    },
}

impl Authority {
    /// Keys, no log.
    pub fn keys(keys: PublicKeys) -> Self {
        Self::Keys { keys, log: None }
    }

    /// An identity, with Sigstore's public services.
    pub fn keyless(identity: Identity) -> Self {
        Self::Keyless { identity, log: PUBLIC_LOG.into(), authority: PUBLIC_AUTHORITY.into() }
    }

    /// The public log, for signatures with a key that were uploaded to it.
    pub fn public_log() -> String {
        PUBLIC_LOG.into()
    }

    pub(crate) fn log(&self) -> Option<&str> {
        match self {
            Self::Keys { log, .. } => log.as_deref(),
            Self::Keyless { log, .. } => Some(log),
        }
    }
}

/// Public keys in PEM, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKeys(Vec<String>);

impl PublicKeys {
    /// Reads every `PUBLIC KEY` block of a text. Anything else in it is refused: a private key has no
    /// business in a cluster, and a half-pasted key would trust nobody.
    pub fn from_pem(text: &str) -> Result<Self> {
        const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
        const END: &str = "-----END PUBLIC KEY-----";
        let refused = |problem| Error::PublicKey { problem };
        if text.contains("PRIVATE KEY") {
            return Err(refused("it holds a private key"));
        }
        let mut keys = Vec::new();
        let text = text.replace('\r', "");
        let mut rest = text.trim();
        while !rest.is_empty() {
            let body = rest
                .strip_prefix(BEGIN)
                .ok_or(refused("it does not begin with `-----BEGIN PUBLIC KEY-----`"))?;
            let (body, after) =
                body.split_once(END).ok_or(refused("it does not end with `-----END PUBLIC KEY-----`"))?;
            let body: Vec<&str> = body.split_whitespace().collect();
            if body.is_empty() || !body.iter().all(|line| line.bytes().all(is_base64)) {
                return Err(refused("its body is not base64"));
            }
            keys.push(format!("{BEGIN}\n{}\n{END}\n", body.join("\n")));
            rest = after.trim();
        }
        if keys.is_empty() { Err(refused("it is empty")) } else { Ok(Self(keys)) }
    }

    /// These keys and those.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self.0.dedup();
        self
    }

    /// Each key as a PEM block that ends in a line feed.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// What happens to an image that is not signed as demanded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Enforcement {
    /// It is refused.
    #[default]
    Deny,
    /// It is reported and let in.
    Audit,
}

/// How signatures are stored beside the image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignatureFormat {
    /// Under the tag `sha256-….sig`, which every verifier reads.
    #[default]
    Legacy,
    /// As a Sigstore bundle that refers to the image, cosign 3's default.
    Bundle,
}

impl Trust {
    /// Trusts `authority` for `repositories`, in all namespaces, denying everything else in them.
    pub fn new(repositories: Vec<Repository>, authority: Authority) -> Result<Self> {
        let first = repositories.first().ok_or(Error::NoRepository)?;
        Ok(Self {
            name: default_name(first),
            repositories,
            authority,
            namespaces: Vec::new(),
            enforcement: Enforcement::default(),
            format: SignatureFormat::default(),
        })
    }

    /// Gives the policy another name than the one derived from the first repository.
    pub fn named(mut self, name: &str) -> Result<Self> {
        if !is_name(name, true) {
            return Err(Error::Name { name: name.to_owned() });
        }
        name.clone_into(&mut self.name);
        Ok(self)
    }

    /// Limits the policy to these namespaces. None means all.
    pub fn within(mut self, namespaces: Vec<String>) -> Result<Self> {
        if let Some(name) = namespaces.iter().find(|name| !is_name(name, false)) {
            return Err(Error::Namespace { name: name.clone() });
        }
        self.namespaces = namespaces;
        Ok(self)
    }

    /// The name of the policy.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The repositories, at least one.
    pub fn repositories(&self) -> &[Repository] {
        &self.repositories
    }

    /// Who must have signed.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The namespaces; none means all.
    pub fn namespaces(&self) -> &[String] {
        &self.namespaces
    }
}

/// `docker.io/library/nginx` → `ktrust-library-nginx`.
fn default_name(repository: &Repository) -> String {
    let word = |character: char| if character.is_ascii_alphanumeric() { character } else { '-' };
    let name: String = format!("ktrust-{}", repository.path()).chars().map(word).take(48).collect();
    name.trim_end_matches('-').to_owned()
}

/// RFC 1123, as Kubernetes applies it, at most 63 characters.
fn is_name(name: &str, dots: bool) -> bool {
    let inner =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || dots && byte == b'.';
    let ends =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let bytes = name.as_bytes();
    bytes.len() <= 63 && bytes.iter().all(|byte| inner(*byte)) && ends(bytes.first()) && ends(bytes.last())
}

#[cfg(test)]
mod tests {
    use super::{Authority, PublicKeys, Trust};

    const PEM: &str = "-----BEGIN PUBLIC KEY-----\r\n  AAAA\r\nBBBB\r\n-----END PUBLIC KEY-----";

    #[test]
    fn keys_are_normalised() {
        let keys = PublicKeys::from_pem(&format!("{PEM}\n\n{PEM}")).unwrap();
        assert_eq!(keys.iter().len(), 2);
        let first = keys.iter().next().unwrap();
        assert_eq!(first, "-----BEGIN PUBLIC KEY-----\nAAAA\nBBBB\n-----END PUBLIC KEY-----\n");
        assert_eq!(keys.clone().and(keys).iter().len(), 1);
    }

    #[test]
    fn what_is_no_public_key_is_refused() {
        let private = PEM.replace("PUBLIC", "ENCRYPTED SIGSTORE PRIVATE");
        for text in ["", "AAAA", "-----BEGIN PUBLIC KEY-----\nAAAA", &private, &PEM.replace("AAAA", "A: A")] {
            assert!(PublicKeys::from_pem(text).is_err(), "{text}");
        }
    }

    #[test]
    fn names() {
        let trust = |repository: &str| {
            let keys = Authority::keys(PublicKeys::from_pem(PEM).unwrap());
            Trust::new(vec![repository.parse().unwrap()], keys).unwrap()
        };
        assert_eq!(trust("nginx").name(), "ktrust-library-nginx");
        assert_eq!(trust("registry.example/team/my_app").named("x.y-1").unwrap().name(), "x.y-1");
        for name in ["", "Upper", "-x", "x-", "a_b", &"x".repeat(64)] {
            assert!(trust("nginx").named(name).is_err(), "{name}");
            assert!(trust("nginx").within(vec![name.into()]).is_err(), "{name}");
        }
        assert!(trust("nginx").within(vec!["a.b".into()]).is_err());
    }
}
