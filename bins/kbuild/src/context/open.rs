//! The main context and its Dockerfile, brought here and opened.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ktrust_rootfs::{Owner, Root, archive};

use super::{ArchiveSource, Context, ContextSettings, ContextSource, DockerfileSource, spool};
use crate::error::Error;
use crate::progress::Progress;
use crate::remote::{CheckoutFlags, Failure, Fetcher, GitAddress};
use crate::source::Source;
use crate::stop::Stop;
use crate::work::Work;

/// What opening needs.
pub(crate) struct Opener<'a> {
    pub(crate) settings: &'a ContextSettings,
    pub(crate) fetcher: &'a Fetcher<'a>,
    pub(crate) work: &'a Work,
    pub(crate) progress: &'a Progress,
    pub(crate) stop: &'a Stop,
    /// Whether files of git get their commit's time.
    pub(crate) commit_times: bool,
}

/// A context that can be built from.
pub(crate) struct Opened {
    pub(crate) context: Arc<Context>,
    pub(crate) source: Source,
    /// The time of the content, where its source knows one, in seconds since 1970.
    pub(crate) modified: Option<i64>,
}

/// A context's files, here.
struct Files {
    directory: PathBuf,
    /// Whose they are, where that is not told by the files.
    owner: Option<Owner>,
    /// The context is this Dockerfile alone, or came together with it.
    dockerfile: Option<PathBuf>,
    modified: Option<i64>,
}

