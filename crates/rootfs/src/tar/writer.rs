//! Writes an archive whose bytes depend on nothing but the entries.

use std::io::{self, Read, Write};

use super::header::{self, BLOCK, Block};
use super::pax;
use super::{Entry, EntryKind};
use crate::metadata::Kind;

/// An archive that is being written.
pub(crate) struct Writer<W> {
    output: W,
}

impl<W: Write> Writer<W> {
    pub(crate) fn new(output: W) -> Self {
        Self { output }
    }

    /// Writes an entry; a file's content is read from `content`, which must have `entry.size` bytes.
    /// Yields false when it had fewer or more.
    pub(crate) fn append(&mut self, entry: &Entry, content: impl Read) -> io::Result<bool> {
        let mut records = Vec::new();
        let block = encode(entry, &mut records);
        if !records.is_empty() {
            self.extended(&records)?;
        }
        self.output.write_all(&block)?;
        let copied = io::copy(&mut content.take(entry.size + 1), &mut self.output)?;
        self.pad(copied)?;
        Ok(copied == entry.size)
    }

    fn extended(&mut self, records: &[u8]) -> io::Result<()> {
        let mut block = [0; BLOCK];
        put(&mut block[header::NAME], b"pax");
        header::set_octal(&mut block[header::SIZE], records.len() as u64);
        finish(&mut block, b'x', 0o644);
        self.output.write_all(&block)?;
        self.output.write_all(records)?;
        self.pad(records.len() as u64)
    }

    fn pad(&mut self, size: u64) -> io::Result<()> {
        self.output.write_all(&[0; BLOCK][..header::padding(size) as usize])
    }

    /// Writes the end mark.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.output.write_all(&[0; 2 * BLOCK])?;
        Ok(self.output)
    }
}

/// The header block; what does not fit in it is added to the PAX records.
fn encode(entry: &Entry, records: &mut Vec<u8>) -> Block {
    let mut block = [0; BLOCK];
    let attributes = &entry.attributes;
    text(&mut block[header::NAME], &entry.path, b"path", records);
    text(&mut block[header::LINK], &entry.link, b"linkpath", records);
    number(&mut block[header::SIZE], entry.size, b"size", records);
    number(&mut block[header::UID], u64::from(attributes.owner.uid), b"uid", records);
    number(&mut block[header::GID], u64::from(attributes.owner.gid), b"gid", records);
    let seconds = attributes.modified.map_or(0, |time| time.seconds);
    match u64::try_from(seconds) {
        Ok(seconds) => number(&mut block[header::MTIME], seconds, b"mtime", records),
        Err(_) => records.extend(pax::record(b"mtime", seconds.to_string().as_bytes())),
    }
    header::set_octal(&mut block[header::MAJOR], u64::from(entry.device.0));
    header::set_octal(&mut block[header::MINOR], u64::from(entry.device.1));
    let xattrs = attributes.xattrs.iter().filter_map(|(name, value)| pax::xattr_record(name, value));
    records.extend(xattrs.flatten());
    finish(&mut block, flag(entry.kind), attributes.mode);
    block
}

fn flag(kind: EntryKind) -> u8 {
    match kind {
        EntryKind::HardLink => b'1',
        EntryKind::Node(Kind::Symlink) => b'2',
        EntryKind::Node(Kind::CharDevice) => b'3',
        EntryKind::Node(Kind::BlockDevice) => b'4',
        EntryKind::Node(Kind::Directory) => b'5',
        EntryKind::Node(Kind::Fifo) => b'6',
        EntryKind::Node(Kind::File | Kind::Socket) => b'0',
    }
}

fn put(field: &mut [u8], text: &[u8]) {
    let length = text.len().min(field.len());
    field[..length].copy_from_slice(&text[..length]);
}

fn text(field: &mut [u8], value: &[u8], key: &[u8], records: &mut Vec<u8>) {
    if value.len() > field.len() {
        records.extend(pax::record(key, value));
    }
    put(field, value);
}

fn number(field: &mut [u8], value: u64, key: &[u8], records: &mut Vec<u8>) {
    if !header::set_octal(field, value) {
        records.extend(pax::record(key, value.to_string().as_bytes()));
        header::set_octal(field, 0);
    }
}

fn finish(block: &mut Block, flag: u8, mode: u32) {
    block[header::TYPE] = flag;
    header::set_octal(&mut block[header::MODE], u64::from(mode));
    block[header::MAGIC].copy_from_slice(header::USTAR);
    let sum = header::checksum(block);
    block[header::CHECKSUM].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}
