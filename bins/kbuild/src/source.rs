//! The Dockerfile as a file: its text, and where in it something happens.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use ktrust_dockerfile::{Dockerfile, Location, excerpt};
use ktrust_rootfs::Root;

use crate::error::Error;

/// The largest Dockerfile that is read, in bytes.
const LIMIT: u64 = 8 << 20;

/// A Dockerfile that was read and understood.
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    pub(crate) file: Dockerfile,
    text: String,
    /// As the user named it.
    pub(crate) name: String,
}

/// A Dockerfile's text as it is shown.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a> {
    pub(crate) name: &'a str,
    pub(crate) text: &'a str,
}

impl Source {
    /// The text.
    pub(crate) fn text(&self) -> Text<'_> {
        Text { name: &self.name, text: &self.text }
    }

    /// Reads the file; with docker's fallback to `dockerfile` where `Dockerfile` was not named but assumed.
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let path = existing(path);
        Self::read_as(&path, &path.display().to_string())
    }

    /// Reads a file that is called something else in messages.
    pub(crate) fn read_as(path: &Path, name: &str) -> Result<Self, Error> {
        let fault = |source| Error::Read { path: path.into(), source };
        Self::of(&File::open(path).map_err(fault)?, path, name)
    }

    /// Reads a file of a context that was fetched from `origin`; nothing leads out of it.
    pub(crate) fn read_in(context: &Root, path: &Path, origin: &str) -> Result<Self, Error> {
        let lower = path.with_file_name("dockerfile");
        let assumed = path.file_name().is_some_and(|name| name == "Dockerfile");
        let found = match context.stat(path)? {
            None if assumed && context.stat(&lower)?.is_some() => lower,
            Some(metadata) if !metadata.is_dir() => path.to_owned(),
            _ => {
                let message = format!("the context from {origin} has no file `{}`", path.display());
                return Err(Error::usage(message, "name the Dockerfile in it with `-f`"));
            }
        };
        let on_disk = context.path().join(context.resolve(&found)?);
        let name = found.display().to_string();
        Self::of(&context.open_file(&found)?, &on_disk, &name)
    }

    fn of(file: &File, path: &Path, name: &str) -> Result<Self, Error> {
        let fault = |source| Error::Read { path: path.into(), source };
        let mut bytes = Vec::new();
        file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(fault)?;
        if bytes.len() as u64 > LIMIT {
            let message = format!("`{name}` has more than {LIMIT} bytes");
            return Err(Error::usage(message, "is it a Dockerfile? name another one with `-f`"));
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let file = Dockerfile::parse(&text).map_err(|source| broken(&text, name, source))?;
        Ok(Self { path: path.to_owned(), file, text, name: name.to_owned() })
    }

    /// A mistake that shows only when the file is used: a variable that cannot be expanded.
    pub(crate) fn broken(&self, error: ktrust_dockerfile::Error) -> Error {
        broken(&self.text, &self.name, error)
    }

    /// `error` at a place in the file.
    pub(crate) fn at(&self, location: Location, instruction: &str, error: Error) -> Error {
        if matches!(
            error,
            Error::Signal { .. } | Error::Aborted | Error::Step { .. } | Error::Dockerfile { .. }
        ) {
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
    let whole = Some(Box::new((name.to_owned(), text.to_owned())));
    Error::Dockerfile { place, excerpt: source.excerpt(text, name), source: Box::new(source), whole }
}

fn existing(path: &Path) -> PathBuf {
    let lower = path.with_file_name("dockerfile");
    let assumed = path.file_name().is_some_and(|name| name == "Dockerfile");
    if assumed && !path.exists() && lower.exists() { lower } else { path.to_owned() }
}
