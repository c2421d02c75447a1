//! A copy of the build context for `RUN --mount=type=bind`, as a step may see it.

use std::path::{Path, PathBuf};

use ktrust_rootfs::{Choice, CopyOptions, Destination, Root, copy_tree};

use super::Builder;
use crate::context::Context;
use crate::error::Error;

impl Builder<'_> {
    /// A directory that has what `path` means in a context, in the place where it is there, and the path of
    /// that place. A copy, because to a step the files are root's, what .dockerignore leaves out is not
    /// there, and a step that runs for an hour sees no change. Made once in a build.
    pub(crate) fn snapshot(&self, name: Option<&str>, path: &str) -> Result<(PathBuf, PathBuf), Error> {
        let context = self.context(name)?;
        let place = context.root().resolve(Path::new(path))?;
        let key = (name.unwrap_or_default().to_owned(), place.clone());
        let copy = self.memory.snapshots.get(key, || self.copy(&context, path, &place))?;
        Ok((copy, place))
    }

    fn copy(&self, context: &Context, path: &str, place: &Path) -> Result<PathBuf, Error> {
        let found = context.root().metadata(place)?;
        let visible = found.map_or(Ok(false), |found| context.shows(place, found.is_dir()))?;
        if !visible {
            let hint = found.map(|_| "it is there, but .dockerignore leaves it out".to_owned());
            return Err(Error::SourceMissing { path: path.into(), place: "build context".into(), hint });
        }
        let select = |below: &Path, is_dir| {
            let shown = context.shows(&place.join(below), is_dir)?;
            Ok(if shown { Choice::Take } else { Choice::Skip })
        };
        let options = CopyOptions {
            owner: context.owner(),
            select: Some(&select),
            whole_directory: true,
            ..CopyOptions::default()
        };
        let directory = self.work.directory()?;
        let destination = Destination { path: place, is_directory: false };
        let copied = copy_tree(context.root(), place, &Root::open(&directory)?, &destination, &options)?;
        self.progress.refused(&copied.refused);
        Ok(directory)
    }
}
