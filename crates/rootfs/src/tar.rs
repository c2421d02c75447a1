//! The tar format: ustar, PAX and GNU extensions, sparse files. Names, link targets and attributes are
//! bytes throughout; nothing assumes UTF-8, and a value may hold newlines.
//!
//! Written here because the `tar` crate splits PAX records at newlines (a file capability may contain
//! one) and does not know PAX sparse files. Sources: POSIX.1-2017 `pax`, GNU tar's manual, appendix E.

pub(crate) mod header;
mod pax;
pub(crate) mod reader;
pub(crate) mod sparse;
pub(crate) mod writer;

use crate::metadata::{Attributes, Kind};

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntryKind {
    /// A file with content, a directory, a link, a node.
    Node(Kind),
    /// One more name for an earlier entry.
    HardLink,
}

/// One member of an archive, its extensions resolved.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) kind: EntryKind,
    pub(crate) path: Vec<u8>,
    pub(crate) link: Vec<u8>,
    pub(crate) attributes: Attributes,
    /// Size of the file when it is written out.
    pub(crate) size: u64,
    pub(crate) device: (u32, u32),
    /// Where the stored bytes belong, when there are holes.
    pub(crate) sparse: Option<Vec<Extent>>,
}

/// A piece of a sparse file that has content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) offset: u64,
    pub(crate) length: u64,
}
