//! Physical lines, and logical lines made of them by continuation.

use std::borrow::Cow;

use crate::error::{At as _, Error};
use crate::location::Location;
use crate::problem::Problem;

/// The longest line, without its end, in bytes.
const LONGEST: usize = 65_535;

/// Reads a file line by line.
pub(crate) struct Lines<'a> {
    rest: &'a [u8],
    /// The number of the line read last; 0 before the first.
    pub(crate) number: usize,
}

/// One line with its end.
pub(crate) struct Line<'a> {
    pub(crate) number: usize,
    /// The text; a broken character is U+FFFD.
    pub(crate) text: Cow<'a, str>,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(source: &'a [u8]) -> Self {
        Self { rest: source.strip_prefix(b"\xef\xbb\xbf").unwrap_or(source), number: 0 }
    }

    /// The next line.
    pub(crate) fn read(&mut self) -> Result<Option<Line<'a>>, Error> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let end = self.rest.iter().position(|byte| *byte == b'\n').map_or(self.rest.len(), |at| at + 1);
        let (line, rest) = self.rest.split_at(end);
        self.rest = rest;
        self.number += 1;
        if line.len() > LONGEST {
            return Err(Problem::LineTooLong { limit: LONGEST }.at(Location::line(self.number)));
        }
        Ok(Some(Line { number: self.number, text: String::from_utf8_lossy(line) }))
    }
}

impl Line<'_> {
    /// The text without the line's end.
    pub(crate) fn trimmed(&self) -> &str {
        self.text.trim_end_matches(['\r', '\n'])
    }

    /// Whether `#` is the first character that is not blank.
    pub(crate) fn is_comment(&self) -> bool {
        self.text.trim_start().starts_with('#')
    }

    /// Refuses a line that was not UTF-8. Comments may be: nobody reads them, and old files have them.
    pub(crate) fn checked(&self) -> Result<&str, Error> {
        match &self.text {
            Cow::Owned(_) => Err(Problem::NotUtf8).at(Location::line(self.number)),
            Cow::Borrowed(text) => Ok(text),
        }
    }
}

/// Several lines joined into one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Joined {
    /// The text without continuation characters and comments.
    pub(crate) text: String,
    /// Where in `text` each physical line begins: offset in bytes, number of the line.
    pieces: Vec<(usize, usize)>,
}

impl Joined {
    pub(crate) fn push(&mut self, number: usize, text: &str) {
        self.pieces.push((self.text.len(), number));
        self.text.push_str(text);
    }

    /// The number of the line that holds the byte at `offset` of the text.
    pub(crate) fn line_of(&self, offset: usize) -> usize {
        let after = self.pieces.partition_point(|(start, _)| *start <= offset);
        self.pieces.get(after.saturating_sub(1)).map_or(1, |(_, number)| *number)
    }
}

/// Removes a continuation character, and says whether there was one: `escape` at the end of the line,
/// blanks after it allowed, and not preceded by another `escape`.
pub(crate) fn continued(line: &str, escape: char) -> Option<&str> {
    let before = line.trim_end_matches([' ', '\t']).strip_suffix(escape)?;
    (!before.ends_with(escape)).then_some(before)
}
