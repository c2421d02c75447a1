//! Where files come from.

use std::path::PathBuf;

use ktrust_oci::{ImageReference, Reference};
use ktrust_pipeline::{Environment, variables as var};

use super::{Given, pairs};
use crate::cli::ContextArguments;
use crate::context::{ContextSettings, ContextSource, DockerfileSource};
use crate::error::Error;
use crate::remote::{GitAddress, Remote, WebAddress};

/// A `--build-context`.
#[derive(Clone, Debug)]
pub(crate) enum NamedContext {
    Directory(PathBuf),
    Git(Box<GitAddress>),
    /// A file, which is called `context`.
    Web(WebAddress),
    Image(ImageReference),
    /// `docker-image://scratch`: no files.
    Scratch,
}

impl NamedContext {
    /// Whether it is files alone, without an image's configuration.
    pub(crate) fn is_files(&self) -> bool {
        matches!(self, Self::Directory(_) | Self::Git(_) | Self::Web(_))
    }
}

/// The main context and its Dockerfile.
pub(super) fn main(
    arguments: &ContextArguments,
    dockerfile: Option<PathBuf>,
    build_args: &[(String, String)],
    environment: &dyn Environment,
) -> Result<ContextSettings, Error> {
    let context = arguments
        .context
        .clone()
        .or_else(|| environment.non_empty(var::KBUILD_CONTEXT).map(PathBuf::from))
        .or_else(|| environment.non_empty(var::CI_PROJECT_DIR).map(PathBuf::from))
        .ok_or_else(|| Error::usage("no build context", "name a directory: `kbuild build .`"))?;
    Ok(ContextSettings {
        source: match context.to_str() {
            Some(text) => ContextSource::parse(text)?,
            None => ContextSource::Directory(context),
        },
        dockerfile: match dockerfile {
            None => DockerfileSource::Default,
            Some(path) => {
                path.to_str().map_or_else(|| DockerfileSource::File(path.clone()), DockerfileSource::parse)
            }
        },
        directory: None,
        ignore_in_fetched: false,
        keep_git_dir: Given(build_args).flag("BUILDKIT_CONTEXT_KEEP_GIT_DIR"),
    })
}

/// Every `--build-context`, by the names that FROM looks for; of two with one name the later one counts.
pub(super) fn named(given: &[String]) -> Result<Vec<(String, NamedContext)>, Error> {
    let mut contexts: Vec<(String, NamedContext)> = Vec::new();
    for (name, source) in pairs("--build-context", given)? {
        let Some(name) = familiar(&name) else {
            let message = format!("`--build-context {name}=…`: that is no name");
            return Err(Error::usage(message, "write it in small letters, like an image or a stage"));
        };
        let context = named_context(&source)?;
        match contexts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = context,
            None => contexts.push((name, context)),
        }
    }
    Ok(contexts)
}

/// The shortest name of an image: `busybox` for `docker.io/library/busybox:latest`. Names of stages stay as
/// they are.
pub(crate) fn familiar(name: &str) -> Option<String> {
    let reference: Reference = name.parse().ok()?;
    let full = reference.name();
    let short = full.strip_prefix("docker.io/library/").or_else(|| full.strip_prefix("docker.io/"));
    let tag = reference.tag().filter(|tag| *tag != "latest" || reference.digest().is_some());
    let tag = tag.map(|tag| format!(":{tag}")).unwrap_or_default();
    let digest = reference.digest().map(|digest| format!("@{digest}")).unwrap_or_default();
    Some(format!("{}{tag}{digest}", short.unwrap_or(&full)))
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
        return Ok(match name {
            "scratch" => NamedContext::Scratch,
            name => NamedContext::Image(image(name.to_owned())?),
        });
    }
    if source.starts_with("target:") || source.starts_with("input:") {
        return Err(Error::usage(
            format!("`--build-context` cannot read `{source}`"),
            "targets belong to `docker buildx bake`; build the other image first and name it with `docker-image://`",
        ));
    }
    Ok(match Remote::of_context(source)? {
        Some(Remote::Git(git)) => NamedContext::Git(git),
        Some(Remote::Web(web)) => NamedContext::Web(web),
        None => NamedContext::Directory(source.into()),
    })
}

#[cfg(test)]
mod tests {
    use super::{NamedContext, familiar, named};

    #[test]
    fn names_as_from_looks_for_them() {
        for (name, expected) in [
            ("busybox", "busybox"),
            ("docker.io/library/busybox:latest", "busybox"),
            ("docker.io/me/x:1", "me/x:1"),
            ("localhost:5000/x", "localhost:5000/x"),
            ("deps", "deps"),
        ] {
            assert_eq!(familiar(name).as_deref(), Some(expected));
        }
        assert_eq!(familiar("Deps"), None);
    }

    #[test]
    fn the_later_one_counts() {
        let given = ["x=a", "x:latest=docker-image://scratch", "y=https://h/y.git#main"].map(str::to_owned);
        let contexts = named(&given).unwrap();
        assert!(matches!(&contexts[..], [(x, NamedContext::Scratch), (_, NamedContext::Git(_))] if x == "x"));
        assert!(named(&["X=a".to_owned()]).is_err());
        assert!(named(&["x=target:y".to_owned()]).is_err());
    }
}
