//! Splits a logical line into keyword, flags and the rest.

use crate::word::{is_blank, split_first};

/// A line in three parts. Offsets are in bytes from the start of the line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Split<'a> {
    pub(crate) keyword: &'a str,
    /// Each flag with the offset of its first byte and that of its last.
    pub(crate) flags: Vec<(String, usize, usize)>,
    pub(crate) arguments: &'a str,
    /// Where `arguments` begins.
    pub(crate) offset: usize,
}

/// Splits a line.
pub(crate) fn split(line: &str, escape: char) -> Split<'_> {
    let trimmed = line.trim();
    let Some((keyword, rest)) = split_first(trimmed) else {
        return Split { keyword: trimmed, ..Split::default() };
    };
    // Both are the end of `line` but for trimmed blanks.
    let start = line.trim_end().len() - rest.len();
    let (flags, consumed) = flags(rest, escape);
    let behind = &rest[consumed..];
    let arguments = behind.trim();
    let offset = start + consumed + (behind.len() - behind.trim_start().len());
    let flags = flags.into_iter().map(|(text, from, to)| (text, start + from, start + to)).collect();
    Split { keyword, flags, arguments, offset }
}

/// Takes the leading words that begin with `--`; a bare `--` ends them and is dropped.
///
/// Only blanks of ASCII separate flags, since BuildKit reads this part byte by byte. That garbles characters
/// beyond ASCII, where we read characters.
fn flags(text: &str, escape: char) -> (Vec<(String, usize, usize)>, usize) {
    let mut found = Vec::new();
    let mut at = 0;
    loop {
        let rest = &text[at..];
        at += rest.len() - rest.trim_start_matches(separates).len();
        if !text[at..].starts_with("--") {
            return (found, at);
        }
        let (word, quoted, length) = flag(&text[at..], escape);
        let (from, to) = (at, at + length);
        at = to;
        if word == "--" {
            return (found, at);
        }
        if quoted || !word.is_empty() {
            found.push((word, from, to - 1));
        }
    }
}

fn separates(character: char) -> bool {
    is_blank(character) || character == '\n'
}

/// One word: quotes group and are dropped, the escape character protects and is dropped.
fn flag(text: &str, escape: char) -> (String, bool, usize) {
    let mut word = String::new();
    let (mut quote, mut quoted) = (None, false);
    let mut input = text.char_indices();
    while let Some((index, character)) = input.next() {
        match quote {
            None if separates(character) => return (word, quoted, index),
            None if matches!(character, '\'' | '"') => (quote, quoted) = (Some(character), true),
            Some(open) if open == character => quote = None,
            _ if character == escape => word.extend(input.next().map(|(_, escaped)| escaped)),
            _ => word.push(character),
        }
    }
    (word, quoted, text.len())
}

/// Takes the first word, for HEALTHCHECK.
pub(crate) fn first_word(text: &str) -> (&str, &str) {
    let end = text.find(separates).unwrap_or(text.len());
    (&text[..end], text[end..].trim_start_matches(separates))
}

/// The text behind `ONBUILD`.
pub(crate) fn behind_keyword(line: &str) -> &str {
    let line = line.trim_start();
    let rest = line.get(.."onbuild".len()).filter(|start| start.eq_ignore_ascii_case("onbuild"));
    rest.map_or(line, |keyword| line[keyword.len()..].trim_start_matches(separates))
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn lines() {
        let rows: [(&str, &str, &[&str], &str); 11] = [
            ("RUN echo  hi ", "RUN", &[], "echo  hi"),
            ("RUN\t--a --b=c d", "RUN", &["--a", "--b=c"], "d"),
            ("RUN --a=\"b c\" d", "RUN", &["--a=b c"], "d"),
            ("RUN --a=b\\ c d", "RUN", &["--a=b c"], "d"),
            ("RUN -- --a b", "RUN", &[], "--a b"),
            ("RUN --a -- b", "RUN", &["--a"], "b"),
            ("RUN --a", "RUN", &["--a"], ""),
            ("RUN --", "RUN", &[], ""),
            ("RUN -a --b", "RUN", &[], "-a --b"),
            ("RUN", "RUN", &[], ""),
            ("COPY --chown=jürgen a b", "COPY", &["--chown=jürgen"], "a b"),
        ];
        for (line, keyword, flags, arguments) in rows {
            let seen = split(line, '\\');
            let words: Vec<&str> = seen.flags.iter().map(|(text, ..)| text.as_str()).collect();
            assert_eq!(
                (seen.keyword, words.as_slice(), seen.arguments),
                (keyword, flags, arguments),
                "{line}"
            );
            if !arguments.is_empty() {
                assert_eq!(&line[seen.offset..seen.offset + arguments.len()], arguments, "{line}");
            }
        }
    }

    #[test]
    fn offsets_of_flags() {
        let line = "  RUN   --a=1  \"x\"";
        let seen = split(line, '\\');
        assert_eq!(seen.flags, [("--a=1".to_owned(), 8, 12)]);
        assert_eq!((seen.offset, seen.arguments), (15, "\"x\""));
    }
}
