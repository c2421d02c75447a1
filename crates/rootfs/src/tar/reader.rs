//! Reads an archive member by member.

use std::io::{self, Read};
use std::mem;

use super::header::{self, BLOCK, Block};
use super::pax::{Records, decimal};
use super::{Entry, EntryKind, Extent, sparse};
use crate::error::{Error, Result};
use crate::metadata::{Attributes, Kind, Owner, Time};

/// Limit of an extension header: a name is at most 4 KiB, an attribute 64 KiB.
const EXTENSION_LIMIT: u64 = 1 << 20;
/// Largest size of a member: with its padding it is an offset that the kernel takes.
const LARGEST: u64 = i64::MAX as u64 - BLOCK as u64;
/// Limit of a sparse file's map, in pieces.
const EXTENT_LIMIT: usize = 1 << 20;

/// An archive that is being read.
pub(crate) struct Reader<R> {
    input: R,
    offset: u64,
    /// Bytes of the present member that were not read yet.
    content: u64,
    padding: u64,
}

/// Extensions that were met in front of a member.
#[derive(Default)]
struct Pending {
    records: Records,
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
}

impl<R: Read> Reader<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input, offset: 0, content: 0, padding: 0 }
    }

    /// The next member, or `None` at the end, when the rest of the input has been read too: a stream
    /// that verifies itself does so at its own end.
    pub(crate) fn next(&mut self) -> Result<Option<Entry>> {
        self.skip(self.content + self.padding)?;
        let mut pending = Pending::default();
        while let Some(block) = self.header()? {
            let size = self.size_field(&block)?;
            match block[header::TYPE] {
                b'x' => {
                    let data = self.extension(size)?;
                    // In place of an earlier one, or they could grow for as long as the archive does.
                    pending.records = Records::of(&data).ok_or_else(|| self.malformed("bad PAX record"))?;
                }
                // Records for all members to come: Docker, BuildKit and containerd read over them, so an
                // image must not mean something else here.
                b'g' => drop(self.extension(size)?),
                b'L' => pending.path = Some(header::text(&self.extension(size)?).to_vec()),
                b'K' => pending.link = Some(header::text(&self.extension(size)?).to_vec()),
                // A volume label, and GNU's continuation of a file from another volume.
                b'V' => self.skip(size + header::padding(size))?,
                b'M' => return Err(self.malformed("archive of several volumes")),
                _ => return self.member(&block, size, pending).map(Some),
            }
        }
        io::copy(&mut self.input, &mut io::sink()).map_err(Error::Read)?;
        Ok(None)
    }

    /// The stored bytes of the present member.
    pub(crate) fn content(&mut self) -> impl Read + '_ {
        Content(self)
    }

    fn malformed(&self, problem: &'static str) -> Error {
        Error::Malformed { offset: self.offset, problem }
    }

    fn size_field(&self, block: &Block) -> Result<u64> {
        let size = header::number(&block[header::SIZE]).and_then(|size| u64::try_from(size).ok());
        size.filter(|size| *size <= LARGEST).ok_or_else(|| self.malformed("bad size"))
    }

    /// The next header block; `None` at the end mark, or where the input ends between members.
    fn header(&mut self) -> Result<Option<Block>> {
        let mut block = [0; BLOCK];
        if !self.fill(&mut block)? || block.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        if header::checksum_holds(&block) { Ok(Some(block)) } else { Err(self.malformed("bad checksum")) }
    }

    /// Reads a whole block; false if the input had already ended.
    fn fill(&mut self, block: &mut Block) -> Result<bool> {
        let mut filled = 0;
        while filled < BLOCK {
            match self.input.read(&mut block[filled..]) {
                Ok(0) if filled == 0 => return Ok(false),
                Ok(0) => return Err(self.malformed("archive ends within a header")),
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::Read(error)),
            }
        }
        self.offset += BLOCK as u64;
        Ok(true)
    }

    fn skip(&mut self, count: u64) -> Result<()> {
        let skipped = io::copy(&mut self.input.by_ref().take(count), &mut io::sink()).map_err(Error::Read)?;
        self.offset += skipped;
        (self.content, self.padding) = (0, 0);
        if skipped == count { Ok(()) } else { Err(self.malformed("archive ends within a member")) }
    }

    fn extension(&mut self, size: u64) -> Result<Vec<u8>> {
        if size > EXTENSION_LIMIT {
            return Err(self.malformed("extension header too large"));
        }
        let mut data = vec![0; size as usize];
        self.input.read_exact(&mut data).map_err(Error::Read)?;
        self.offset += size;
        self.skip(header::padding(size))?;
        Ok(data)
    }

    fn member(&mut self, block: &Block, size: u64, pending: Pending) -> Result<Entry> {
        let Pending { records, path, link } = pending;
        let stored = records.number("size").map_err(|()| self.malformed("bad size"))?.unwrap_or(size);
        if stored > LARGEST {
            return Err(self.malformed("bad size"));
        }
        let text = |key: &str| records.text(key).map(<[u8]>::to_vec);
        let path =
            text("GNU.sparse.name").or_else(|| text("path")).or(path).unwrap_or_else(|| header_path(block));
        let link = text("linkpath").or(link).unwrap_or_else(|| header::text(&block[header::LINK]).to_vec());
        let kind =
            entry_kind(block[header::TYPE], &path).ok_or_else(|| self.malformed("unknown type of member"))?;
        // Told by the type alone: an old directory is a file by type, whatever its size says.
        let has_content = matches!(block[header::TYPE], 0 | b'0' | b'7' | b'S');
        self.content = if has_content { stored } else { 0 };
        self.padding = if has_content { header::padding(stored) } else { 0 };
        let (sparse, size) = if has_content { self.sparse(block, &records)? } else { (None, 0) };
        let attributes = self.attributes(block, &records)?;
        Ok(Entry { kind, path, link, attributes, size, device: self.device(block)?, sparse })
    }

    fn attributes(&self, block: &Block, records: &Records) -> Result<Attributes> {
        let id = |range, key| {
            let given = records
                .number(key)
                .ok()?
                .map_or_else(|| header::number(&block[range]), |id| i64::try_from(id).ok());
            u32::try_from(given?).ok()
        };
        let seconds = header::number(&block[header::MTIME]).map(Time::from_seconds);
        let time = records.time("mtime").map_err(|()| self.malformed("bad time"))?.or(seconds);
        let mode = header::number(&block[header::MODE]).ok_or_else(|| self.malformed("bad mode"))?;
        let uid = id(header::UID, "uid").ok_or_else(|| self.malformed("bad user id"))?;
        let gid = id(header::GID, "gid").ok_or_else(|| self.malformed("bad group id"))?;
        let modified = Some(time.ok_or_else(|| self.malformed("bad time"))?);
        Ok(Attributes {
            mode: mode as u32 & 0o7777,
            owner: Owner::new(uid, gid),
            modified,
            xattrs: records.xattrs(),
        })
    }

    fn device(&self, block: &Block) -> Result<(u32, u32)> {
        let is_device = matches!(block[header::TYPE], b'3' | b'4');
        let number = |range| {
            if is_device {
                header::number(&block[range]).and_then(|number| u32::try_from(number).ok())
            } else {
                Some(0)
            }
        };
        number(header::MAJOR).zip(number(header::MINOR)).ok_or_else(|| self.malformed("bad device number"))
    }

    /// The map of a sparse file, if it is one, and the size of the file written out.
    fn sparse(&mut self, block: &Block, records: &Records) -> Result<(Option<Vec<Extent>>, u64)> {
        let stored = self.content;
        let found = match block[header::TYPE] {
            b'S' => Some(self.gnu_sparse(block)?),
            _ => self.pax_sparse(records)?,
        };
        let Some((extents, real_size)) = found else {
            return Ok((None, stored));
        };
        if real_size <= LARGEST && sparse::is_sound(&extents, real_size, self.content) {
            Ok((Some(extents), real_size))
        } else {
            Err(self.malformed("bad map of a sparse file"))
        }
    }

    fn gnu_sparse(&mut self, block: &Block) -> Result<(Vec<Extent>, u64)> {
        let bad = self.malformed("bad map of a sparse file");
        let (mut extents, real_size, mut more) = sparse::of_header(block).ok_or(bad)?;
        while more {
            if extents.len() > EXTENT_LIMIT {
                return Err(self.malformed("map of a sparse file too large"));
            }
            let mut extension = [0; BLOCK];
            let next = if self.fill(&mut extension)? { sparse::of_extension(&extension) } else { None };
            let (found, go_on) = next.ok_or_else(|| self.malformed("bad map of a sparse file"))?;
            extents.extend(found);
            more = go_on;
        }
        Ok((extents, real_size))
    }

    fn pax_sparse(&mut self, records: &Records) -> Result<Option<(Vec<Extent>, u64)>> {
        let number = |key| records.number(key).map_err(|()| self.malformed("bad size of a sparse file"));
        let (size, real_size) = (number("GNU.sparse.size")?, number("GNU.sparse.realsize")?);
        if records.text("GNU.sparse.major") == Some(b"1") {
            let extents = self.map_in_content()?;
            return Ok(real_size.or(size).map(|real_size| (extents, real_size)));
        }
        let Some(real_size) = size.or(real_size) else {
            return Ok(None);
        };
        let extents = match records.text("GNU.sparse.map") {
            Some(list) => sparse::of_list(list),
            None => sparse::of_numbers(&records.sparse_pairs),
        };
        Ok(Some((extents.ok_or_else(|| self.malformed("bad map of a sparse file"))?, real_size)))
    }

    /// PAX 1.0: the content starts with decimal lines, the number of pairs first, padded to a block.
    fn map_in_content(&mut self) -> Result<Vec<Extent>> {
        let before = self.content;
        let pairs = self.map_line()?;
        if pairs > EXTENT_LIMIT as u64 {
            return Err(self.malformed("map of a sparse file too large"));
        }
        let numbers: Vec<u64> = (0..2 * pairs).map(|_| self.map_line()).collect::<Result<_>>()?;
        let (rest, padding) = (header::padding(before - self.content), mem::take(&mut self.padding));
        let content =
            self.content.checked_sub(rest).ok_or_else(|| self.malformed("bad map of a sparse file"))?;
        self.skip(rest)?;
        (self.content, self.padding) = (content, padding);
        sparse::of_numbers(&numbers).ok_or_else(|| self.malformed("bad map of a sparse file"))
    }

    fn map_line(&mut self) -> Result<u64> {
        let mut line = Vec::new();
        loop {
            let mut byte = [0];
            self.content().read_exact(&mut byte).map_err(Error::Read)?;
            match byte[0] {
                b'\n' => break,
                digit if line.len() < 20 => line.push(digit),
                _ => return Err(self.malformed("bad map of a sparse file")),
            }
        }
        decimal(&line).ok_or_else(|| self.malformed("bad map of a sparse file"))
    }
}

