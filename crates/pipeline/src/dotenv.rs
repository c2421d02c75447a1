//! GitLab's dotenv report, strictly.
//!
//! The server is picky and late: one bad line makes it answer 400 after a good build
//! (<https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsdotenv>), the size must stay below
//! 5 KB, quotes are kept literally and `$` is expanded in the consumer. So what we write uses a charset in
//! which none of that can happen, and what we read must look like what we write.

use std::collections::BTreeMap;
use std::path::Path;

use crate::Error;

/// The whole file must be smaller than this, in bytes.
pub(crate) const SIZE_LIMIT: usize = 5120;

/// Keys in one file; GitLab's default limit is 20, of which the project may want some.
pub(crate) const KEY_LIMIT: usize = 12;

/// Text of a dotenv file with `entries` in their order.
pub(crate) fn render(entries: &[(String, String)]) -> Result<String, Error> {
    let mut text = String::new();
    for (key, value) in entries {
        check_value(key, value)?;
        text.extend([key, "=", value, "\n"]);
    }
    let refuse = |reason| Error::Unwritable {
        key: "build.env".into(),
        value: format!("{} bytes", text.len()),
        reason,
    };
    if text.len() >= SIZE_LIMIT {
        return Err(refuse("GitLab takes less than 5,120 bytes; give fewer tags"));
    }
    if entries.len() > KEY_LIMIT {
        return Err(refuse("at most 12 keys"));
    }
    Ok(text)
}

/// Refuses a value that GitLab would reject, expand or change.
pub(crate) fn check_value(key: &str, value: &str) -> Result<(), Error> {
    let refuse = |reason| Err(Error::Unwritable { key: key.into(), value: value.into(), reason });
    if !key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') || key.is_empty() {
        return refuse("a key is made of letters, digits and `_`");
    }
    if !value.bytes().all(is_allowed) {
        return refuse("it has a character that a dotenv report cannot carry");
    }
    Ok(())
}

fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._:/@,+-".contains(&byte)
}

/// The entries of a dotenv file. `path` is for messages.
pub(crate) fn parse(path: &Path, text: &str) -> Result<BTreeMap<String, String>, Error> {
    if text.len() >= SIZE_LIMIT {
        return Err(Error::File {
            path: path.into(),
            reason: format!("has {} bytes, the limit is 5,119", text.len()),
        });
    }
    let mut entries = BTreeMap::new();
    for (index, line) in text.lines().enumerate() {
        let refuse = |reason| Error::Line { path: path.into(), line: index + 1, text: shorten(line), reason };
        let (key, value) = line.split_once('=').ok_or_else(|| refuse("not KEY=VALUE"))?;
        check_value(key, value).map_err(|_| refuse("a character that a dotenv report must not have"))?;
        if entries.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(refuse("the key is there twice"));
        }
    }
    Ok(entries)
}

fn shorten(line: &str) -> String {
    line.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::{parse, render};
    use std::path::Path;

    fn entry(key: &str, value: &str) -> (String, String) {
        (key.into(), value.into())
    }

    #[test]
    fn what_is_written_is_read_back() {
        let text =
            render(&[entry("IMAGE_REF", "r.example:5000/a/b:v1"), entry("IMAGE_TAGS", "v1,v2")]).unwrap();
        let entries = parse(Path::new("build.env"), &text).unwrap();
        assert_eq!(entries["IMAGE_REF"], "r.example:5000/a/b:v1");
        assert_eq!(entries["IMAGE_TAGS"], "v1,v2");
    }

    #[test]
    fn nothing_that_gitlab_would_change_is_written() {
        for value in ["$HOME", "\"q\"", "a b", "a\nb", "ä", "a#b", "a'b"] {
            assert!(render(&[entry("K", value)]).is_err(), "{value}");
        }
        assert!(render(&[entry("K-K", "v")]).is_err());
        assert!(render(&[entry("K", &"v".repeat(5120))]).is_err());
    }

    #[test]
    fn a_file_that_somebody_edited_is_refused_with_its_line() {
        for text in ["A=1\n\nB=2\n", "A\n", "A=1\nA=2\n", "A=\"1\"\n", "# x\n", "A=$B\n"] {
            assert!(parse(Path::new("build.env"), text).is_err(), "{text:?}");
        }
        let error = parse(Path::new("build.env"), "A=1\nB=\"2\"\n").unwrap_err();
        assert!(error.to_string().starts_with("build.env:2: "), "{error}");
    }
}
