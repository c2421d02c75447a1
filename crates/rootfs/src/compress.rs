//! Compression of layers and archives, told by content and never by name.

use std::io::{self, BufRead, BufReader, Cursor, Read, Write};

use flate2::GzBuilder;
use flate2::write::GzEncoder;
use liblzma::stream::{CONCATENATED, Stream};

/// How a stream is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compression {
    /// RFC 1952.
    Gzip,
    /// bzip2.
    Bzip2,
    /// xz, also the older `.lzma` is not meant.
    Xz,
    /// RFC 8878.
    Zstd,
}

/// What an xz stream may ask for: its highest level takes 65 MiB, the format allows 4 GiB.
const XZ_MEMORY: u64 = 512 << 20;

/// Bytes that [`Compression::detect`] wants to see.
pub const MAGIC_LENGTH: usize = 10;

impl Compression {
    /// The compression that the first bytes of a stream announce.
    pub fn detect(start: &[u8]) -> Option<Self> {
        const MAGICS: [(&[u8], Compression); 4] = [
            (b"\x1f\x8b\x08", Compression::Gzip),
            (b"BZh", Compression::Bzip2),
            (b"\xfd7zXZ\0", Compression::Xz),
            (b"\x28\xb5\x2f\xfd", Compression::Zstd),
        ];
        MAGICS.iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, compression)| *compression)
    }

    /// A reader of the uncompressed bytes. Several streams one after the other are read as one.
    pub fn decoder<'a, R: BufRead + Send + 'a>(self, reader: R) -> io::Result<Box<dyn Read + Send + 'a>> {
        Ok(match self {
            Self::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(reader)),
            Self::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(reader)),
            Self::Xz => {
                let stream = Stream::new_stream_decoder(XZ_MEMORY, CONCATENATED)?;
                Box::new(liblzma::bufread::XzDecoder::new_stream(reader, stream))
            }
            Self::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(reader)?),
        })
    }
}

/// Reads what announces itself as compressed uncompressed, and anything else as it is.
pub fn decompress<'a, R: Read + Send + 'a>(reader: R) -> io::Result<Box<dyn Read + Send + 'a>> {
    let mut reader = BufReader::with_capacity(128 * 1024, reader);
    let mut start = Vec::with_capacity(MAGIC_LENGTH);
    reader.by_ref().take(MAGIC_LENGTH as u64).read_to_end(&mut start)?;
    let reader = Cursor::new(start.clone()).chain(reader);
    match Compression::detect(&start) {
        Some(compression) => compression.decoder(reader),
        None => Ok(Box::new(reader)),
    }
}

/// A gzip writer whose output depends on nothing but the bytes and the level (0 to 9): no name, no time,
/// an unknown system.
pub fn gzip<W: Write>(output: W, level: u32) -> GzEncoder<W> {
    GzBuilder::new().mtime(0).operating_system(255).write(output, flate2::Compression::new(level))
}
