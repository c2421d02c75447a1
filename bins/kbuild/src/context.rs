//! The build context: a directory, less what .dockerignore leaves out.

use std::path::{Path, PathBuf};

use ktrust_dockerfile::dockerignore::Matcher;
use ktrust_rootfs::Root;

use crate::error::Error;

/// A directory of the user's that COPY and ADD read. Nothing is ever written to it.
pub(crate) struct Context {
    root: Root,
    ignore: Matcher,
    /// Our own work directory, where it lies inside.
    own: Option<PathBuf>,
}

impl Context {
    /// Opens a context. `dockerfile` may have an ignore file of its own, which then replaces the context's.
    pub(crate) fn open(directory: &Path, dockerfile: Option<&Path>, work: &Path) -> Result<Self, Error> {
        let fault = |source| Error::Read { path: directory.into(), source };
        if !std::fs::metadata(directory).map_err(fault)?.is_dir() {
            let message = format!("the context `{}` is not a directory", directory.display());
            return Err(Error::usage(message, "archives and git repositories are not supported yet"));
        }
        let real = directory.canonicalize().map_err(fault)?;
        let own =
            work.strip_prefix(&real).ok().filter(|rest| !rest.as_os_str().is_empty()).map(Path::to_owned);
        Ok(Self { root: Root::open(&real)?, ignore: ignore(directory, dockerfile)?, own })
    }

    pub(crate) fn root(&self) -> &Root {
        &self.root
    }

    /// Whether COPY sees `path`, relative to the context.
    pub(crate) fn is_visible(&self, path: &Path) -> bool {
        if path.as_os_str().is_empty() {
            return true; // the context itself: patterns are about what is in it
        }
        let ours = self.own.as_ref().is_some_and(|own| path.starts_with(own));
        !ours && !self.ignore.excludes(&path.to_string_lossy())
    }

    /// Whether something below an ignored directory may have been brought back.
    pub(crate) fn may_hold_visible(&self, directory: &Path) -> bool {
        !self.ignore.may_prune(&directory.to_string_lossy())
    }
}

fn ignore(directory: &Path, dockerfile: Option<&Path>) -> Result<Matcher, Error> {
    let beside = dockerfile.map(|path| {
        let mut name = path.as_os_str().to_owned();
        name.push(".dockerignore");
        PathBuf::from(name)
    });
    for path in beside.into_iter().chain([directory.join(".dockerignore")]) {
        match std::fs::read(&path) {
            Ok(text) => return parse(&path, &text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(source) => return Err(Error::Read { path, source }),
        }
    }
    parse(directory, b"")
}

fn parse(path: &Path, text: &[u8]) -> Result<Matcher, Error> {
    Matcher::of_file(&String::from_utf8_lossy(text)).map_err(|error| {
        Error::usage(format!("`{}`: {error}", path.display()), "see `docker build` on .dockerignore")
    })
}
