//! One name in one open directory: where every change to a tree happens.
//!
//! A place is found once, inside the root. After that the name is only ever used relative to the open
//! directory and never followed, so nothing that an archive put into the tree can redirect the change.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{self, AtFlags, FileType, Gid, Mode, OFlags, Timespec, Timestamps, Uid};
use rustix::io::Errno;

use crate::error::{Error, Result};
use crate::metadata::{Attributes, Kind, Metadata, Owner, Time, Xattrs};
use crate::xattr;

/// A name in an open directory. The root itself is the name `.` in itself.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    directory: Arc<OwnedFd>,
    name: OsString,
    /// For messages: the path inside the root.
    path: PathBuf,
}

impl Place {
    pub(crate) fn new(directory: Arc<OwnedFd>, name: &OsStr, path: &Path) -> Self {
        Self { directory, name: name.to_owned(), path: path.to_owned() }
    }

    /// The name `name` in the directory that is at this place.
    pub(crate) fn child(&self, directory: &Arc<OwnedFd>, name: &OsStr) -> Self {
        Self::new(Arc::clone(directory), name, &self.path.join(name))
    }

    /// The directory that the name is in, as a place of its own.
    pub(crate) fn directory(&self) -> Self {
        let path = self.path.parent().unwrap_or(Path::new(""));
        Self::new(Arc::clone(&self.directory), OsStr::new("."), path)
    }

    /// Another name in the same directory.
    pub(crate) fn beside(&self, name: &OsStr, path: &Path) -> Self {
        Self::new(Arc::clone(&self.directory), name, path)
    }

    pub(crate) fn name(&self) -> &OsStr {
        &self.name
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn is_root(&self) -> bool {
        self.name.as_bytes() == b"."
    }

    /// What is there, without following a link.
    pub(crate) fn metadata(&self) -> Result<Option<Metadata>> {
        match fs::statat(&*self.directory, &self.name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(Metadata::from_stat(&stat))),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(Error::io("look at", &self.path)(error)),
        }
    }

    /// As [`Place::metadata`], where something has to be.
    pub(crate) fn existing(&self) -> Result<Metadata> {
        self.metadata()?.ok_or_else(|| Error::Missing(self.path.clone()))
    }

