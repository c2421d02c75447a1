//! Here documents: `<<EOF` in RUN, COPY and ADD.

use serde::Serialize;

use crate::expand::{Empty, ExpandError, Lexer};

/// A here document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Heredoc {
    /// The name, without quotes: the terminator, and the file's name in COPY and ADD.
    pub name: String,
    /// Whether COPY and ADD expand variables in the body: the name is not quoted.
    pub expand: bool,
    /// Whether leading tabs are dropped: written `<<-`.
    pub chomp: bool,
    /// The number before `<<`, 0 if there is none.
    pub descriptor: u32,
    /// The body as it stands in the file, with leading tabs and line ends.
    pub content: String,
}

impl Heredoc {
    /// Reads one word such as `<<EOF`, `3<<-"EOF"` or `<< EOF`; the body is empty. `Ok(None)`: the word is
    /// something else.
    pub fn parse(word: &str) -> Result<Option<Self>, ExpandError> {
        let Some((descriptor, chomp, name)) = split_mark(word) else { return Ok(None) };
        let plain = Lexer::new('\\').keep_unset(true);
        let Ok([cooked]) = <[String; 1]>::try_from(plain.process_words(name, &Empty)?) else {
            return Ok(None);
        };
        let raw = plain.keep_quotes(true).process_words(name, &Empty)?.concat();
        // Quotes that are there only when they are kept mean that a part of the name is quoted.
        let expand = quotes(&cooked) == quotes(&raw);
        Ok(Some(Self { name: cooked, expand, chomp, descriptor, content: String::new() }))
    }

    /// The here documents that a line announces, in order. A line whose quotes are not closed has none.
    pub(crate) fn announced(line: &str) -> Result<Vec<Self>, ExpandError> {
        let lexer = Lexer::new('\\').keep_quotes(true).keep_escapes(true).keep_unset(true);
        let words = lexer.process_words(line, &Empty).unwrap_or_default();
        words.iter().filter_map(|word| Self::parse(word).transpose()).collect()
    }

    /// Whether `line`, with or without its end, closes the document.
    pub(crate) fn ends_at(&self, line: &str) -> bool {
        let line = line.trim_end_matches(['\r', '\n']);
        let line = if self.chomp { line.trim_start_matches('\t') } else { line };
        line == self.name
    }

    /// The body that COPY writes and that a RUN of nothing else executes: leading tabs dropped where `<<-`
    /// asks for it.
    pub fn body(&self) -> String {
        if !self.chomp {
            return self.content.clone();
        }
        self.content.split_inclusive('\n').map(|line| line.trim_start_matches('\t')).collect()
    }
}

/// Takes `digits << - blanks` from a word.
fn split_mark(word: &str) -> Option<(u32, bool, &str)> {
    let rest = word.trim_start_matches(|digit: char| digit.is_ascii_digit());
    let descriptor = word[..word.len() - rest.len()].parse().unwrap_or(0);
    let rest = rest.strip_prefix("<<")?;
    let chomped = rest.strip_prefix('-');
    let name = chomped.unwrap_or(rest).trim_start_matches([' ', '\t', '\n', '\x0c', '\r']);
    (!name.is_empty() && !name.contains('<')).then_some((descriptor, chomped.is_some(), name))
}

fn quotes(word: &str) -> usize {
    word.matches(['\'', '"']).count()
}

#[cfg(test)]
mod tests {
    use super::Heredoc;

    /// Name, expand, chomp, descriptor.
    type Seen<'a> = Option<(&'a str, bool, bool, u32)>;

    #[test]
    fn words() {
        let rows: [(&str, Seen<'_>); 16] = [
            ("<<EOT", Some(("EOT", true, false, 0))),
            ("<<-EOT", Some(("EOT", true, true, 0))),
            ("<< EOT", Some(("EOT", true, false, 0))),
            ("4<<EOT", Some(("EOT", true, false, 4))),
            ("<<'EOT'", Some(("EOT", false, false, 0))),
            ("<<-\"E T\"", Some(("E T", false, true, 0))),
            ("<<E\"O\"T", Some(("EOT", false, false, 0))),
            ("<<E\\OT", Some(("EOT", true, false, 0))),
            ("<<E'\"'T", Some(("E\"T", false, false, 0))),
            ("<<$NAME", Some(("$NAME", true, false, 0))),
            ("<<EOT;", Some(("EOT;", true, false, 0))),
            ("<<", None),
            ("<<<EOT", None),
            ("<<a b", None),
            ("x<<EOT", None),
            ("<EOT", None),
        ];
        for (word, expected) in rows {
            let parsed = Heredoc::parse(word).expect(word);
            let seen = parsed.as_ref().map(|h| (h.name.as_str(), h.expand, h.chomp, h.descriptor));
            assert_eq!(seen, expected, "{word}");
        }
        assert!(Heredoc::parse("<<'EOT").is_err());
    }

    #[test]
    fn lines() {
        let rows: [(&str, &[&str]); 8] = [
            ("RUN cat <<A <<B", &["A", "B"]),
            ("RUN a<<A", &[]),
            ("RUN cat \"<<A\" '<<B'", &[]),
            ("RUN echo $((1<<2))", &[]),
            ("RUN it's <<A", &[]),
            ("RUN cat << A <<-B | tr a b", &["A", "B"]),
            ("RUN cat <<- A", &[]),
            ("COPY <<a.txt <<'b' /d/", &["a.txt", "b"]),
        ];
        for (line, expected) in rows {
            let seen: Vec<String> =
                Heredoc::announced(line).expect(line).into_iter().map(|heredoc| heredoc.name).collect();
            assert_eq!(seen, expected, "{line}");
        }
    }

    #[test]
    fn only_tabs_are_chomped() {
        let mut heredoc = Heredoc::parse("<<-E").expect("valid").expect("a heredoc");
        heredoc.content = "\t\ta\n \tb\n\t\n".into();
        assert_eq!(heredoc.body(), "a\n \tb\n\n");
        assert!(heredoc.ends_at("\t\tE\r\n") && !heredoc.ends_at(" E\n") && !heredoc.ends_at("E \n"));
    }
}
