//! The 512-byte block in front of each member.

use std::ops::Range;

/// Size of a block, and the unit that everything is padded to.
pub(crate) const BLOCK: usize = 512;

/// One block's bytes.
pub(crate) type Block = [u8; BLOCK];

pub(crate) const NAME: Range<usize> = 0..100;
pub(crate) const MODE: Range<usize> = 100..108;
pub(crate) const UID: Range<usize> = 108..116;
pub(crate) const GID: Range<usize> = 116..124;
pub(crate) const SIZE: Range<usize> = 124..136;
pub(crate) const MTIME: Range<usize> = 136..148;
pub(crate) const CHECKSUM: Range<usize> = 148..156;
pub(crate) const TYPE: usize = 156;
pub(crate) const LINK: Range<usize> = 157..257;
pub(crate) const MAGIC: Range<usize> = 257..265;
pub(crate) const MAJOR: Range<usize> = 329..337;
pub(crate) const MINOR: Range<usize> = 337..345;
pub(crate) const PREFIX: Range<usize> = 345..500;

/// `ustar`, NUL, version `00`.
pub(crate) const USTAR: &[u8; 8] = b"ustar\x0000";

/// The bytes of a text field up to its first NUL.
pub(crate) fn text(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// A number: octal with blanks around it, or GNU's big-endian form, marked by the first bit.
pub(crate) fn number(field: &[u8]) -> Option<i64> {
    match field.first()? {
        first if first & 0x80 != 0 => base_256(field),
        _ => octal(text(field)),
    }
}

fn octal(field: &[u8]) -> Option<i64> {
    let digits = field.trim_ascii();
    digits.iter().try_fold(0_i64, |value, digit| match digit {
        b'0'..=b'7' => value.checked_mul(8)?.checked_add(i64::from(digit - b'0')),
        _ => None,
    })
}

/// Two's complement below the marker bit; numbers over 63 bits are refused.
fn base_256(field: &[u8]) -> Option<i64> {
    let (first, rest) = field.split_first()?;
    let negative = first & 0x40 != 0;
    let start = i128::from(first & 0x7f) - if negative { 0x80 } else { 0 };
    let value =
        rest.iter().try_fold(start, |value, byte| value.checked_mul(256)?.checked_add(i128::from(*byte)))?;
    i64::try_from(value).ok()
}

/// Writes an octal number that fills its field but for the closing NUL; false if it does not fit.
pub(crate) fn set_octal(field: &mut [u8], value: u64) -> bool {
    let digits = field.len() - 1;
    let text = format!("{value:0digits$o}");
    let fits = text.len() == digits;
    if fits {
        field[..digits].copy_from_slice(text.as_bytes());
    }
    fits
}

/// The sum over the block, its checksum field counted as blanks.
pub(crate) fn checksum(block: &Block) -> u64 {
    let sum = |bytes: &[u8]| bytes.iter().map(|byte| u64::from(*byte)).sum::<u64>();
    sum(&block[..CHECKSUM.start]) + sum(&block[CHECKSUM.end..]) + 8 * u64::from(b' ')
}

/// Whether the block's own checksum holds; some old writers summed signed bytes.
pub(crate) fn checksum_holds(block: &Block) -> bool {
    let signed = || {
        let high =
            block.iter().enumerate().filter(|(at, byte)| !CHECKSUM.contains(at) && **byte >= 0x80).count();
        checksum(block) as i64 - 256 * high as i64
    };
    number(&block[CHECKSUM]).is_some_and(|given| given == checksum(block) as i64 || given == signed())
}

/// Bytes from `size` to the next block.
pub(crate) fn padding(size: u64) -> u64 {
    (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_octal_or_binary() {
        assert_eq!(number(b"0000644\0"), Some(0o644));
        assert_eq!(number(b"   17 \0\0"), Some(0o17));
        assert_eq!(number(b"\0\0\0\0"), Some(0));
        assert_eq!(number(b"\x80\0\0\0\0\0\x01\0"), Some(256));
        assert_eq!(number(b"\xff\xff\xff\xff\xff\xff\xff\xfe"), Some(-2));
        assert_eq!(number(b"12x4\0"), None);
        assert_eq!(number(&[0xbf; 12]), None);
    }

    #[test]
    fn octal_fields_refuse_what_is_too_large() {
        let mut field = [0; 8];
        assert!(set_octal(&mut field, 0o777_7777));
        assert_eq!(&field, b"7777777\0");
        assert!(!set_octal(&mut field, 0o1000_0000));
    }

    #[test]
    fn padding_reaches_the_next_block() {
        assert_eq!([0, 1, 511, 512, 513].map(padding), [0, 511, 1, 0, 511]);
    }
}
