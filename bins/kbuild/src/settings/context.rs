//! Where files come from.

use std::path::{Path, PathBuf};

use ktrust_oci::ImageReference;
use ktrust_pipeline::{Environment, variables as var};

use super::pairs;
use crate::cli::ContextArguments;
use crate::error::Error;

/// A `--build-context`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NamedContext {
    Directory(PathBuf),
    Image(ImageReference),
}

/// The main context.
pub(super) fn main(arguments: &ContextArguments, environment: &dyn Environment) -> Result<PathBuf, Error> {
    let given = arguments.context.clone();
    given
        .or_else(|| environment.non_empty(var::KBUILD_CONTEXT).map(PathBuf::from))
        .or_else(|| environment.non_empty(var::CI_PROJECT_DIR).map(PathBuf::from))
        .ok_or_else(|| Error::usage("no build context", "name a directory: `kbuild build .`"))
}

/// Every `--build-context`.
pub(super) fn named(given: &[String]) -> Result<Vec<(String, NamedContext)>, Error> {
    pairs("--build-context", given)?
        .into_iter()
        .map(|(name, source)| Ok((name, named_context(&source)?)))
        .collect()
}

fn named_context(source: &str) -> Result<NamedContext, Error> {
    let image = |text: String| text.parse().map_err(|source| Error::Reference { text, source });
    if let Some(layout) = source.strip_prefix("oci-layout://") {
        // buildx takes relative paths here; our own notation wants a mark.
        let marked = if layout.starts_with('/') || layout.starts_with('.') {
            layout.to_owned()
        } else {
            format!("./{layout}")
        };
        return Ok(NamedContext::Image(image(format!("oci:{marked}"))?));
    }
    if let Some(name) = source.strip_prefix("docker-image://") {
        return Ok(NamedContext::Image(image(name.to_owned())?));
    }
    if source.contains("://") || source.starts_with("git@") {
        return Err(Error::usage(
            format!("`--build-context` cannot read `{source}` yet"),
            "directories, `oci-layout://` and `docker-image://` are supported",
        ));
    }
    Ok(NamedContext::Directory(Path::new(source).into()))
}
