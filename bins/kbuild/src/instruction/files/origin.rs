//! Which files a source of COPY or ADD means.

use std::path::{Path, PathBuf};

use ktrust_dockerfile::glob::{self, Glob};
use ktrust_rootfs::{Choice, Root, normal};

use super::Patterns;
use crate::context::Context;
use crate::error::Error;

/// Where sources are looked up: a build context with its .dockerignore, or a tree of its own: a stage's, an
/// image's, or what was fetched.
pub(in crate::instruction) struct Origin<'a> {
    pub(in crate::instruction) root: &'a Root,
    pub(in crate::instruction) context: Option<&'a Context>,
    /// For messages: `build context`, `stage build`.
    pub(in crate::instruction) title: String,
}

/// A source that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::instruction) struct Found {
    /// The path by which it was named; a file keeps its last component in a directory.
    pub(in crate::instruction) path: PathBuf,
    /// Where that leads.
    pub(in crate::instruction) real: PathBuf,
}

impl<'a> Origin<'a> {
    pub(in crate::instruction) fn of_context(context: &'a Context) -> Self {
        Self { root: context.root(), context: Some(context), title: "build context".into() }
    }

    /// What `source` means. `..` and a leading `/` cannot leave the root. A wildcard may match nothing, as in
    /// BuildKit; a literal name must exist.
    pub(in crate::instruction) fn select(&self, source: &str) -> Result<Vec<Found>, Error> {
        let path = normal(Path::new(source));
        let text = path.to_string_lossy();
        let components: Vec<&str> = text.split('/').collect();
        let Some(first) = components.iter().position(|component| glob::is_pattern(component)) else {
            return Ok(vec![self.existing(source, &path)?]);
        };
        let base = self.existing(source, Path::new(&components[..first].join("/")))?.real;
        if self.context.is_some() && !self.root.is_dir(&base)? {
            return Err(self.missing(source)?);
        }
        let pattern = components[first..].join("/");
        let glob = Glob::parse(&pattern).map_err(|error| Error::instruction(error.to_string()))?;
        let mut matches = Matches { origin: self, base: &base, glob, names: Vec::new() };
        matches.in_directory(Path::new(""), components.len() - first)?;
        let names = matches.names;
        names.into_iter().map(|name| self.existing(source, &base.join(name))).collect()
    }

    fn existing(&self, source: &str, path: &Path) -> Result<Found, Error> {
        let sees = |path: &Path, is_dir: bool| self.shows(path, is_dir);
        let real = self.root.resolve_where(path, &sees)?;
        match self.root.metadata(&real)? {
            Some(found) if self.shows(&real, found.is_dir())? => Ok(Found { path: path.to_owned(), real }),
            _ => Err(self.missing(source)?),
        }
    }

    /// The error for a source that is not there.
    pub(in crate::instruction) fn missing(&self, source: &str) -> Result<Error, Error> {
        let hint = match (self.root.stat(Path::new(source))?, self.context) {
            (Some(_), Some(_)) => Some("it is there, but .dockerignore leaves it out".to_owned()),
            _ => None,
        };
        Ok(Error::SourceMissing { path: source.to_owned(), place: self.title.clone(), hint })
    }

    /// Whether a path, links in it resolved, is among what is copied from at all.
    fn shows(&self, path: &Path, is_dir: bool) -> ktrust_rootfs::Result<bool> {
        self.context.map_or(Ok(true), |context| context.shows(path, is_dir))
    }

    /// What the patterns and .dockerignore say together about a path below a source.
    pub(in crate::instruction) fn choose(
        &self,
        found: &Found,
        patterns: &Patterns,
        below: &Path,
        is_dir: bool,
    ) -> ktrust_rootfs::Result<Choice> {
        match patterns.choose(below) {
            Choice::Skip => Ok(Choice::Skip),
            choice if self.shows(&found.real.join(below), is_dir)? => Ok(choice),
            _ => Ok(Choice::Skip),
        }
    }

    /// Whether the patterns take anything below a source.
    pub(in crate::instruction) fn holds(&self, found: &Found, patterns: &Patterns) -> Result<bool, Error> {
        self.holds_below(found, patterns, Path::new(""))
    }

    fn holds_below(&self, found: &Found, patterns: &Patterns, below: &Path) -> Result<bool, Error> {
        let directory = found.real.join(below);
        if !self.root.is_dir(&directory)? {
            return Ok(false);
        }
        for entry in self.root.read_dir(&directory)? {
            let Some(name) = entry.path.file_name() else { continue };
            let (path, is_dir) = (below.join(name), entry.metadata.is_dir());
            let holds = match self.choose(found, patterns, &path, is_dir)? {
                Choice::Take => true,
                Choice::Through => is_dir && self.holds_below(found, patterns, &path)?,
                Choice::Skip => false,
            };
            if holds {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The search for names that match. Links are not followed in it, and what is in a match is no other one.
struct Matches<'a> {
    origin: &'a Origin<'a>,
    base: &'a Path,
    glob: Glob,
    /// Relative to the base, in the order of their names.
    names: Vec<PathBuf>,
}

impl Matches<'_> {
    fn in_directory(&mut self, below: &Path, depth: usize) -> Result<(), Error> {
        let directory = self.base.join(below);
        if depth == 0 || !self.origin.root.is_dir(&directory)? {
            return Ok(());
        }
        for entry in self.origin.root.read_dir(&directory)? {
            let Some(name) = entry.path.file_name() else { continue };
            let (path, is_dir) = (below.join(name), entry.metadata.is_dir());
            if !self.origin.shows(&directory.join(name), is_dir)? {
                continue;
            }
            if self.glob.matches(&path.to_string_lossy()) {
                self.names.push(path);
            } else if is_dir {
                self.in_directory(&path, depth - 1)?;
            }
        }
        Ok(())
    }
}
