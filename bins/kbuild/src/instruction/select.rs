//! Which files a source of COPY or ADD means.

use std::path::{Path, PathBuf};

use ktrust_dockerfile::glob;
use ktrust_rootfs::{Root, normal};

use crate::context::Context;
use crate::error::Error;

/// Where sources are looked up: a build context with its .dockerignore, or a stage's tree.
pub(crate) struct Origin<'a> {
    pub(crate) root: &'a Root,
    pub(crate) context: Option<&'a Context>,
    /// For messages: `build context`, `stage build`.
    pub(crate) title: String,
}

impl Origin<'_> {
    /// The paths that `source` means, relative to the root. `..` and a leading `/` cannot leave it. A
    /// wildcard may match nothing, as in BuildKit; a literal name must exist.
    pub(crate) fn select(&self, source: &str) -> Result<Vec<PathBuf>, Error> {
        let path = normal(Path::new(source));
        let text = path.to_string_lossy();
        if !text.contains(['*', '?', '[', '\\']) {
            return self.literal(source, path);
        }
        let mut found = vec![PathBuf::new()];
        let components: Vec<&str> = text.split('/').filter(|part| !part.is_empty()).collect();
        for (index, component) in components.iter().enumerate() {
            found = self.matching(&found, component, index + 1 == components.len())?;
        }
        Ok(found)
    }

    fn literal(&self, source: &str, path: PathBuf) -> Result<Vec<PathBuf>, Error> {
        let exists = self.root.stat(&path)?;
        match exists {
            Some(metadata) if self.shows(&path, metadata.is_dir()) => Ok(vec![path]),
            found => Err(Error::SourceMissing {
                path: source.to_owned(),
                place: self.title.clone(),
                hint: found.map(|_| "it is there, but .dockerignore leaves it out".to_owned()),
            }),
        }
    }

    /// Whether there is something to copy at `path`: an ignored directory may hold what was brought back.
    fn shows(&self, path: &Path, is_dir: bool) -> bool {
        self.context
            .is_none_or(|context| context.is_visible(path) || (is_dir && context.may_hold_visible(path)))
    }

    /// Entries of `directories` whose name matches; Go's `filepath.Match` never crosses a `/`.
    fn matching(&self, directories: &[PathBuf], pattern: &str, last: bool) -> Result<Vec<PathBuf>, Error> {
        let mut found = Vec::new();
        for directory in directories {
            if !self.root.is_dir(directory)? {
                continue;
            }
            for entry in self.root.read_dir(directory)? {
                let Some(name) = entry.path.file_name() else { continue };
                let path = directory.join(name);
                let matches = glob::matches(pattern, &name.to_string_lossy())
                    .map_err(|error| Error::instruction(format!("`{pattern}`: {error}")))?;
                let is_dir = entry.metadata.is_dir();
                if matches && (self.shows(&path, is_dir) || (!last && is_dir)) {
                    found.push(path);
                }
            }
        }
        found.sort();
        Ok(found)
    }
}