struct Content<'a, R>(&'a mut Reader<R>);

impl<R: Read> Read for Content<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let reader = &mut *self.0;
        let wanted = buffer.len().min(usize::try_from(reader.content).unwrap_or(usize::MAX));
        if wanted == 0 {
            return Ok(0);
        }
        let count = reader.input.read(&mut buffer[..wanted])?;
        if count == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "archive ends within a member"));
        }
        reader.content -= count as u64;
        reader.offset += count as u64;
        Ok(count)
    }
}

/// Prefix and name of a POSIX header; GNU and old headers have no prefix.
fn header_path(block: &Block) -> Vec<u8> {
    let name = header::text(&block[header::NAME]);
    match header::text(&block[header::PREFIX]) {
        prefix if !prefix.is_empty() && block[header::MAGIC] == *header::USTAR => {
            [prefix, b"/", name].concat()
        }
        _ => name.to_vec(),
    }
}

fn entry_kind(flag: u8, path: &[u8]) -> Option<EntryKind> {
    Some(match flag {
        // Before POSIX, a directory was a file whose name ends with a slash.
        b'0' | 0 if path.ends_with(b"/") => EntryKind::Node(Kind::Directory),
        b'0' | 0 | b'7' | b'S' => EntryKind::Node(Kind::File),
        b'1' => EntryKind::HardLink,
        b'2' => EntryKind::Node(Kind::Symlink),
        b'3' => EntryKind::Node(Kind::CharDevice),
        b'4' => EntryKind::Node(Kind::BlockDevice),
        b'5' | b'D' => EntryKind::Node(Kind::Directory),
        b'6' => EntryKind::Node(Kind::Fifo),
        _ => return None,
    })
}
