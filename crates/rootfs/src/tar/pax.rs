//! PAX records: `LENGTH KEY=VALUE\n`, where the value may hold any byte.

use std::collections::BTreeMap;

use crate::metadata::{Time, Xattrs};

const XATTR: &[u8] = b"SCHILY.xattr.";

/// The records of an extended header, which apply to one entry.
#[derive(Debug, Clone, Default)]
pub(crate) struct Records {
    values: BTreeMap<Vec<u8>, Vec<u8>>,
    /// `GNU.sparse.offset` and `numbytes` repeat, so that their order is the only thing that pairs them.
    pub(crate) sparse_pairs: Vec<u64>,
}

impl Records {
    /// The records of one header; a later one wins, an empty value erases. `None` if malformed.
    pub(crate) fn of(mut data: &[u8]) -> Option<Self> {
        let mut records = Self::default();
        while data.first().is_some_and(|byte| *byte != 0) {
            let space = data.iter().position(|byte| *byte == b' ')?;
            let length: usize = decimal(&data[..space])?.try_into().ok()?;
            let record = data.get(space + 1..length)?.strip_suffix(b"\n")?;
            let equals = record.iter().position(|byte| *byte == b'=')?;
            records.insert(&record[..equals], &record[equals + 1..])?;
            data = &data[length..];
        }
        Some(records)
    }

    fn insert(&mut self, key: &[u8], value: &[u8]) -> Option<()> {
        match key {
            b"GNU.sparse.offset" | b"GNU.sparse.numbytes" => self.sparse_pairs.push(decimal(value)?),
            _ if value.is_empty() && !key.starts_with(XATTR) => drop(self.values.remove(key)),
            _ => drop(self.values.insert(key.to_vec(), value.to_vec())),
        }
        Some(())
    }

    pub(crate) fn text(&self, key: &str) -> Option<&[u8]> {
        self.values.get(key.as_bytes()).map(Vec::as_slice)
    }

    /// A number that has to be one when it is given.
    pub(crate) fn number(&self, key: &str) -> Result<Option<u64>, ()> {
        self.text(key).map(|value| decimal(value).ok_or(())).transpose()
    }

    pub(crate) fn time(&self, key: &str) -> Result<Option<Time>, ()> {
        self.text(key).map(|value| time(value).ok_or(())).transpose()
    }

    /// Extended attributes, sorted by name.
    pub(crate) fn xattrs(&self) -> Xattrs {
        let named =
            |(key, value): (&Vec<u8>, &Vec<u8>)| Some((key.strip_prefix(XATTR)?.to_vec(), value.clone()));
        self.values.iter().filter_map(named).collect()
    }
}

/// Decimal digits and nothing else.
pub(crate) fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// `[-]SECONDS[.FRACTION]`; digits below a nanosecond are dropped.
fn time(text: &[u8]) -> Option<Time> {
    let (negative, text) = text.strip_prefix(b"-").map_or((false, text), |rest| (true, rest));
    let dot = text.iter().position(|byte| *byte == b'.').unwrap_or(text.len());
    let seconds = i64::try_from(decimal(&text[..dot])?).ok()?;
    let fraction = text.get(dot + 1..).unwrap_or_default();
    let digits: Vec<u8> = fraction.iter().copied().chain(std::iter::repeat(b'0')).take(9).collect();
    let nanoseconds = u32::try_from(decimal(&digits)?).ok()?;
    Some(match (negative, nanoseconds) {
        (false, _) => Time { seconds, nanoseconds },
        (true, 0) => Time::from_seconds(-seconds),
        (true, _) => Time { seconds: -seconds - 1, nanoseconds: 1_000_000_000 - nanoseconds },
    })
}

/// One record, its own length counted in.
pub(crate) fn record(key: &[u8], value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while rest + length.to_string().len() != length {
        length = rest + length.to_string().len();
    }
    [length.to_string().as_bytes(), b" ", key, b"=", value, b"\n"].concat()
}

/// The record of an extended attribute; `None` when its name cannot be written.
pub(crate) fn xattr_record(name: &[u8], value: &[u8]) -> Option<Vec<u8>> {
    (!name.contains(&b'=')).then(|| record(&[XATTR, name].concat(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_newlines() {
        let bytes =
            [record(b"path", b"a\nb"), xattr_record(b"security.capability", b"\x01\n=\0").unwrap()].concat();
        let records = Records::of(&bytes).unwrap();
        assert_eq!(records.text("path"), Some(&b"a\nb"[..]));
        assert_eq!(records.xattrs(), [(b"security.capability".to_vec(), b"\x01\n=\0".to_vec())]);
    }

    #[test]
    fn a_record_counts_its_own_length() {
        for size in [1, 90, 91, 92, 93, 988, 989, 990] {
            let record = record(b"path", &vec![b'x'; size]);
            let given = decimal(record.split(|byte| *byte == b' ').next().unwrap());
            assert_eq!(given, Some(record.len() as u64), "{size}");
        }
    }

    #[test]
    fn broken_records_are_refused() {
        for text in ["5 a=b\n", "x a=b\n", "99 a=b\n", "6 a=b", "5 ab\n", "4294967296 a=b\n"] {
            assert!(Records::of(text.as_bytes()).is_none(), "{text}");
        }
    }

    #[test]
    fn times_have_fractions_and_signs() {
        assert_eq!(time(b"12.5"), Some(Time { seconds: 12, nanoseconds: 500_000_000 }));
        assert_eq!(time(b"-1.25"), Some(Time { seconds: -2, nanoseconds: 750_000_000 }));
        assert_eq!(time(b"-3"), Some(Time::from_seconds(-3)));
        assert_eq!(time(b"1e3"), None);
    }
}
