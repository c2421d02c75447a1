//! Files that appear whole or not at all.
//!
//! A file is written beside its final name, synced, and renamed; then the directory is synced, so that
//! after a crash either the old or the new content is there. Left-overs start with `.ktrust-`.

use std::fs::{File, Permissions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::{Error, Result};

/// The first characters of the names of unfinished files.
pub const TEMPORARY_PREFIX: &str = ".ktrust-";

/// Writes a file whole or not at all; its mode is 0666 less the umask.
pub fn write_atomic(path: impl AsRef<Path>, bytes: &[u8]) -> Result<()> {
    let mut file = AtomicFile::create(path)?;
    file.write_all(bytes).map_err(Error::io("write", file.path()))?;
    file.commit()
}

/// A file under construction; dropped without [`AtomicFile::commit`], it leaves nothing behind.
#[derive(Debug)]
pub struct AtomicFile {
    temporary: NamedTempFile,
    path: PathBuf,
}

impl AtomicFile {
    /// Begins a file that will replace `path`; the directory must exist.
    pub fn create(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let temporary = tempfile::Builder::new()
            .prefix(TEMPORARY_PREFIX)
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(parent(path))
            .map_err(Error::io("create a file beside", path))?;
        Ok(Self { temporary, path: path.to_owned() })
    }

    /// The final name.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The open file, for example to read back what was written.
    pub fn as_file(&self) -> &File {
        self.temporary.as_file()
    }

    /// The open file, to write by other means than [`Write`].
    pub fn as_file_mut(&mut self) -> &mut File {
        self.temporary.as_file_mut()
    }

    /// Makes the content durable and gives it its final name.
    pub fn commit(self) -> Result<()> {
        self.temporary.as_file().sync_all().map_err(Error::io("write", &self.path))?;
        self.temporary
            .persist(&self.path)
            .map_err(|error| Error::io("rename to", &self.path)(error.error))?;
        sync_directory(parent(&self.path))
    }

    /// The same for a file that must not exist yet, a private key for example: one that does is an error
    /// and stays as it is.
    pub fn commit_new(self) -> Result<()> {
        self.temporary.as_file().sync_all().map_err(Error::io("write", &self.path))?;
        self.temporary
            .persist_noclobber(&self.path)
            .map_err(|error| Error::io("create", &self.path)(error.error))?;
        sync_directory(parent(&self.path))
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.temporary.as_file_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.temporary.as_file_mut().flush()
    }
}

impl Seek for AtomicFile {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.temporary.as_file_mut().seek(position)
    }
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        _ => Path::new("."),
    }
}

pub(crate) fn sync_directory(path: &Path) -> Result<()> {
    File::open(path).and_then(|directory| directory.sync_all()).map_err(Error::io("sync", path))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::{AtomicFile, write_atomic};

    #[test]
    fn replaces_whole_or_not_at_all() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("build.env");
        write_atomic(&path, b"old").unwrap();
        let mut unfinished = AtomicFile::create(&path).unwrap();
        unfinished.write_all(b"half").unwrap();
        drop(unfinished);
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        write_atomic(&path, b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_new_file_replaces_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        for (text, succeeds) in [("first", true), ("second", false)] {
            let mut file = AtomicFile::create(&path).unwrap();
            file.write_all(text.as_bytes()).unwrap();
            assert_eq!(file.commit_new().is_ok(), succeeds);
            assert_eq!(std::fs::read(&path).unwrap(), b"first");
        }
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_missing_directory_is_named() {
        let error = write_atomic("/nonexistent/x", b"").unwrap_err();
        assert!(error.to_string().contains("/nonexistent/x"), "{error}");
    }
}
