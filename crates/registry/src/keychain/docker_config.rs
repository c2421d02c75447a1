//! Docker's `config.json`.
//!
//! Source: <https://github.com/docker/cli/tree/master/cli/config> (`configfile/file.go`,
//! `types/authconfig.go`).

use std::collections::BTreeMap;

use base64::Engine as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::location::{Location, Target};
use super::{Candidates, Credential, Secret, helper};
use crate::{Attempt, Error, Outcome, Result};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct DockerConfig {
    auths: BTreeMap<String, Entry>,
    cred_helpers: BTreeMap<String, String>,
    creds_store: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    auth: SecretString,
    username: String,
    password: SecretString,
    identitytoken: SecretString,
    registrytoken: SecretString,
}

impl DockerConfig {
    pub(super) fn parse(origin: &str, text: &SecretString) -> Result<Self> {
        let text = text.expose_secret();
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        // Only the place of a mistake is told: serde's words may quote the content.
        serde_json::from_str(text).map_err(|error| Error::Credentials {
            origin: origin.to_owned(),
            problem: format!("not Docker's JSON at line {} column {}", error.line(), error.column()),
        })
    }

    /// What the configuration knows: the registry's own helper, entries by length of match, the store.
    pub(super) async fn collect(
        &self,
        origin: &str,
        target: &Target<'_>,
        found: &mut Candidates,
    ) -> Result<()> {
        let helpers = longest_first(&self.cred_helpers, target).into_iter().map(|(_, name)| name);
        for name in helpers {
            ask(name, origin, target, found).await;
        }
        for (key, entry) in longest_first(&self.auths, target) {
            if let Some(secret) = entry.secret(origin, key)? {
                found.credentials.push(Credential { origin: format!("{origin} (`{key}`)"), secret });
            }
        }
        if !self.creds_store.is_empty() {
            ask(&self.creds_store, origin, target, found).await;
        }
        Ok(())
    }
}

async fn ask(name: &str, origin: &str, target: &Target<'_>, found: &mut Candidates) {
    let origin = format!("docker-credential-{name} of {origin}");
    match helper::get(name, target.server()).await {
        Ok(Some(secret)) => found.credentials.push(Credential { origin, secret }),
        Ok(None) => {}
        Err(why) => found.unusable.push(Attempt { origin, outcome: Outcome::Unusable(why) }),
    }
}

/// The entries for a target, the longest match first.
fn longest_first<'a, T>(map: &'a BTreeMap<String, T>, target: &Target<'_>) -> Vec<(&'a str, &'a T)> {
    let covering =
        map.iter().filter_map(|(key, value)| Some((Location::parse(key).covers(target)?, key, value)));
    let mut matches: Vec<_> = covering.collect();
    matches.sort_by_key(|(length, ..)| std::cmp::Reverse(*length));
    matches.into_iter().map(|(_, key, value)| (key.as_str(), value)).collect()
}

impl Entry {
    /// The credentials; `None` for the empty entries that a credential store leaves behind.
    fn secret(&self, origin: &str, key: &str) -> Result<Option<Secret>> {
        let is_set = |secret: &SecretString| !secret.expose_secret().is_empty();
        if is_set(&self.identitytoken) {
            return Ok(Some(Secret::IdentityToken(self.identitytoken.clone())));
        }
        if is_set(&self.registrytoken) {
            return Ok(Some(Secret::RegistryToken(self.registrytoken.clone())));
        }
        if is_set(&self.auth) {
            return decode(self.auth.expose_secret()).map(Some).ok_or_else(|| Error::Credentials {
                origin: origin.to_owned(),
                problem: format!("`auth` of `{key}` is not the base64 of NAME:PASSWORD"),
            });
        }
        let complete = !self.username.is_empty() && is_set(&self.password);
        Ok(complete
            .then(|| Secret::Basic { username: self.username.clone(), password: self.password.clone() }))
    }
}

/// `base64(name:password)`; Docker pads with NUL bytes at times.
fn decode(auth: &str) -> Option<Secret> {
    let bytes = base64::prelude::BASE64_STANDARD.decode(auth.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (username, password) = text.split_once(':')?;
    Some(Secret::Basic { username: username.to_owned(), password: password.trim_end_matches('\0').into() })
}
