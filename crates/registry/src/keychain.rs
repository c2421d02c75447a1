//! Credentials: where they come from and in which order they are tried.
//!
//! A registry's error is only as good as the answer to "which credentials did you use?". So nothing is
//! merged: every source that knows something about a repository gives candidates of its own, under its
//! own name, and they are tried one after the other.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};

use crate::tls::host_name;
use crate::{Attempt, Error, Result};

mod docker_config;
mod helper;
mod location;

use docker_config::DockerConfig;
use location::{Location, Target};

/// One place that credentials come from.
#[derive(Clone)]
pub enum Source {
    /// The text of a Docker `config.json`, for example the value of `DOCKER_AUTH_CONFIG`.
    DockerConfig {
        /// What messages call it.
        origin: String,
        /// The text.
        text: SecretString,
    },
    /// A Docker `config.json`; a file that does not exist holds nothing. Read again at each login, so
    /// that what is refreshed there during a long build is used.
    DockerConfigFile(PathBuf),
    /// Somebody who is asked for each registry, by its host without the port.
    Lookup(Arc<LookupFn>),
    /// A name and a password.
    Static {
        /// What messages call it.
        origin: String,
        /// `host`, `host:port` or `host/path`: the account is for what is below.
        host: String,
        /// The account.
        username: String,
        /// Its password or token.
        password: SecretString,
    },
}

/// Knows an account for the host of a registry, or none.
pub type LookupFn = dyn Fn(&str) -> Option<Account> + Send + Sync;

/// The answer of [`Source::Lookup`].
#[derive(Clone, Debug)]
pub struct Account {
    /// What messages call it.
    pub origin: String,
    /// The account.
    pub username: String,
    /// Its password or token.
    pub password: SecretString,
}

/// All sources, in the order in which they are tried.
#[derive(Clone, Default)]
pub struct Keychain {
    sources: Arc<[Source]>,
}

/// One way to authenticate.
#[derive(Clone)]
pub(crate) struct Credential {
    pub(crate) origin: String,
    pub(crate) secret: Secret,
}

#[derive(Clone)]
pub(crate) enum Secret {
    Basic {
        username: String,
        password: SecretString,
    },
    /// A refresh token of `OAuth2`, to be exchanged at the token server.
    IdentityToken(SecretString),
    /// A bearer token, sent as it is.
    RegistryToken(SecretString),
    Anonymous,
}

/// What is known about a repository.
#[derive(Default)]
pub(crate) struct Candidates {
    pub(crate) credentials: Vec<Credential>,
    /// Sources that should have given something and could not.
    pub(crate) unusable: Vec<Attempt>,
}

impl Keychain {
    /// A keychain of these sources.
    pub fn new(sources: Vec<Source>) -> Self {
        Self { sources: sources.into() }
    }

    /// The credentials for a repository: sources in order, within a source the longest match first.
    pub(crate) async fn candidates(&self, registry: &str, repository: &str) -> Result<Candidates> {
        let target = Target::new(registry, repository);
        let mut found = Candidates::default();
        for source in self.sources.iter() {
            source.collect(&target, &mut found).await?;
        }
        Ok(found)
    }
}

impl Source {
    async fn collect(&self, target: &Target<'_>, found: &mut Candidates) -> Result<()> {
        match self {
            Self::Static { origin, host, username, password } => {
                if Location::parse(host).covers(target).is_some() {
                    let secret = Secret::Basic { username: username.clone(), password: password.clone() };
                    found.credentials.push(Credential { origin: origin.clone(), secret });
                }
                Ok(())
            }
            Self::Lookup(find) => {
                if let Some(Account { origin, username, password }) = find(host_name(&target.host)) {
                    found
                        .credentials
                        .push(Credential { origin, secret: Secret::Basic { username, password } });
                }
                Ok(())
            }
            Self::DockerConfig { origin, text } => {
                DockerConfig::parse(origin, text)?.collect(origin, target, found).await
            }
            Self::DockerConfigFile(path) => {
                let origin = path.display().to_string();
                let text = match std::fs::read_to_string(path) {
                    Ok(text) => SecretString::from(text),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
                    Err(error) => {
                        return Err(Error::Credentials { origin, problem: error.to_string() });
                    }
                };
                DockerConfig::parse(&origin, &text)?.collect(&origin, target, found).await
            }
        }
    }
}

impl Credential {
    pub(crate) fn anonymous() -> Self {
        Self { origin: "anonymous".into(), secret: Secret::Anonymous }
    }

    /// The value of an `Authorization: Basic` header, where there is a name and a password.
    pub(crate) fn basic(&self) -> Option<HeaderValue> {
        let Secret::Basic { username, password } = &self.secret else { return None };
        let pair = BASE64_STANDARD.encode(format!("{username}:{}", password.expose_secret()));
        let mut value = HeaderValue::from_str(&format!("Basic {pair}")).expect("base64 is ASCII");
        value.set_sensitive(true);
        Some(value)
    }
}

#[cfg(test)]
mod tests;
