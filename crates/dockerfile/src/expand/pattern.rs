//! Patterns of `${name#…}`, `${name%…}` and `${name/…/…}`: `*`, `?` and literal characters.

use super::error::Fault;

/// One element of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    /// `*`: any number of characters.
    Any,
    /// `?`: one character.
    One,
    /// The character itself.
    Literal(char),
}

impl Token {
    /// Whether it consumes `character`. As in Go's regular expressions, no wildcard crosses a line's end.
    fn accepts(self, character: char) -> bool {
        match self {
            Self::Any | Self::One => character != '\n',
            Self::Literal(literal) => literal == character,
        }
    }
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(super) struct Pattern(Vec<Token>);

impl Pattern {
    /// Reads a pattern. `\` may stand before `*`, `?`, `\`, `}` and `/` only.
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        let mut tokens = Vec::new();
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            tokens.push(match character {
                '*' => Token::Any,
                '?' => Token::One,
                '\\' => match characters.next() {
                    Some(escaped @ ('*' | '?' | '\\' | '}' | '/')) => Token::Literal(escaped),
                    other => {
                        let escaped = other.map(String::from).unwrap_or_default();
                        return Err(Fault::InvalidEscape { pattern: text.to_owned(), escaped });
                    }
                },
                literal => Token::Literal(literal),
            });
        }
        Ok(Self(tokens))
    }

    /// The value without the prefix that matches: the longest one or the shortest one.
    pub(super) fn trim_prefix(&self, value: &str, longest: bool) -> String {
        let text: Vec<char> = value.chars().collect();
        let end = self.ends(&text).map_or(0, |(short, long)| if longest { long } else { short });
        text[end..].iter().collect()
    }

    /// The value without the suffix that matches `pattern`: the longest one or the shortest one.
    pub(super) fn trim_suffix(pattern: &str, value: &str, longest: bool) -> Result<String, Fault> {
        let reversed: String = value.chars().rev().collect();
        let trimmed = Self::parse(&reverse(pattern))?.trim_prefix(&reversed, longest);
        Ok(trimmed.chars().rev().collect())
    }

    /// Where in `text` a match begins, in one pass from its end; then the places are known one by one.
    pub(super) fn begins(&self, text: &[char]) -> Vec<bool> {
        let last = self.0.len();
        let mut alive = vec![false; last + 1];
        let mut begins = vec![false; text.len() + 1];
        for position in (0..=text.len()).rev() {
            // `alive[index]`: the pattern from `index` on matches from the position behind this one.
            let mut here = vec![false; last + 1];
            here[last] = true;
            for (index, token) in self.0.iter().enumerate().rev() {
                let accepted = text.get(position).is_some_and(|character| token.accepts(*character));
                here[index] = match token {
                    Token::Any => here[index + 1] || (accepted && alive[index]),
                    _ => accepted && alive[index + 1],
                };
            }
            begins[position] = here[0];
            alive = here;
        }
        begins
    }

    /// The leftmost match at or after `from`, as long as possible.
    pub(super) fn find(&self, text: &[char], begins: &[bool], from: usize) -> Option<(usize, usize)> {
        let start = from + begins.get(from..)?.iter().position(|begins| *begins)?;
        self.ends(&text[start..]).map(|(_, long)| (start, start + long))
    }

    /// Where a match that begins at the start of `text` may end: the nearest and the farthest place.
    ///
    /// All positions in the pattern are followed at once, so the time is the product of both lengths,
    /// however many `*` there are.
    fn ends(&self, text: &[char]) -> Option<(usize, usize)> {
        let mut alive = vec![false; self.0.len() + 1];
        alive[0] = true;
        let mut found = None;
        for position in 0..=text.len() {
            self.skip_stars(&mut alive);
            if alive[self.0.len()] {
                found = Some((found.map_or(position, |(short, _)| short), position));
            }
            let Some(&character) = text.get(position) else { break };
            alive = self.step(&alive, character);
            if !alive.contains(&true) {
                break;
            }
        }
        found
    }

    /// A `*` may match nothing.
    fn skip_stars(&self, alive: &mut [bool]) {
        for (index, token) in self.0.iter().enumerate() {
            if alive[index] && *token == Token::Any {
                alive[index + 1] = true;
            }
        }
    }

    fn step(&self, alive: &[bool], character: char) -> Vec<bool> {
        let mut next = vec![false; alive.len()];
        for (index, token) in self.0.iter().enumerate() {
            if alive[index] && token.accepts(character) {
                next[if *token == Token::Any { index } else { index + 1 }] = true;
            }
        }
        next
    }
}

/// Reverses a pattern; a backslash stays before the character that it protects. One at the very end comes to
/// protect what is then behind it, as in BuildKit.
fn reverse(pattern: &str) -> String {
    let mut input = pattern.chars();
    let mut pieces = Vec::new();
    while let Some(character) = input.next() {
        let protected = if character == '\\' { input.next() } else { None };
        pieces.push([character].into_iter().chain(protected).collect::<String>());
    }
    pieces.into_iter().rev().collect()
}
