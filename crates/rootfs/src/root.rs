//! A directory tree that paths cannot leave.
//!
//! Every path is looked up by the kernel with `openat2(RESOLVE_IN_ROOT)`: absolute paths, `..` and
//! symbolic links mean what they would mean after a chroot. The handle holds the directory open, so it
//! stays valid when the tree is renamed.

use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
use rustix::io::Errno;

use crate::error::{Error, Result};
use crate::metadata::{Attributes, Kind, Metadata, Owner, Time, Xattrs};
use crate::path::{normal, split};
use crate::place::Place;

mod resolve;

pub use resolve::Sees;

/// An open directory that is `/` for every path given to it.
#[derive(Debug, Clone)]
pub struct Root {
    directory: Arc<OwnedFd>,
    path: PathBuf,
}

/// One name of a directory.
#[derive(Debug, Clone)]
pub struct DirEntry {
    /// Path inside the root.
    pub path: PathBuf,
    /// The inode, links not followed.
    pub metadata: Metadata,
}

impl Root {
    /// Opens the directory at a path of the host.
    pub fn open(path: &Path) -> Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = rustix::fs::open(path, flags, Mode::empty()).map_err(Error::io("open", path))?;
        Ok(Self { directory: Arc::new(directory), path: path.to_owned() })
    }

    /// The path on the host by which the tree was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn open_inside(&self, path: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
        let relative = normal(path);
        let relative = if relative.as_os_str().is_empty() { Path::new(".") } else { &relative };
        // The kernel says EAGAIN when a rename or mount anywhere raced with a `..` in a link.
        for _ in 0..128 {
            match openat2(
                &self.directory,
                relative,
                flags | OFlags::CLOEXEC,
                Mode::empty(),
                ResolveFlags::IN_ROOT,
            ) {
                Err(Errno::AGAIN | Errno::INTR) => {}
                other => return other,
            }
        }
        Err(Errno::AGAIN)
    }

    fn open_parent(&self, parent: &Path) -> Result<Arc<OwnedFd>, Errno> {
        if parent.as_os_str().is_empty() {
            return Ok(Arc::clone(&self.directory));
        }
        self.open_inside(parent, OFlags::PATH | OFlags::DIRECTORY).map(Arc::new)
    }

    /// The place that the path names: its directory is found (links followed inside the root), its last
    /// component is left alone. `None` when the directory does not exist.
    pub(crate) fn find(&self, path: &Path) -> Result<Option<Place>> {
        let path = normal(path);
        let (parent, name) = split(&path);
        match self.open_parent(parent) {
            Ok(directory) => Ok(Some(Place::new(directory, name, &path))),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(Errno::LOOP) => Err(Error::LinkLoop(path)),
            Err(error) => Err(Error::io("open directory of", &path)(error)),
        }
    }

    pub(crate) fn place(&self, path: &Path) -> Result<Place> {
        self.find(path)?.ok_or_else(|| Error::Missing(path.to_owned()))
    }

    /// What is at the path, a last link not followed; `None` when nothing is.
    pub fn metadata(&self, path: &Path) -> Result<Option<Metadata>> {
        self.find(path)?.map_or(Ok(None), |place| place.metadata())
    }

    /// What the path leads to, all links followed inside the root; `None` when nothing is there.
    pub fn stat(&self, path: &Path) -> Result<Option<Metadata>> {
        match self.open_inside(path, OFlags::PATH) {
            Ok(fd) => {
                let stat = rustix::fs::fstat(&fd).map_err(Error::io("look at", path))?;
                Ok(Some(Metadata::from_stat(&stat)))
            }
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(Errno::LOOP) => Err(Error::LinkLoop(path.to_owned())),
            Err(error) => Err(Error::io("look at", path)(error)),
        }
    }

    /// Whether the path leads to a directory.
    pub fn is_dir(&self, path: &Path) -> Result<bool> {
        Ok(self.stat(path)?.is_some_and(|metadata| metadata.is_dir()))
    }

    /// The target of the link at the path.
    pub fn read_link(&self, path: &Path) -> Result<PathBuf> {
        self.place(path)?.read_link()
    }

    /// Opens what the path leads to for reading, links followed inside the root. Does not block.
    pub fn open_file(&self, path: &Path) -> Result<File> {
        match self.open_inside(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY) {
            Ok(fd) => Ok(File::from(fd)),
            Err(Errno::NOENT | Errno::NOTDIR) => Err(Error::Missing(path.to_owned())),
            Err(error) => Err(Error::io("open", path)(error)),
        }
    }

    /// A handle (`O_PATH`) on what the path leads to, links followed inside the root: for mounting on it.
    pub fn handle(&self, path: &Path) -> Result<OwnedFd> {
        match self.open_inside(path, OFlags::PATH) {
            Err(Errno::NOENT | Errno::NOTDIR) => Err(Error::Missing(path.to_owned())),
            other => other.map_err(Error::io("open", path)),
        }
    }

    /// The bytes of a small file, or `None` when it does not exist.
    pub fn read(&self, path: &Path) -> Result<Option<Vec<u8>>> {
        let mut file = match self.open_file(path) {
            Err(Error::Missing(_)) => return Ok(None),
            other => other?,
        };
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut file, &mut bytes).map_err(Error::io("read", path))?;
        Ok(Some(bytes))
    }

    /// The entries of the directory that the path leads to, sorted by name.
    pub fn read_dir(&self, path: &Path) -> Result<Vec<DirEntry>> {
        let (directory, names) = self.dir(path)?.names()?;
        let entry = |name: &std::ffi::OsString| {
            let place = Place::new(Arc::clone(&directory), name, &normal(path).join(name));
            Ok(DirEntry { path: place.path().to_owned(), metadata: place.existing()? })
        };
        names.iter().map(entry).collect()
    }

    /// The directory that the path leads to, as the place `.` in itself.
    pub(crate) fn dir(&self, path: &Path) -> Result<Place> {
        Ok(Place::new(self.open_dir(path)?, OsStr::new("."), &normal(path)))
    }

    /// The directory that the path leads to, links followed inside the root.
    pub(crate) fn open_dir(&self, path: &Path) -> Result<Arc<OwnedFd>> {
        match self.open_inside(path, OFlags::RDONLY | OFlags::DIRECTORY) {
            Ok(fd) => Ok(Arc::new(fd)),
            Err(Errno::NOENT) => Err(Error::Missing(path.to_owned())),
            Err(Errno::NOTDIR) => Err(Error::NotADirectory(path.to_owned())),
            Err(Errno::LOOP) => Err(Error::LinkLoop(path.to_owned())),
            Err(error) => Err(Error::io("open", path)(error)),
        }
    }

    /// Extended attributes of what is at the path, a last link not followed.
    pub fn xattrs(&self, path: &Path) -> Result<Xattrs> {
        self.place(path)?.xattrs()
    }

    /// Creates the directory and all its missing parents with one owner and mode; links on the way are
    /// followed inside the root, dangling ones too. Yields the paths that were created, parents first.
    ///
    /// Below a setgid directory they are setgid too, as mkdir has it; without an owner they also have its
    /// group then.
    pub fn create_dir_all(
        &self,
        path: &Path,
        owner: impl Into<Option<Owner>>,
        mode: u32,
    ) -> Result<Vec<PathBuf>> {
        let owner = owner.into();
        let mut created = Vec::new();
        if self.is_dir(path)? {
            return Ok(created);
        }
        let target = self.resolve(path)?;
        for directory in crate::path::prefixes(&target) {
            match self.metadata(directory)? {
                Some(found) if found.is_dir() => continue,
                Some(_) => return Err(Error::NotADirectory(directory.to_owned())),
                None => {}
            }
            let place = self.place(directory)?;
            place.create_dir()?;
            owner.map_or(Ok(()), |owner| place.set_owner(owner))?;
            place.set_mode(mode | place.existing()?.mode & 0o2000)?;
            created.push(directory.to_owned());
        }
        Ok(created)
    }

    /// Writes a file, replacing what is there unless that is a directory. Its parent must exist.
    pub fn write(&self, path: &Path, bytes: &[u8], attributes: &Attributes) -> Result<()> {
        let place = self.place(path)?;
        match place.metadata()? {
            Some(found) if found.is_dir() => return Err(Error::IsADirectory(path.to_owned())),
            Some(_) => place.remove_all()?,
            None => {}
        }
        let mut file = place.create_file()?;
        std::io::Write::write_all(&mut file, bytes).map_err(Error::io("write", path))?;
        place.apply(Kind::File, attributes).map(drop)
    }

    /// Creates a symbolic link with any target. Its parent must exist.
    pub fn symlink(&self, path: &Path, target: &Path) -> Result<()> {
        self.place(path)?.create_symlink(target)
    }

    /// Gives what is at `original` a second name.
    pub fn hard_link(&self, path: &Path, original: &Path) -> Result<()> {
        self.place(path)?.create_hard_link(&self.place(original)?)
    }

    /// Removes what is at the path with everything below it; nothing being there is no error.
    pub fn remove_all(&self, path: &Path) -> Result<()> {
        self.find(path)?.map_or(Ok(()), |place| place.remove_all())
    }

    /// Removes the directory at the path if it is empty; tells whether it was removed.
    pub fn remove_if_empty(&self, path: &Path) -> Result<bool> {
        self.find(path)?.map_or(Ok(false), |place| place.remove_if_empty())
    }

    /// Changes the owner of what is at the path, a last link not followed.
    pub fn set_owner(&self, path: &Path, owner: Owner) -> Result<()> {
        self.place(path)?.set_owner(owner)
    }

    /// Changes the mode of what is at the path, which must not be a link.
    pub fn set_mode(&self, path: &Path, mode: u32) -> Result<()> {
        self.place(path)?.set_mode(mode)
    }

    /// Changes the modification time of what is at the path, a last link not followed.
    pub fn set_modified(&self, path: &Path, time: Time) -> Result<()> {
        self.place(path)?.set_modified(time)
    }

    /// Sets extended attributes; yields the names of those that were refused.
    pub fn set_xattrs(&self, path: &Path, xattrs: &Xattrs) -> Result<Vec<Vec<u8>>> {
        self.place(path)?.set_xattrs(xattrs)
    }
}

impl AsFd for Root {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }
}
