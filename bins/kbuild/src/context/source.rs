//! Where a build context and its Dockerfile come from, as the command line says.

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::remote::{GitAddress, Remote, WebAddress};

/// What a build reads, besides images.
#[derive(Clone, Debug)]
pub(crate) struct ContextSettings {
    pub(crate) source: ContextSource,
    pub(crate) dockerfile: DockerfileSource,
    /// A directory of the context that is the context.
    pub(crate) directory: Option<PathBuf>,
    /// Whether `.dockerignore` counts in a context that was fetched: for BuildKit it does not, for kaniko it
    /// does.
    pub(crate) ignore_in_fetched: bool,
    /// Whether a checkout keeps its `.git`.
    pub(crate) keep_git_dir: Option<bool>,
}

/// A build context.
#[derive(Clone, Debug)]
pub(crate) enum ContextSource {
    Directory(PathBuf),
    /// A tar archive, compressed or not.
    Archive(ArchiveSource),
    /// A tar archive, or a Dockerfile with nothing beside it: what comes tells.
    Either(ArchiveSource),
    Git(Box<GitAddress>),
}

/// Where an archive comes from.
#[derive(Clone, Debug)]
pub(crate) enum ArchiveSource {
    File(PathBuf),
    Stdin,
    Web(WebAddress),
}

/// A Dockerfile.
#[derive(Clone, Debug)]
pub(crate) enum DockerfileSource {
    /// `Dockerfile`, else `dockerfile`, in the context.
    Default,
    /// A file of this machine where the context is a directory of it, else a file of the context; an absolute
    /// path is always one of this machine.
    File(PathBuf),
    Stdin,
    Web(WebAddress),
}

impl ContextSource {
    /// As buildx reads its one argument: `-` is standard input, a directory that exists is that, then come
    /// addresses. Besides, a file is an archive.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let path = Path::new(text);
        if text == "-" {
            return Ok(Self::Either(ArchiveSource::Stdin));
        }
        if path.is_dir() {
            return Ok(Self::Directory(path.to_owned()));
        }
        match Remote::of_context(text)? {
            Some(Remote::Git(git)) => Ok(Self::Git(git)),
            Some(Remote::Web(web)) => Ok(Self::Either(ArchiveSource::Web(web))),
            None if path.is_file() => Ok(Self::Archive(ArchiveSource::File(path.to_owned()))),
            None => Ok(Self::Directory(path.to_owned())),
        }
    }
}

impl DockerfileSource {
    /// As buildx reads `-f`: `-` is standard input, then come web addresses and paths.
    pub(crate) fn parse(text: &str) -> Self {
        match WebAddress::parse(text) {
            _ if text == "-" => Self::Stdin,
            Some(web) => Self::Web(web),
            None => Self::File(text.into()),
        }
    }
}

impl std::fmt::Display for ContextSource {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Directory(path) => write!(formatter, "{}", path.display()),
            Self::Archive(archive) | Self::Either(archive) => archive.fmt(formatter),
            Self::Git(address) => address.fmt(formatter),
        }
    }
}

impl std::fmt::Display for ArchiveSource {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(formatter, "{}", path.display()),
            Self::Stdin => formatter.write_str("standard input"),
            Self::Web(address) => address.fmt(formatter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ArchiveSource, ContextSource, DockerfileSource};

    #[test]
    fn contexts() {
        let parse = |text: &str| ContextSource::parse(text).unwrap();
        assert!(matches!(parse("-"), ContextSource::Either(ArchiveSource::Stdin)));
        assert!(matches!(parse("."), ContextSource::Directory(_)));
        assert!(matches!(parse("not-there"), ContextSource::Directory(_)));
        assert!(matches!(parse("Cargo.toml"), ContextSource::Archive(ArchiveSource::File(_))));
        assert!(matches!(parse("https://h/x.tar.gz"), ContextSource::Either(ArchiveSource::Web(_))));
        for git in ["https://h/x.git#main:dir", "git@h:x", "github.com/owner/name#v1"] {
            assert!(matches!(parse(git), ContextSource::Git(_)), "{git}");
        }
        assert_eq!(parse("github.com/owner/name#v1").to_string(), "https://github.com/owner/name#v1");
    }

    #[test]
    fn dockerfiles() {
        assert!(matches!(DockerfileSource::parse("-"), DockerfileSource::Stdin));
        assert!(matches!(DockerfileSource::parse("https://h/Dockerfile"), DockerfileSource::Web(_)));
        assert!(matches!(DockerfileSource::parse("a/Dockerfile"), DockerfileSource::File(_)));
    }
}
