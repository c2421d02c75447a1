//! Archives become trees.
//!
//! A layer and an archive of ADD differ in two points only: whiteouts, and who owns the files. Every name
//! is looked up inside the root, so an archive cannot write, link or delete outside it, whatever links it
//! made before. Later entries replace earlier ones; an existing file is never written into, because it
//! may have other names.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::metadata::{Owner, Time};
use crate::root::Root;
use crate::tar::reader::Reader;

mod entry;
mod parents;
pub(crate) mod whiteout;

use parents::Parents;

/// How an archive is applied.
#[derive(Debug, Clone, Copy, Default)]
pub struct UnpackOptions {
    /// Names that start with `.wh.` delete, as in an image layer. Off, they are ordinary names.
    pub whiteouts: bool,
    /// Owner of everything, instead of the archive's.
    pub owner: Option<Owner>,
}

impl UnpackOptions {
    /// For a layer of an image.
    pub const LAYER: Self = Self { whiteouts: true, owner: None };
}

/// What an archive did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unpacked {
    /// Members applied, whiteouts included.
    pub entries: u64,
    /// Bytes of file content written.
    pub bytes: u64,
    /// What the kernel did not allow here, or what no image may have: worth a warning.
    pub refused: Vec<Refused>,
}

/// A part of an archive that could not be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The path inside the root.
    pub path: PathBuf,
    /// What is missing now.
    pub what: RefusedPart,
}

/// What could not be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefusedPart {
    /// A device node: user namespaces cannot make one, and 0:0 would mean a deletion.
    Device,
    /// An extended attribute, by name.
    Attribute(Vec<u8>),
}

impl fmt::Display for RefusedPart {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device => formatter.write_str("the device node"),
            Self::Attribute(name) => {
                write!(formatter, "the attribute `{}`", String::from_utf8_lossy(name))
            }
        }
    }
}

/// Applies an uncompressed archive to the tree. The reader is read to its end.
pub fn unpack(reader: impl Read, root: &Root, options: &UnpackOptions) -> Result<Unpacked> {
    let mut archive = Reader::new(std::io::BufReader::with_capacity(256 * 1024, reader));
    let mut apply = Apply::new(root, *options);
    while let Some(entry) = archive.next()? {
        apply.entry(&entry, &mut archive.content())?;
    }
    apply.finish()
}

/// The state of one archive's application.
pub(crate) struct Apply<'a> {
    root: &'a Root,
    options: UnpackOptions,
    parents: Parents,
    /// Names made by this archive, by where they really are: whiteouts do not reach them.
    made: HashSet<PathBuf>,
    /// Directories get their time when nothing more is put into them.
    directory_times: BTreeMap<PathBuf, Time>,
    report: Unpacked,
    buffer: Vec<u8>,
}

impl<'a> Apply<'a> {
    pub(crate) fn new(root: &'a Root, options: UnpackOptions) -> Self {
        Self {
            root,
            options,
            parents: Parents::default(),
            made: HashSet::new(),
            directory_times: BTreeMap::new(),
            report: Unpacked::default(),
            buffer: vec![0; 128 * 1024],
        }
    }

    pub(crate) fn finish(self) -> Result<Unpacked> {
        for (path, time) in self.directory_times.iter().rev() {
            let place = self.root.find(path)?;
            let metadata = place.as_ref().map_or(Ok(None), super::place::Place::metadata)?;
            if let Some(place) = place.filter(|_| metadata.is_some_and(|found| found.is_dir())) {
                place.set_modified(*time)?;
            }
        }
        Ok(self.report)
    }

    fn refuse(&mut self, path: &Path, what: RefusedPart) {
        self.report.refused.push(Refused { path: path.to_owned(), what });
    }
}

/// `true` if the system refused for lack of privilege.
pub(crate) fn is_refusal(error: &Error) -> bool {
    matches!(error, Error::Io { source, .. } if source.kind() == std::io::ErrorKind::PermissionDenied)
}
