//! Archives of ADD: told by content, extracted with the owners that are in them.

use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use crate::compress::{Compression, MAGIC_LENGTH, decompress};
use crate::error::{Error, Result};
use crate::metadata::Owner;
use crate::root::Root;
use crate::tar::header::{BLOCK, Block, checksum_holds};
use crate::unpack::{UnpackOptions, Unpacked, unpack};

/// Whether the file is an archive that ADD extracts: a tar, as it is or compressed. Its name does not
/// matter; an empty file is none. The file is left at its start.
pub fn is_archive(file: &mut (impl Read + Seek + Send)) -> Result<bool> {
    let mut block = [0; BLOCK];
    let found = first_block(file, &mut block).map_err(Error::Read)?;
    file.seek(SeekFrom::Start(0)).map_err(Error::Read)?;
    Ok(found && block.iter().any(|byte| *byte != 0) && checksum_holds(&block))
}

/// Reads the first uncompressed block; false if there is none, or what looked compressed is not.
fn first_block(file: &mut (impl Read + Seek + Send), block: &mut Block) -> std::io::Result<bool> {
    file.seek(SeekFrom::Start(0))?;
    let mut start = Vec::new();
    file.by_ref().take(MAGIC_LENGTH as u64).read_to_end(&mut start)?;
    file.seek(SeekFrom::Start(0))?;
    let compressed = Compression::detect(&start).is_some();
    match decompress(file).and_then(|mut reader| reader.read_exact(block)) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof || compressed => Ok(false),
        Err(error) => Err(error),
    }
}

/// Extracts an archive, compressed or not, below a directory of the root; the directory is made when it is
/// missing (0755, owned by `owner`). Names that start with `.wh.` are ordinary files here.
///
/// For the archive that directory is the root: its own absolute links lead no further up, as in BuildKit,
/// which changes its root for this. The archive's entry for the directory itself is left out.
pub fn extract(
    reader: impl Read + Send,
    root: &Root,
    below: &Path,
    owner: Option<Owner>,
) -> Result<Unpacked> {
    root.create_dir_all(below, owner, 0o755)?;
    let options = UnpackOptions { whiteouts: false, owner };
    let inside = Root::open(&root.path().join(root.resolve(below)?))?;
    unpack(decompress(reader).map_err(Error::Read)?, &inside, &options)
}
