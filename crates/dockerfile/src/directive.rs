//! Parser directives: the comments `# key=value` at the very top.

use serde::Serialize;

use crate::error::Error;
use crate::location::Location;
use crate::problem::Problem;

/// A directive's value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Directive {
    /// The text behind `=`, blanks around it removed.
    pub value: String,
    /// Its line.
    pub location: Location,
}

/// The directives of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Directives {
    /// The image of the frontend that the file asks for, and where.
    pub syntax: Option<Directive>,
    /// The escape character: `\` or a backtick.
    pub escape: char,
    /// The configuration of lint rules, unparsed.
    pub check: Option<Directive>,
}

impl Default for Directives {
    fn default() -> Self {
        Self { syntax: None, escape: '\\', check: None }
    }
}

/// Recognises directives line by line until the first line that is none.
#[derive(Default)]
pub(crate) struct Zone {
    over: bool,
    seen: Vec<String>,
}

impl Zone {
    /// The key, in lower case, and the value, if `line` (without blanks before it) is a directive.
    pub(crate) fn read(
        &mut self,
        line: &str,
        mark: &str,
        number: usize,
    ) -> Result<Option<(String, String)>, Error> {
        if self.over {
            return Ok(None);
        }
        let Some((key, value)) = line.strip_prefix(mark).and_then(key_and_value) else {
            self.over = true;
            return Ok(None);
        };
        if self.seen.contains(&key) {
            return Err(Problem::DuplicateDirective { name: key }.at(Location::line(number)));
        }
        self.seen.push(key.clone());
        Ok(Some((key, value)))
    }
}

fn key_and_value(text: &str) -> Option<(String, String)> {
    const BLANKS: [char; 5] = [' ', '\t', '\n', '\x0c', '\r'];
    let (key, raw) = text.trim_start().split_once('=')?;
    let key = key.trim_end_matches(BLANKS).to_ascii_lowercase();
    if !matches!(key.as_str(), "syntax" | "escape" | "check") {
        return None;
    }
    let value = raw.trim_matches(BLANKS);
    // A value of blanks only is one blank; no value at all is no directive.
    let value = if value.is_empty() { &raw[raw.len().checked_sub(1)?..] } else { value };
    Some((key, value.to_owned()))
}

/// The escape character that a directive sets.
pub(crate) fn escape(value: &str, number: usize) -> Result<char, Error> {
    match value {
        "\\" => Ok('\\'),
        "`" => Ok('`'),
        _ => Err(Problem::BadEscape { value: value.to_owned() }.at(Location::line(number))),
    }
}

/// Finds the `syntax` directive, which has more forms than the others: also behind a `#!` line, as
/// `// syntax=…`, and as JSON with the key `syntax`.
pub(crate) fn detect_syntax(source: &str) -> Option<Directive> {
    let (source, first) = without_shebang(source);
    let spelled = find("syntax", source, first, "#").or_else(|| find("syntax", source, first, "//"));
    spelled.map(first_word).or_else(|| json_syntax(source, first))
}

/// Finds the `check` directive, also behind a `#!` line.
pub(crate) fn detect_check(source: &str) -> Option<Directive> {
    let (source, first) = without_shebang(source);
    find("check", source, first, "#")
}

fn without_shebang(source: &str) -> (&str, usize) {
    let source = source.strip_prefix('\u{feff}').unwrap_or(source);
    if source.starts_with("#!") {
        return (source.split_once('\n').map_or("", |(_, rest)| rest), 2);
    }
    (source, 1)
}

fn find(key: &str, source: &str, first: usize, mark: &str) -> Option<Directive> {
    let mut zone = Zone::default();
    for (index, line) in source.lines().enumerate() {
        let number = first + index;
        let (name, value) = zone.read(line, mark, number).ok().flatten()?;
        if name == key {
            return Some(Directive { value, location: Location::line(number) });
        }
    }
    None
}

fn first_word(directive: Directive) -> Directive {
    let value = directive.value.split(' ').next().unwrap_or_default().to_owned();
    Directive { value, ..directive }
}

fn json_syntax(source: &str, first: usize) -> Option<Directive> {
    if !source.trim_start().starts_with('{') {
        return None;
    }
    let object: serde_json::Value = serde_json::from_str(source).ok()?;
    let value = object.get("syntax")?.as_str()?.to_owned();
    Some(Directive { value, location: Location::line(first) })
}

#[cfg(test)]
mod tests;
