//! Directory trees that become layers, and layers that become trees.
//!
//! A build works on the file systems of strangers: an archive may name `/etc/passwd` of the host, a link
//! in the image may lead out of it. So nothing here takes a path of the host but [`Root::open`]; everything
//! else is a path *inside* a root, looked up by the kernel with `openat2(RESOLVE_IN_ROOT)`, and every change
//! is made to one name in one open directory.
//!
//! * [`unpack`] applies a layer, [`archive`] an archive of ADD;
//! * [`changes_of_upper`] tells what an overlay's upper directory changed;
//! * [`write_layer`] and [`pack`] write changes as a layer, the same bytes for the same tree;
//! * [`Flat`] is what layers show together, written as one archive or as files;
//! * [`copy_tree`] is COPY; [`Accounts`] are the image's users.
//!
//! Paths and names are bytes throughout. The tree is expected to stand still while it is read or written.

#![forbid(unsafe_code)]

mod accounts;
pub mod archive;
mod change;
pub mod compress;
mod copy;
mod error;
mod flatten;
mod layer;
mod merge;
mod metadata;
mod pack;
mod path;
mod place;
mod root;
mod tar;
mod unpack;
mod xattr;

pub use accounts::{Accounts, Group, Identity, User};
pub use change::{Change, changes_of_upper};
pub use copy::{Choice, Copied, CopyOptions, Destination, ModeChange, Selection, copy_tree};
pub use error::{Error, ErrorKind, Result};
pub use flatten::{Flat, OpenLayer, TreeArchive};
pub use layer::{LayerOptions, LayerStats, write_layer};
pub use merge::move_into;
pub use metadata::{Attributes, Kind, Metadata, Owner, Time, Xattrs};
pub use pack::{PackOptions, Packed, pack};
pub use path::normal;
pub use root::{DirEntry, Root, Sees};
pub use unpack::{Refused, RefusedPart, UnpackOptions, Unpacked, unpack};
