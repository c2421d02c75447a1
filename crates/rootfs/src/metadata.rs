//! What is known about one file besides its bytes.

use rustix::fs::{FileType, Stat, Timespec};

/// The type of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A named pipe.
    Fifo,
    /// A Unix socket; it has no form in an archive.
    Socket,
    /// A character device.
    CharDevice,
    /// A block device.
    BlockDevice,
}

/// A point in time, counted from the epoch; negative before 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time {
    /// Whole seconds.
    pub seconds: i64,
    /// Nanoseconds added to them, below 10⁹.
    pub nanoseconds: u32,
}

impl Time {
    /// A time without a fraction.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self { seconds, nanoseconds: 0 }
    }

    pub(crate) fn timespec(self) -> Timespec {
        Timespec { tv_sec: self.seconds, tv_nsec: i64::from(self.nanoseconds) }
    }
}

/// User and group of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Owner {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
}

impl Owner {
    /// `uid:gid`.
    pub const fn new(uid: u32, gid: u32) -> Self {
        Self { uid, gid }
    }
}

/// The inode's data, without its extended attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata {
    /// File type.
    pub kind: Kind,
    /// Permission bits with setuid, setgid and sticky: at most `0o7777`.
    pub mode: u32,
    /// Owner.
    pub owner: Owner,
    /// Bytes of a regular file or of a link's target.
    pub size: u64,
    /// Last modification.
    pub modified: Time,
    /// Device that holds the inode.
    pub dev: u64,
    /// Inode number.
    pub ino: u64,
    /// Number of names that the inode has.
    pub links: u64,
    /// Major and minor number of a device node, else zeros.
    pub device: (u32, u32),
}

impl Metadata {
    pub(crate) fn from_stat(stat: &Stat) -> Self {
        Self {
            kind: kind_of(stat.st_mode),
            mode: stat.st_mode & 0o7777,
            owner: Owner::new(stat.st_uid, stat.st_gid),
            size: stat.st_size as u64,
            modified: Time { seconds: stat.st_mtime, nanoseconds: stat.st_mtime_nsec as u32 },
            dev: stat.st_dev,
            ino: stat.st_ino,
            links: stat.st_nlink,
            device: (rustix::fs::major(stat.st_rdev), rustix::fs::minor(stat.st_rdev)),
        }
    }

    /// Whether this is a directory.
    pub fn is_dir(&self) -> bool {
        self.kind == Kind::Directory
    }

    /// The character device 0:0 by which overlayfs marks a deleted name.
    pub(crate) fn is_overlay_whiteout(&self) -> bool {
        self.kind == Kind::CharDevice && self.device == (0, 0)
    }

    /// The inode's identity, if it may have other names.
    pub(crate) fn shared_inode(&self) -> Option<(u64, u64)> {
        (self.links > 1 && !self.is_dir()).then_some((self.dev, self.ino))
    }
}

fn kind_of(mode: u32) -> Kind {
    match FileType::from_raw_mode(mode) {
        FileType::Directory => Kind::Directory,
        FileType::Symlink => Kind::Symlink,
        FileType::Fifo => Kind::Fifo,
        FileType::Socket => Kind::Socket,
        FileType::CharacterDevice => Kind::CharDevice,
        FileType::BlockDevice => Kind::BlockDevice,
        _ => Kind::File,
    }
}

/// What is set on a file that is created: everything but its type and bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    /// Permission bits with the special ones.
    pub mode: u32,
    /// Owner.
    pub owner: Owner,
    /// Modification time; the present when `None`.
    pub modified: Option<Time>,
    /// Extended attributes in the order in which they are set.
    pub xattrs: Xattrs,
}

/// Extended attributes: name and value, both any bytes.
pub type Xattrs = Vec<(Vec<u8>, Vec<u8>)>;