    fn open(&self, flags: OFlags, mode: u32) -> Result<OwnedFd> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        fs::openat(&*self.directory, &self.name, flags, Mode::from_raw_mode(mode))
            .map_err(Error::io("open", &self.path))
    }

    /// The directory at this place, to work in.
    pub(crate) fn open_dir(&self) -> Result<Arc<OwnedFd>> {
        self.open(OFlags::RDONLY | OFlags::DIRECTORY, 0).map(Arc::new)
    }

    /// The regular file at this place. Never blocks on a fifo: it is opened without waiting.
    pub(crate) fn open_file(&self) -> Result<File> {
        self.open(OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY, 0).map(File::from)
    }

    pub(crate) fn read_link(&self) -> Result<PathBuf> {
        let target = fs::readlinkat(&*self.directory, &self.name, Vec::new())
            .map_err(Error::io("read link", &self.path))?;
        Ok(PathBuf::from(OsStr::from_bytes(target.as_bytes())))
    }

    /// Names in the directory at this place, sorted by bytes.
    pub(crate) fn names(&self) -> Result<(Arc<OwnedFd>, Vec<OsString>)> {
        let directory = self.open_dir()?;
        let names = names_in(&directory).map_err(Error::io("list", &self.path))?;
        Ok((directory, names))
    }

    /// A new, empty file: there must be nothing at this place.
    pub(crate) fn create_file(&self) -> Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
        self.open(flags, 0o600).map(File::from)
    }

    pub(crate) fn create_dir(&self) -> Result<()> {
        fs::mkdirat(&*self.directory, &self.name, Mode::from_raw_mode(0o700))
            .map_err(Error::io("create directory", &self.path))
    }

    pub(crate) fn create_symlink(&self, target: &Path) -> Result<()> {
        fs::symlinkat(target, &*self.directory, &self.name)
            .map_err(Error::io("create symbolic link", &self.path))
    }

    /// A second name for the inode at `original`, which is not followed.
    pub(crate) fn create_hard_link(&self, original: &Self) -> Result<()> {
        fs::linkat(&*original.directory, &original.name, &*self.directory, &self.name, AtFlags::empty())
            .map_err(Error::io("create hard link", &self.path))
    }

    /// Gives what is here the other name, in the place of what had it.
    pub(crate) fn rename(&self, to: &Self) -> Result<()> {
        fs::renameat(&*self.directory, &self.name, &*to.directory, &to.name)
            .map_err(Error::io("rename to", &to.path))
    }

    /// A fifo, socket or device node.
    pub(crate) fn create_node(&self, kind: Kind, device: (u32, u32)) -> Result<()> {
        let file_type = match kind {
            Kind::CharDevice => FileType::CharacterDevice,
            Kind::BlockDevice => FileType::BlockDevice,
            Kind::Socket => FileType::Socket,
            _ => FileType::Fifo,
        };
        let device = fs::makedev(device.0, device.1);
        fs::mknodat(&*self.directory, &self.name, file_type, Mode::from_raw_mode(0o600), device)
            .map_err(Error::io("create node", &self.path))
    }

    /// Removes what is there, with everything below it. Nothing being there is no error.
    pub(crate) fn remove_all(&self) -> Result<()> {
        match self.unlink(AtFlags::empty()) {
            Err(Errno::NOENT) => Ok(()),
            Err(Errno::ISDIR | Errno::PERM) => self.remove_tree(),
            other => other.map_err(Error::io("remove", &self.path)),
        }
    }

    fn remove_tree(&self) -> Result<()> {
        let (directory, names) = self.names()?;
        names.iter().try_for_each(|name| self.child(&directory, name).remove_all())?;
        self.unlink(AtFlags::REMOVEDIR).map_err(Error::io("remove directory", &self.path))
    }

    /// Removes the directory if it is empty; tells whether it is gone.
    pub(crate) fn remove_if_empty(&self) -> Result<bool> {
        match self.unlink(AtFlags::REMOVEDIR) {
            Ok(()) => Ok(true),
            Err(Errno::NOTEMPTY | Errno::EXIST | Errno::BUSY) => Ok(false),
            Err(error) => Err(Error::io("remove directory", &self.path)(error)),
        }
    }

    fn unlink(&self, flags: AtFlags) -> Result<(), Errno> {
        fs::unlinkat(&*self.directory, &self.name, flags)
    }

    pub(crate) fn set_owner(&self, owner: Owner) -> Result<()> {
        // To the kernel the largest number is none: it would leave the owner as it is.
        if owner.uid == u32::MAX || owner.gid == u32::MAX {
            return Err(Error::io("change owner of", &self.path)(Errno::INVAL));
        }
        let (uid, gid) = (Uid::from_raw(owner.uid), Gid::from_raw(owner.gid));
        fs::chownat(&*self.directory, &self.name, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)
            .map_err(Error::io("change owner of", &self.path))
    }

    /// Sets the mode of anything but a link.
    pub(crate) fn set_mode(&self, mode: u32) -> Result<()> {
        fs::chmodat(&*self.directory, &self.name, Mode::from_raw_mode(mode), AtFlags::empty())
            .map_err(Error::io("change mode of", &self.path))
    }

    pub(crate) fn set_modified(&self, time: Time) -> Result<()> {
        fs::utimensat(&*self.directory, &self.name, &timestamps(time), AtFlags::SYMLINK_NOFOLLOW)
            .map_err(Error::io("set time of", &self.path))
    }

    pub(crate) fn xattrs(&self) -> Result<Xattrs> {
        xattr::read(&self.proc_path()).map_err(Error::io("read attributes of", &self.path))
    }

    /// Whether overlayfs marked the directory as hiding what lower layers have in it.
    pub(crate) fn is_overlay_opaque(&self) -> Result<bool> {
        let path = self.proc_path();
        let marked = |name: &[u8]| xattr::is(&path, name, b'y');
        let found =
            marked(b"trusted.overlay.opaque").and_then(|found| Ok(found || marked(b"user.overlay.opaque")?));
        found.map_err(Error::io("read attributes of", &self.path))
    }

    /// Sets each attribute; yields the names of those that the file system or the kernel refused.
    pub(crate) fn set_xattrs(&self, xattrs: &Xattrs) -> Result<Vec<Vec<u8>>> {
        if xattrs.is_empty() {
            return Ok(Vec::new());
        }
        xattr::write(&self.proc_path(), xattrs).map_err(Error::io("set attributes of", &self.path))
    }

    /// Owner, mode, attributes, time, in the one order in which none undoes another: a change of owner
    /// clears setuid and file capabilities, and writing any of them moves ctime only.
    pub(crate) fn apply(&self, kind: Kind, attributes: &Attributes) -> Result<Vec<Vec<u8>>> {
        self.set_owner(attributes.owner)?;
        if kind != Kind::Symlink {
            self.set_mode(attributes.mode)?;
        }
        let refused = self.set_xattrs(&attributes.xattrs)?;
        attributes.modified.map_or(Ok(()), |time| self.set_modified(time))?;
        Ok(refused)
    }

    /// A path to this place that the calls without a directory argument accept.
    fn proc_path(&self) -> PathBuf {
        Path::new("/proc/self/fd").join(self.directory.as_fd().as_raw_fd().to_string()).join(&self.name)
    }
}

/// Access time stays, modification time is set.
fn timestamps(modified: Time) -> Timestamps {
    let keep = Timespec { tv_sec: 0, tv_nsec: fs::UTIME_OMIT };
    Timestamps { last_access: keep, last_modification: modified.timespec() }
}

fn names_in(directory: &OwnedFd) -> Result<Vec<OsString>, Errno> {
    let mut names = Vec::new();
    for entry in fs::Dir::read_from(directory)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." {
            names.push(OsStr::from_bytes(name).to_owned());
        }
    }
    names.sort_unstable();
    Ok(names)
}
