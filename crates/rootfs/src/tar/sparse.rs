//! Maps of sparse files: the old GNU form in header blocks, PAX 0.0, 0.1 and 1.0.

use std::io::{self, Read};
use std::ops::Range;

use super::Extent;
use super::header::{Block, number};
use super::pax::decimal;

/// Continuation blocks follow while this byte is not zero.
const MORE: usize = 482;
const REAL_SIZE: Range<usize> = 483..495;
const MORE_IN_EXTENSION: usize = 504;
const PAIR: usize = 24;

/// The pairs in a GNU header, the file's real size, and whether more blocks follow.
pub(crate) fn of_header(block: &Block) -> Option<(Vec<Extent>, u64, bool)> {
    let real_size = u64::try_from(number(&block[REAL_SIZE])?).ok()?;
    Some((gnu_pairs(&block[386..386 + 4 * PAIR])?, real_size, block[MORE] != 0))
}

/// The pairs in a continuation block, and whether more follow.
pub(crate) fn of_extension(block: &Block) -> Option<(Vec<Extent>, bool)> {
    Some((gnu_pairs(&block[..21 * PAIR])?, block[MORE_IN_EXTENSION] != 0))
}

fn gnu_pairs(bytes: &[u8]) -> Option<Vec<Extent>> {
    let used = bytes.chunks_exact(PAIR).take_while(|pair| pair[0] != 0);
    used.map(|pair| extent(number(&pair[..12])?.try_into().ok()?, number(&pair[12..])?.try_into().ok()?))
        .collect()
}

#[expect(clippy::unnecessary_wraps, reason = "shape of the callers' iterators")]
fn extent(offset: u64, length: u64) -> Option<Extent> {
    Some(Extent { offset, length })
}

/// PAX 0.1: `offset,length,offset,length…`.
pub(crate) fn of_list(text: &[u8]) -> Option<Vec<Extent>> {
    let numbers: Vec<u64> = text.split(|byte| *byte == b',').map(decimal).collect::<Option<_>>()?;
    of_numbers(&numbers)
}

/// Offsets and lengths by turns.
pub(crate) fn of_numbers(numbers: &[u64]) -> Option<Vec<Extent>> {
    let pairs = numbers.chunks_exact(2);
    pairs.remainder().is_empty().then_some(())?;
    pairs.map(|pair| extent(pair[0], pair[1])).collect()
}

/// Whether the extents are in order, inside the file and as long as the stored bytes.
pub(crate) fn is_sound(extents: &[Extent], real_size: u64, stored: u64) -> bool {
    let mut end = 0_u64;
    let in_order = extents.iter().all(|extent| {
        let ok = extent.offset >= end;
        end = extent.offset.saturating_add(extent.length);
        ok && end <= real_size
    });
    let total = extents.iter().try_fold(0_u64, |sum, extent| sum.checked_add(extent.length));
    in_order && total == Some(stored)
}
/// A sparse file written out: its stored bytes with zeros between.
pub(crate) struct Filled<'a, R> {
    stored: R,
    extents: &'a [Extent],
    position: u64,
    size: u64,
}

impl<'a, R: Read> Filled<'a, R> {
    pub(crate) fn new(stored: R, extents: &'a [Extent], size: u64) -> Self {
        Self { stored, extents, position: 0, size }
    }
}

impl<R: Read> Read for Filled<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let end = |extent: &Extent| extent.offset + extent.length;
        while self.extents.first().is_some_and(|extent| end(extent) <= self.position) {
            self.extents = &self.extents[1..];
        }
        let next = self.extents.first();
        let (until, hole) = match next {
            Some(extent) if extent.offset <= self.position => (end(extent), false),
            Some(extent) => (extent.offset, true),
            None => (self.size, true),
        };
        let most = usize::try_from(until - self.position).unwrap_or(usize::MAX).min(buffer.len());
        let count = if hole {
            buffer[..most].fill(0);
            most
        } else {
            self.stored.read(&mut buffer[..most])?
        };
        self.position += count as u64;
        Ok(count)
    }
}