impl Opener<'_> {
    /// Brings the context here, finds the Dockerfile and reads it.
    pub(crate) fn open(&self) -> Result<Opened, Error> {
        let settings = self.settings;
        let (stdin, source) = (matches!(settings.dockerfile, DockerfileSource::Stdin), &settings.source);
        if stdin && matches!(source, ContextSource::Either(ArchiveSource::Stdin)) {
            return Err(Error::usage("standard input cannot be both the context and the Dockerfile", HINT));
        }
        let mut files = match source {
            ContextSource::Directory(path) => return self.local(path),
            ContextSource::Git(address) => self.shown(|| self.checkout(address))?,
            ContextSource::Archive(archive) => self.shown(|| self.archive(archive, false))?,
            ContextSource::Either(archive) => self.shown(|| self.archive(archive, true))?,
        };
        if let Some(below) = &settings.directory {
            let root = Root::open(&files.directory)?;
            files.directory = root.path().join(root.resolve(below)?);
        }
        let dockerfile = self.dockerfile(&files)?;
        let ignore = settings.ignore_in_fetched.then_some(dockerfile.path.as_path());
        let context = Context::fetched(&files.directory, files.owner, ignore)?;
        Ok(Opened { context: Arc::new(context), source: dockerfile, modified: files.modified })
    }

    fn local(&self, path: &Path) -> Result<Opened, Error> {
        let below = self.settings.directory.as_ref();
        let directory = below.map_or_else(|| path.to_owned(), |below| path.join(below));
        let source = match &self.settings.dockerfile {
            DockerfileSource::Default => Source::read(&directory.join("Dockerfile"))?,
            DockerfileSource::File(path) => Source::read(path)?,
            DockerfileSource::Stdin | DockerfileSource::Web(_) => self.elsewhere()?,
        };
        let beside =
            matches!(self.settings.dockerfile, DockerfileSource::Default | DockerfileSource::File(_));
        let dockerfile = beside.then_some(source.path.as_path());
        let context = Context::open(&directory, dockerfile, self.work.home())?;
        Ok(Opened { context: Arc::new(context), source, modified: None })
    }

    /// A Dockerfile that is neither in the context nor on this machine.
    fn elsewhere(&self) -> Result<Source, Error> {
        match &self.settings.dockerfile {
            DockerfileSource::Web(address) => {
                let fetched = self.fetcher.download(self.work, address, Some("Dockerfile"), None)?;
                Source::read_as(&fetched.directory.join("Dockerfile"), &address.to_string())
            }
            _ => Source::read_as(&spool::stdin(self.fetcher, self.work)?, "-"),
        }
    }

    fn dockerfile(&self, files: &Files) -> Result<Source, Error> {
        let stdin = matches!(self.settings.source, ContextSource::Either(ArchiveSource::Stdin));
        let name = match &self.settings.dockerfile {
            DockerfileSource::Stdin | DockerfileSource::Web(_) => return self.elsewhere(),
            DockerfileSource::File(path) if path.is_absolute() && !stdin => return Source::read(path),
            DockerfileSource::File(_) if stdin && files.dockerfile.is_some() => {
                let message = "standard input is a Dockerfile, and `-f` names another one";
                return Err(Error::usage(message, HINT));
            }
            DockerfileSource::File(path) => path.as_path(),
            DockerfileSource::Default => Path::new("Dockerfile"),
        };
        match &files.dockerfile {
            Some(path) => Source::read_as(path, &self.settings.source.to_string()),
            None => Source::read_in(&Root::open(&files.directory)?, name, &self.settings.source.to_string()),
        }
    }

    fn shown(&self, fetch: impl FnOnce() -> Result<Files, Error>) -> Result<Files, Error> {
        let title = format!("[internal] load build context from {}", self.settings.source);
        let shown = self.progress.step(&title);
        let files = fetch();
        match &files {
            Ok(_) => shown.done(),
            Err(error) => shown.failed(&error.to_string()),
        }
        files
    }

    fn checkout(&self, address: &GitAddress) -> Result<Files, Error> {
        let flags = CheckoutFlags {
            keep_git_dir: self.settings.keep_git_dir,
            commit_times: self.commit_times,
            agent: self.fetcher.own_agent(),
            ..CheckoutFlags::default()
        };
        let fetched = self.fetcher.checkout(self.work, address, flags)?;
        let (owner, modified) = (Some(Owner::default()), fetched.modified);
        Ok(Files { directory: fetched.directory, owner, dockerfile: None, modified })
    }

    fn archive(&self, archive: &ArchiveSource, either: bool) -> Result<Files, Error> {
        let (file, modified) = match archive {
            ArchiveSource::File(path) => (path.clone(), None),
            ArchiveSource::Stdin => (spool::stdin(self.fetcher, self.work)?, None),
            ArchiveSource::Web(address) => {
                let fetched = self.fetcher.download(self.work, address, Some("context"), None)?;
                (fetched.directory.join("context"), fetched.modified)
            }
        };
        if either && !looks_like_archive(&file)? {
            return self.alone(archive, file, modified);
        }
        self.unpack(archive, &file, modified)
    }

    /// Only a Dockerfile came. From the web it is also the one file of the context, as in BuildKit.
    fn alone(&self, archive: &ArchiveSource, file: PathBuf, modified: Option<i64>) -> Result<Files, Error> {
        let directory = match (archive, file.parent()) {
            (ArchiveSource::Web(_), Some(parent)) => parent.to_owned(),
            _ => self.work.directory()?,
        };
        Ok(Files { directory, owner: Some(Owner::default()), dockerfile: Some(file), modified })
    }

    fn unpack(&self, from: &ArchiveSource, file: &Path, modified: Option<i64>) -> Result<Files, Error> {
        let directory = self.work.directory()?;
        let opened = File::open(file).map_err(|source| Error::Read { path: file.into(), source })?;
        let unpacked =
            archive::extract(self.stop.reader(opened), &Root::open(&directory)?, Path::new("/"), None);
        self.stop.check()?;
        let fault = |source| Failure::Archive { origin: from.to_string(), source };
        self.progress.refused(&unpacked.map_err(fault)?.refused);
        let modified = modified.or_else(|| newest(&directory));
        Ok(Files { directory, owner: None, dockerfile: None, modified })
    }
}

/// The time of the youngest file of an archive.
fn newest(directory: &Path) -> Option<i64> {
    let entries = std::fs::read_dir(directory).ok()?.flatten();
    let time = |entry: std::fs::DirEntry| {
        let metadata = entry.metadata().ok()?;
        match (metadata.is_dir(), metadata.is_file()) {
            (true, _) => newest(&entry.path()),
            (_, true) => Some(metadata.mtime()),
            _ => None,
        }
    };
    entries.filter_map(time).max()
}

const HINT: &str = "give one of them as a file";

/// Compressed, or a tar: by the first bytes alone, as BuildKit does.
fn looks_like_archive(path: &Path) -> Result<bool, Error> {
    let fault = |source| Error::Read { path: path.into(), source };
    let mut file = File::open(path).map_err(fault)?;
    let mut start = Vec::new();
    (&mut file).take(ktrust_rootfs::compress::MAGIC_LENGTH as u64).read_to_end(&mut start).map_err(fault)?;
    Ok(ktrust_rootfs::compress::Compression::detect(&start).is_some() || archive::is_archive(&mut file)?)
}
