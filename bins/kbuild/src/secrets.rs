//! The secrets of a build, in memory only.

use std::collections::BTreeMap;
use std::path::Path;

use secrecy::{ExposeSecret, SecretSlice, SecretString};

use crate::error::Error;
use crate::settings::{SecretSetting, SecretSource};

/// BuildKit's largest secret, in bytes.
const LIMIT: u64 = 500 << 10;

/// Values by the names that the command line gave them.
#[derive(Default)]
pub(crate) struct Secrets(BTreeMap<String, SecretSlice<u8>>);

impl Secrets {
    /// Reads them all, so that one that cannot be had is known before anything runs. `warn` is told about
    /// variables that are not set.
    pub(crate) fn load(settings: &[SecretSetting], warn: impl Fn(&str)) -> Result<Self, Error> {
        let mut secrets = BTreeMap::new();
        for SecretSetting { id, source } in settings {
            let value = match source {
                SecretSource::Value(value) => value.expose_secret().as_bytes().to_vec().into(),
                SecretSource::Unset(name) => {
                    warn(&format!("the secret `{id}` is empty: the variable `{name}` is not set"));
                    SecretSlice::default()
                }
                SecretSource::File(path) => read(id, path)?,
            };
            secrets.insert(id.clone(), value);
        }
        Ok(Self(secrets))
    }

    /// The secret with this name.
    pub(crate) fn get(&self, id: &str) -> Option<&SecretSlice<u8>> {
        self.0.get(id)
    }

    /// The secret with this name where it is text.
    pub(crate) fn text(&self, id: &str) -> Option<SecretString> {
        let text = std::str::from_utf8(self.get(id)?.expose_secret()).ok()?;
        Some(text.into())
    }

    /// All names, for messages.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

fn read(id: &str, path: &Path) -> Result<SecretSlice<u8>, Error> {
    let fault = |source| Error::Secret { id: id.to_owned(), path: path.to_owned(), source };
    let size = std::fs::metadata(path).map_err(fault)?.len();
    if size > LIMIT {
        let message = format!("the secret `{id}` has {size} bytes");
        return Err(Error::usage(
            message,
            format!("a secret may have {LIMIT}; mount a build context for more"),
        ));
    }
    Ok(std::fs::read(path).map_err(fault)?.into())
}
