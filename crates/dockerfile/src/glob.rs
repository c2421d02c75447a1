//! Patterns of COPY, ADD and the like: Go's `filepath.Match`.
//!
//! `*` and `?` stop at slashes, `[…]` is a class (negated by `^`, not by `!`), `\` protects the next
//! character. A malformed pattern is refused, also where Go would not read as far as the mistake and so find
//! that nothing matches. There is no `**` here; that is [`dockerignore`](crate::dockerignore)'s.

use thiserror::Error;

/// A pattern that is not one.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("syntax error in pattern {pattern:?}")]
pub struct PatternError {
    /// The pattern.
    pub pattern: String,
}

/// One element of a pattern, stars aside.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Literal(char),
    /// `?`.
    One,
    Class(Class),
}

/// `[a-z]` or `[^a-z]`. A class may match a slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Class {
    negated: bool,
    ranges: Vec<(char, char)>,
}

impl Class {
    pub(crate) fn contains(&self, character: char) -> bool {
        self.ranges.iter().any(|(low, high)| (*low..=*high).contains(&character)) != self.negated
    }

    /// Reads a class behind its `[`. `None`: it is not closed, empty, or has a loose `-`.
    pub(crate) fn read(input: &mut std::str::Chars<'_>) -> Option<Self> {
        let mut class = Self { negated: false, ranges: Vec::new() };
        if input.as_str().starts_with('^') {
            input.next();
            class.negated = true;
        }
        loop {
            if input.as_str().starts_with(']') && !class.ranges.is_empty() {
                input.next();
                return Some(class);
            }
            let low = member(input)?;
            let mut high = low;
            if input.as_str().starts_with('-') {
                input.next();
                high = member(input)?;
            }
            // A class that ends here is not closed.
            if input.as_str().is_empty() {
                return None;
            }
            class.ranges.push((low, high));
        }
    }
}

/// One character of a class, maybe protected.
fn member(input: &mut std::str::Chars<'_>) -> Option<char> {
    match input.next()? {
        '-' | ']' => None,
        '\\' => input.next(),
        character => Some(character),
    }
}

impl Token {
    fn accepts(&self, character: char) -> bool {
        match self {
            Self::Literal(literal) => *literal == character,
            Self::One => character != '/',
            Self::Class(class) => class.contains(character),
        }
    }
}

/// A compiled pattern: runs of tokens, each with a star before it or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(Vec<(bool, Vec<Token>)>);

impl Glob {
    /// Compiles a pattern.
    pub fn parse(pattern: &str) -> Result<Self, PatternError> {
        let mut chunks: Vec<(bool, Vec<Token>)> = Vec::new();
        let mut input = pattern.chars();
        let mut starred = false;
        while let Some(character) = input.next() {
            if character == '*' {
                starred = true;
                continue;
            }
            let token =
                token(character, &mut input).ok_or_else(|| PatternError { pattern: pattern.to_owned() })?;
            match chunks.last_mut() {
                Some((_, tokens)) if !starred => tokens.push(token),
                _ => chunks.push((starred, vec![token])),
            }
            starred = false;
        }
        if starred {
            chunks.push((true, Vec::new()));
        }
        Ok(Self(chunks))
    }

    /// Whether the pattern is the whole of `name`.
    pub fn matches(&self, name: &str) -> bool {
        let mut name: Vec<char> = name.chars().collect();
        for (index, (starred, tokens)) in self.0.iter().enumerate() {
            let last = index + 1 == self.0.len();
            let Some(end) = find(tokens, *starred, last, &name) else { return false };
            name.drain(..end);
        }
        name.is_empty()
    }
}

fn token(character: char, input: &mut std::str::Chars<'_>) -> Option<Token> {
    Some(match character {
        '?' => Token::One,
        '[' => Token::Class(Class::read(input)?),
        '\\' => Token::Literal(input.next()?),
        literal => Token::Literal(literal),
    })
}

/// Where the first match of a run of tokens ends; the last run must end where the name ends.
fn find(tokens: &[Token], starred: bool, last: bool, name: &[char]) -> Option<usize> {
    // The star's share may not hold a slash.
    let reach = if starred { name.iter().take_while(|c| **c != '/').count() } else { 0 };
    (0..=reach).find_map(|start| {
        let end = start + tokens.len();
        let fits = name.len() >= end
            && (!last || name.len() == end)
            && tokens.iter().zip(&name[start..]).all(|(token, character)| token.accepts(*character));
        fits.then_some(end)
    })
}

/// Whether `pattern` is the whole of `name`.
pub fn matches(pattern: &str, name: &str) -> Result<bool, PatternError> {
    Glob::parse(pattern).map(|glob| glob.matches(name))
}

/// Whether a path of COPY or ADD is a pattern: it holds a character that is special in one.
pub fn is_pattern(path: &str) -> bool {
    let mut characters = path.chars();
    while let Some(character) = characters.next() {
        match character {
            '*' | '?' | '[' => return true,
            '\\' => drop(characters.next()),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{is_pattern, matches};

    #[test]
    fn names() {
        let rows = [
            ("", "", true),
            ("", "a", false),
            ("abc", "abc", true),
            ("*", "", true),
            ("*", "a/b", false),
            ("*c", "abc", true),
            ("*c", "abcd", false),
            ("a*/b", "abc/b", true),
            ("a*/b", "a/c/b", false),
            ("a*b*c*d", "axbxcxdxd", true),
            ("a*b?c*x", "abxbbxdbxebxczzx", true),
            ("a*b?c*x", "abxbbxdbxebxczzy", false),
            ("**", "ab", true),
            ("**/x", "a/x", true),
            ("**/x", "a/b/x", false),
            ("a?c", "a/c", false),
            ("a?c", "aéc", true),
            ("a[b-d]e", "ace", true),
            ("a[^b-d]e", "ace", false),
            ("a[^b]e", "a/e", true),
            ("[!a]", "!", true),
            ("[\\]a]", "]", true),
            ("[\\-x]", "-", true),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("a]", "a]", true),
            ("*[a/]*c", "a/c", false),
        ];
        for (pattern, name, expected) in rows {
            assert_eq!(matches(pattern, name), Ok(expected), "{pattern} {name}");
        }
    }

    #[test]
    fn broken_patterns() {
        for pattern in ["[", "[^", "[]", "[]a]", "[-]", "[x-]", "[a-b-c]", "[a", "a[", "a\\", "[\\", "x*["] {
            assert!(matches(pattern, "anything").is_err(), "{pattern}");
        }
    }

    #[test]
    fn what_is_a_pattern() {
        assert!(is_pattern("a*") && is_pattern("a?") && is_pattern("[a]") && is_pattern("\\a*"));
        assert!(!is_pattern("a") && !is_pattern("\\*") && !is_pattern("a]") && !is_pattern("\\"));
    }
}
