//! `--secret`, as buildx writes it.

use std::path::PathBuf;

use ktrust_dockerfile::csv;
use ktrust_pipeline::Environment;
use secrecy::SecretString;

use crate::error::Error;

/// A secret's name, and where its value is. Files are read when the build begins.
#[derive(Clone, Debug)]
pub(crate) struct SecretSetting {
    pub(crate) id: String,
    pub(crate) source: SecretSource,
}

/// Where the value of a secret is.
#[derive(Clone, Debug)]
pub(crate) enum SecretSource {
    /// In a variable, which has been read.
    Value(SecretString),
    /// In a variable that is not set, which docker takes for an empty secret.
    Unset(String),
    /// In a file.
    File(PathBuf),
}

const HINT: &str = "write `id=NAME`, `id=NAME,src=FILE` or `id=NAME,env=VARIABLE`";

/// Reads `id=X[,src=FILE|,env=VARIABLE][,type=file|env]`. The bare `id=X` is the variable X if there is one,
/// else the file X. Of two with one name the later one counts.
pub(super) fn secrets(given: &[String], environment: &dyn Environment) -> Result<Vec<SecretSetting>, Error> {
    let mut secrets: Vec<SecretSetting> = Vec::new();
    for spec in given.iter().filter(|spec| !spec.is_empty()) {
        let secret = Fields::parse(spec)?.secret(spec, environment)?;
        match secrets.iter_mut().find(|known| known.id == secret.id) {
            Some(known) => *known = secret,
            None => secrets.push(secret),
        }
    }
    Ok(secrets)
}

#[derive(Default)]
struct Fields {
    id: String,
    source: String,
    env: String,
    is_variable: bool,
}

impl Fields {
    fn parse(spec: &str) -> Result<Self, Error> {
        let wrong = |why: String| Error::usage(format!("`--secret {spec}`: {why}"), HINT);
        let mut fields = Self::default();
        for field in csv::fields(spec).map_err(|error| wrong(error.to_string()))? {
            let Some((key, value)) = field.split_once('=') else {
                return Err(wrong(format!("`{field}` is not KEY=VALUE")));
            };
            let value = value.to_owned();
            match key.to_lowercase().as_str() {
                "id" => fields.id = value,
                "src" | "source" => fields.source = value,
                "env" => fields.env = value,
                "type" if value == "file" => fields.is_variable = false,
                "type" if value == "env" => fields.is_variable = true,
                "type" => return Err(wrong(format!("there is no type `{value}`"))),
                _ => return Err(wrong(format!("there is no `{key}`"))),
            }
        }
        Ok(fields)
    }

    fn secret(mut self, spec: &str, environment: &dyn Environment) -> Result<SecretSetting, Error> {
        if self.id.is_empty() {
            return Err(Error::usage(format!("`--secret {spec}` has no `id`"), HINT));
        }
        if self.is_variable && self.env.is_empty() {
            self.env = std::mem::take(&mut self.source);
        }
        let source = match (self.env.as_str(), self.source.as_str()) {
            ("", "") => match environment.get(&self.id) {
                Some(value) => SecretSource::Value(value.into()),
                None => SecretSource::File((&self.id).into()),
            },
            ("", file) => SecretSource::File(file.into()),
            (name, _) => match environment.get(name) {
                Some(value) => SecretSource::Value(value.into()),
                None => SecretSource::Unset(name.to_owned()),
            },
        };
        Ok(SecretSetting { id: self.id, source })
    }
}
