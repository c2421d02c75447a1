//! Content is compared with its descriptor while it passes, never afterwards.

use std::io::{self, Read};

use crate::{Descriptor, Digest, Digester, Error, Result};

/// Compares bytes with a promised digest and size, piece by piece.
#[derive(Clone)]
pub struct Verifier {
    digester: Digester,
    digest: Digest,
    size: u64,
}

impl Verifier {
    /// A verifier that has seen nothing; `size` in bytes.
    pub fn new(digest: &Digest, size: u64) -> Self {
        Self { digester: Digester::new(digest.algorithm()), digest: digest.clone(), size }
    }

    /// Takes in more bytes. Fails on the first byte too many, and with the last byte when the digest is
    /// wrong: whoever gets `Ok` for the last piece may use it.
    pub fn update(&mut self, bytes: &[u8]) -> Result<()> {
        let seen = self.digester.length() + bytes.len() as u64;
        if seen > self.size {
            return Err(Error::WrongSize { expected: self.size, actual: seen });
        }
        self.digester.update(bytes);
        if seen == self.size && !bytes.is_empty() { self.finish() } else { Ok(()) }
    }

    /// How many bytes were taken in.
    pub fn seen(&self) -> u64 {
        self.digester.length()
    }

    /// How many bytes are missing.
    pub fn remaining(&self) -> u64 {
        self.size - self.seen()
    }

    /// Whether all bytes were seen and are the right ones.
    pub fn finish(&self) -> Result<()> {
        if self.remaining() > 0 {
            return Err(Error::WrongSize { expected: self.size, actual: self.seen() });
        }
        let actual = self.digester.clone().finish();
        if actual == self.digest {
            Ok(())
        } else {
            Err(Error::WrongDigest { expected: self.digest.clone(), actual })
        }
    }
}

/// A reader that fails when its bytes are not the promised ones.
///
/// The last piece is given out only when the whole content is right, so a consumer that stops at the
/// promised size, as archive readers do, is protected as well as one that reads to the end. What was
/// given out before is unverified: act on it only in ways that can be undone.
pub struct VerifyReader<R> {
    inner: R,
    verifier: Verifier,
    failed: bool,
}

impl<R: Read> VerifyReader<R> {
    /// Wraps a reader of the content of `descriptor`.
    pub fn new(inner: R, descriptor: &Descriptor) -> Self {
        Self { inner, verifier: Verifier::new(&descriptor.digest, descriptor.size), failed: false }
    }

    fn check(&mut self, bytes: &[u8]) -> Result<()> {
        // At the end an empty piece must finish the check: content may be empty or too short.
        if bytes.is_empty() { self.verifier.finish() } else { self.verifier.update(bytes) }
    }
}

impl<R: Read> Read for VerifyReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.failed {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the content failed its check before"));
        }
        let count = self.inner.read(buffer)?;
        self.check(&buffer[..count]).inspect_err(|_| {
            self.failed = true;
            buffer[..count].fill(0);
        })?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::VerifyReader;
    use crate::{Descriptor, Error};

    fn read(content: &[u8], promised: &Descriptor) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        match VerifyReader::new(content, promised).read_to_end(&mut bytes) {
            Ok(_) => Ok(bytes),
            Err(error) => Err(error.downcast::<Error>().unwrap()),
        }
    }

    #[test]
    fn right_content_passes() {
        assert_eq!(read(b"hello", &Descriptor::of("x", b"hello")).unwrap(), b"hello");
        assert_eq!(read(b"", &Descriptor::of("x", b"")).unwrap(), b"");
    }

    #[test]
    fn wrong_content_fails() {
        let promised = Descriptor::of("x", b"hello");
        assert!(matches!(read(b"hell", &promised), Err(Error::WrongSize { actual: 4, .. })));
        assert!(matches!(read(b"hello!", &promised), Err(Error::WrongSize { expected: 5, .. })));
        assert!(matches!(read(b"hallo", &promised), Err(Error::WrongDigest { .. })));
        assert!(matches!(read(b"x", &Descriptor::of("x", b"")), Err(Error::WrongSize { .. })));
        let mut empty = promised;
        empty.size = 0;
        assert!(matches!(read(b"", &empty), Err(Error::WrongDigest { .. })));
    }

    #[test]
    fn the_last_piece_is_held_back() {
        let promised = Descriptor::of("x", b"hello");
        let mut reader = VerifyReader::new(&b"hallo"[..], &promised);
        let mut piece = [0; 5];
        assert!(reader.read_exact(&mut piece).is_err());
        assert_eq!(piece, [0; 5]);
        assert!(reader.read(&mut piece).is_err());
    }
}
