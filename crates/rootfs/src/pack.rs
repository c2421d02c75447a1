//! A layer blob in one pass: tar, its digest, gzip, its digest, disk. Memory does not depend on the size.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use ktrust_oci::file::AtomicFile;
use ktrust_oci::{Digest, Digester};

use crate::change::Change;
use crate::compress::gzip;
use crate::error::{Error, Result};
use crate::layer::{LayerOptions, LayerStats, write_layer};
use crate::root::Root;

/// How a layer blob is made.
#[derive(Debug, Clone, Copy)]
pub struct PackOptions {
    /// What goes into the tar.
    pub layer: LayerOptions,
    /// Gzip level, 0 to 9.
    pub level: u32,
}

impl Default for PackOptions {
    fn default() -> Self {
        Self { layer: LayerOptions::default(), level: 6 }
    }
}

/// A finished layer blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// Digest of the uncompressed tar.
    pub diff_id: Digest,
    /// Digest of the blob.
    pub digest: Digest,
    /// Bytes of the blob.
    pub size: u64,
    /// Bytes of the uncompressed tar.
    pub tar_size: u64,
    /// What is in it.
    pub stats: LayerStats,
}

/// Writes the changes as a gzip layer to a file, which appears whole or not at all.
pub fn pack(root: &Root, changes: &[Change], options: &PackOptions, to: &Path) -> Result<Packed> {
    let mut file = AtomicFile::create(to)?;
    let blob = Tee::new(BufWriter::with_capacity(1 << 20, &mut file));
    let mut tar = Tee::new(gzip(blob, options.level));
    let buffered = BufWriter::with_capacity(1 << 18, &mut tar);
    let stats = write_layer(root, changes, &options.layer, buffered)?;
    let (tar_size, diff_id, gzip) = tar.into_parts();
    let (size, digest, mut output) = gzip.finish().map_err(Error::Write)?.into_parts();
    output.flush().map_err(Error::Write)?;
    drop(output);
    file.commit()?;
    Ok(Packed { diff_id, digest, size, tar_size, stats })
}

/// Digests what passes.
struct Tee<W> {
    digester: Digester,
    output: W,
}

impl<W> Tee<W> {
    fn new(output: W) -> Self {
        Self { digester: Digester::default(), output }
    }

    /// Length and digest of what passed, and what it passed to.
    fn into_parts(self) -> (u64, Digest, W) {
        (self.digester.length(), self.digester.finish(), self.output)
    }
}

impl<W: Write> Write for Tee<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.output.write(bytes)?;
        self.digester.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}
