//! Reading PEM as it arrives in practice: through CI variables, with CRLF, with text around it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::{Error, Result};

/// More than any key needs; a file this long is something else.
const MAX_SIZE: usize = 64 * 1024;

/// One block: what it says it is, and its bytes.
pub(crate) struct Block {
    pub(crate) label: String,
    pub(crate) bytes: Zeroizing<Vec<u8>>,
}

/// The first block that is not mere curve parameters, which OpenSSL puts before an EC key.
pub(crate) fn first_block(text: &str) -> Result<Block> {
    if text.len() > MAX_SIZE {
        return Err(Error::TooLong { size: text.len(), limit: MAX_SIZE });
    }
    let mut rest = text;
    loop {
        let (block, after) = next_block(rest)?;
        if block.label != "EC PARAMETERS" {
            return Ok(block);
        }
        rest = after;
    }
}

fn next_block(text: &str) -> Result<(Block, &str)> {
    let (_, after) = text.split_once("-----BEGIN ").ok_or(Error::NotPem)?;
    let (label, after) = after.split_once("-----").ok_or(Error::NotPem)?;
    let end = format!("-----END {label}-----");
    let (body, rest) = after.split_once(end.as_str()).ok_or(Error::NotPem)?;
    if body.contains(':') {
        // `Proc-Type: 4,ENCRYPTED`: OpenSSL's own encryption, which derives its key by MD5.
        return Err(Error::LegacyEncryption);
    }
    let compact: Zeroizing<String> = Zeroizing::new(body.split_whitespace().collect());
    let bytes = STANDARD.decode(compact.as_bytes()).map_err(|_| Error::NotPem)?;
    Ok((Block { label: label.to_owned(), bytes: Zeroizing::new(bytes) }, rest))
}

/// Writes a block with 64 characters a line, as Go's `encoding/pem` does.
pub(crate) fn encode(label: &str, bytes: &[u8]) -> String {
    let body = STANDARD.encode(bytes);
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text + "-----END " + label + "-----\n"
}

#[cfg(test)]
mod tests {
    use super::{encode, first_block};

    #[test]
    fn round_trip_survives_carriage_returns_and_indentation() {
        let text = encode("PUBLIC KEY", &[7; 100]);
        let mangled = format!("a comment\r\n{}", text.replace('\n', "\r\n  "));
        let block = first_block(&mangled).unwrap();
        assert_eq!((block.label.as_str(), block.bytes.as_slice()), ("PUBLIC KEY", &[7; 100][..]));
    }

    #[test]
    fn curve_parameters_are_passed_over() {
        let text = encode("EC PARAMETERS", &[1]) + &encode("EC PRIVATE KEY", &[2]);
        assert_eq!(first_block(&text).unwrap().label, "EC PRIVATE KEY");
    }

    #[test]
    fn what_is_not_pem_is_refused() {
        for text in ["", "hello", "-----BEGIN X-----\nAA==", "-----BEGIN X-----\n!!\n-----END X-----"] {
            assert!(first_block(text).is_err(), "{text}");
        }
    }
}
