//! The Dockerfile as a file: its text, and where in it something happens.

use std::path::{Path, PathBuf};

use ktrust_dockerfile::{Dockerfile, Location, excerpt};

use crate::error::Error;

/// The largest Dockerfile that is read, in bytes.
const LIMIT: u64 = 8 << 20;

/// A Dockerfile that was read and understood.
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    pub(crate) file: Dockerfile,
    text: String,
    /// As the user named it.
    name: String,
}

impl Source {
    /// Reads the file; with docker's fallback to `dockerfile` where `Dockerfile` was not named but assumed.
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let path = existing(path);
        let fault = |source| Error::Read { path: path.clone(), source };
        let size = std::fs::metadata(&path).map_err(fault)?.len();
        if size > LIMIT {
            let message = format!("`{}` has {size} bytes", path.display());
            return Err(Error::usage(message, "is it a Dockerfile? name another one with `-f`"));
        }
        let text = String::from_utf8_lossy(&std::fs::read(&path).map_err(fault)?).into_owned();
        let name = path.display().to_string();
        let file = Dockerfile::parse(&text).map_err(|source| broken(&text, &name, source))?;
        Ok(Self { path, file, text, name })
    }

    /// A mistake that shows only when the file is used: a variable that cannot be expanded.
    pub(crate) fn broken(&self, error: ktrust_dockerfile::Error) -> Error {
        broken(&self.text, &self.name, error)
    }

    /// `error` at a place in the file.
    pub(crate) fn at(&self, location: Location, instruction: &str, error: Error) -> Error {
        if matches!(error, Error::Signal { .. } | Error::Step { .. } | Error::Dockerfile { .. }) {
            return error;
        }
        Error::Step {
            place: format!("{}:{}", self.name, location.start),
            excerpt: excerpt(&self.text, &self.name, location),
            instruction: instruction.lines().next().unwrap_or_default().to_owned(),
            source: Box::new(error),
        }
    }
}

fn broken(text: &str, name: &str, source: ktrust_dockerfile::Error) -> Error {
    let place = format!("{name}:{}", source.location.start);
    Error::Dockerfile { place, excerpt: source.excerpt(text, name), source: Box::new(source) }
}

fn existing(path: &Path) -> PathBuf {
    let lower = path.with_file_name("dockerfile");
    let assumed = path.file_name().is_some_and(|name| name == "Dockerfile");
    if assumed && !path.exists() && lower.exists() { lower } else { path.to_owned() }
}
