//! What the targets share: second opinions that are too simple to be wrong in the same way, archives
//! made of any bytes, and a tree with something beside it that must stay as it is.
#![forbid(unsafe_code)]

pub mod archive;
pub mod ground;
pub mod naive;

/// Text and text behind the first NUL; bytes that are no UTF-8 are replaced.
pub fn two(data: &[u8]) -> (String, String) {
    let at = data.iter().position(|byte| *byte == 0).unwrap_or(data.len());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&data[..at]), text(data.get(at + 1..).unwrap_or_default()))
}
