//! The build context: a directory, less what .dockerignore leaves out.
//!
//! A context that is no directory of this machine is first made one in the work directory: [`Opener`].

mod open;
mod source;
mod spool;

use std::path::{Path, PathBuf};

use ktrust_dockerfile::dockerignore::Matcher;
use ktrust_rootfs::{Owner, Root};

use crate::error::Error;
pub(crate) use open::{Opened, Opener};
pub(crate) use source::{ArchiveSource, ContextSettings, ContextSource, DockerfileSource};

/// A directory that COPY and ADD read. Nothing is ever written to it.
pub(crate) struct Context {
    root: Root,
    ignore: Matcher,
    /// Whose the files are, whoever checked them out; `None`: what the files say.
    owner: Option<Owner>,
    /// Our own work directory, where it lies inside.
    own: Option<PathBuf>,
}

impl Context {
    /// Opens a context. `dockerfile` may have an ignore file of its own, which then replaces the context's.
    pub(crate) fn open(directory: &Path, dockerfile: Option<&Path>, work: &Path) -> Result<Self, Error> {
        let fault = |source| Error::Read { path: directory.into(), source };
        if !std::fs::metadata(directory).map_err(fault)?.is_dir() {
            let message = format!("the context `{}` is not a directory", directory.display());
            return Err(Error::usage(message, "name a directory, an archive, or the address of either"));
        }
        let real = directory.canonicalize().map_err(fault)?;
        let own =
            work.strip_prefix(&real).ok().filter(|rest| !rest.as_os_str().is_empty()).map(Path::to_owned);
        let owner = Some(Owner::default());
        Ok(Self { root: Root::open(&real)?, ignore: ignore(directory, dockerfile)?, owner, own })
    }

    /// Opens what was fetched into a directory of its own. BuildKit reads no `.dockerignore` there; where
    /// one is wanted, `dockerfile` may have its own beside it.
    pub(crate) fn fetched(
        directory: &Path,
        owner: Option<Owner>,
        dockerfile: Option<&Path>,
    ) -> Result<Self, Error> {
        let root = Root::open(directory)?;
        let mut ignore = parse(directory, b"")?;
        if let Some(dockerfile) = dockerfile {
            let beside = dockerfile.strip_prefix(directory).ok().map(ignore_beside);
            for path in [Some(PathBuf::from(".dockerignore")), beside].into_iter().flatten() {
                if let Some(text) = root.read(&path)? {
                    ignore = parse(&path, &text)?;
                }
            }
        }
        Ok(Self { root, ignore, owner, own: None })
    }

    /// Whose the files are; `None`: what the files say.
    pub(crate) fn owner(&self) -> Option<Owner> {
        self.owner
    }

    pub(crate) fn root(&self) -> &Root {
        &self.root
    }

    /// The patterns of .dockerignore.
    pub(crate) fn patterns(&self) -> &Matcher {
        &self.ignore
    }

    /// Whether COPY sees `path`, which is relative to the context and has no links in it. An ignored
    /// directory is seen where something in it was brought back.
    pub(crate) fn shows(&self, path: &Path, is_dir: bool) -> ktrust_rootfs::Result<bool> {
        if path.as_os_str().is_empty() {
            return Ok(true); // the context itself: patterns are about what is in it
        }
        if self.own.as_ref().is_some_and(|own| path.starts_with(own)) {
            return Ok(false);
        }
        let text = path.to_string_lossy();
        if !self.ignore.excludes(&text) {
            return Ok(true);
        }
        Ok(is_dir && !self.ignore.may_prune(&text) && self.holds_visible(path)?)
    }

    fn holds_visible(&self, directory: &Path) -> ktrust_rootfs::Result<bool> {
        for entry in self.root.read_dir(directory)? {
            if self.shows(&entry.path, entry.metadata.is_dir())? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The ignore file that belongs to one Dockerfile.
fn ignore_beside(dockerfile: &Path) -> PathBuf {
    let mut name = dockerfile.as_os_str().to_owned();
    name.push(".dockerignore");
    name.into()
}

fn ignore(directory: &Path, dockerfile: Option<&Path>) -> Result<Matcher, Error> {
    let beside = dockerfile.map(ignore_beside);
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
