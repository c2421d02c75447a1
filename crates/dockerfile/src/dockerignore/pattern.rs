//! One pattern of `.dockerignore`.

use super::IgnoreError;
use crate::glob::{Class, Glob};

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    /// Written with `!`.
    pub(super) negated: bool,
    /// The text before the first special character.
    literal: String,
    form: Form,
}

/// How it is compared. The first three are not only quicker: moby compares them as text, with the escape
/// characters that they may hold.
#[derive(Clone, Debug)]
enum Form {
    /// The whole path.
    Exact(String),
    /// `dir/**`: the beginning of the path.
    Prefix(String),
    /// `**text` or `**/text`: the end of the path.
    Suffix(String),
    /// Anything else, from the literal on.
    Tokens(Vec<Token>),
}

#[derive(Clone, Debug)]
enum Token {
    Literal(char),
    /// `*`: any number of characters but slashes.
    Any,
    /// `?`: one character but a slash.
    One,
    Class(Class),
    /// `**/`: nothing, or anything up to a slash. Skips the [`Token::Body`] that always follows.
    Directories,
    /// The inside of `**/`.
    Body,
    /// `**` at the end: the rest.
    Rest,
}

impl Pattern {
    /// Compiles a cleaned pattern.
    pub(super) fn parse(text: &str, line: Option<usize>) -> Result<Self, IgnoreError> {
        let (negated, text) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
        if text.is_empty() {
            return Err(IgnoreError::Empty { line });
        }
        let syntax = || IgnoreError::Syntax { pattern: text.to_owned(), line };
        // The syntax is that of Go's `filepath.Match`, whatever is made of it here.
        Glob::parse(text).map_err(|_| syntax())?;
        let end = text.find(['*', '?', '[', ']', '\\']).unwrap_or(text.len());
        let literal = text[..end].to_owned();
        Ok(Self { negated, form: Form::of(text, end).ok_or_else(syntax)?, literal })
    }

    pub(super) fn matches(&self, path: &str) -> bool {
        match &self.form {
            Form::Exact(text) => path == text,
            Form::Prefix(text) => path.starts_with(text),
            Form::Suffix(text) => {
                path.ends_with(text) || text.strip_prefix('/').is_some_and(|bare| path == bare)
            }
            Form::Tokens(tokens) => {
                path.strip_prefix(&self.literal).is_some_and(|rest| accepts(tokens, rest))
            }
        }
    }

    /// Whether it excludes all that lies at the top, and so everything.
    pub(super) fn is_everything(&self) -> bool {
        let tokens = match &self.form {
            Form::Suffix(text) => return !self.negated && text.is_empty(),
            Form::Tokens(tokens) if self.literal.is_empty() => tokens,
            _ => return false,
        };
        let any = matches!(tokens.as_slice(), [Token::Any] | [Token::Directories, Token::Body, Token::Any]);
        !self.negated && any
    }

    /// Whether it may match a path below `directory`; `true` in doubt.
    pub(super) fn may_match_below(&self, directory: &str) -> bool {
        let directory = format!("{directory}/");
        self.literal.starts_with(&directory)
            || (!matches!(self.form, Form::Exact(_)) && directory.starts_with(&self.literal))
    }
}

impl Form {
    /// `end` is the end of the literal beginning. `None`: a class that cannot be read.
    fn of(text: &str, end: usize) -> Option<Self> {
        let special = &text[end..];
        if special.is_empty() {
            return Some(Self::Exact(text.to_owned()));
        }
        if end > 0 && special == "**" {
            return Some(Self::Prefix(text[..end].to_owned()));
        }
        if let Some(rest) = special.strip_prefix("**").filter(|_| end == 0)
            && !rest.contains(['*', '?', '[', ']', '\\'])
        {
            return Some(Self::Suffix(rest.to_owned()));
        }
        tokens(special).map(Self::Tokens)
    }
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut input = text.chars();
    while let Some(character) = input.next() {
        let token = match character {
            '*' if input.as_str().starts_with('*') => {
                tokens.extend(double_star(&mut input));
                continue;
            }
            '*' => Token::Any,
            '?' => Token::One,
            '[' => Token::Class(Class::read(&mut input)?),
            '\\' => Token::Literal(input.next()?),
            literal => Token::Literal(literal),
        };
        tokens.push(token);
    }
    Some(tokens)
}

/// After the first of two stars: takes the second, and a slash behind it.
fn double_star(input: &mut std::str::Chars<'_>) -> Vec<Token> {
    input.next();
    if input.as_str().starts_with('/') {
        input.next();
    }
    if input.as_str().is_empty() { vec![Token::Rest] } else { vec![Token::Directories, Token::Body] }
}

/// Whether the tokens are the whole of `text`. All places in the pattern are followed at once, so that no
/// pattern takes long.
fn accepts(tokens: &[Token], text: &str) -> bool {
    let mut alive = vec![false; tokens.len() + 1];
    alive[0] = true;
    skip_empty(tokens, &mut alive);
    for character in text.chars() {
        let mut next = vec![false; alive.len()];
        for (index, token) in tokens.iter().enumerate().filter(|(index, _)| alive[*index]) {
            step(token, index, character, &mut next);
        }
        if !next.contains(&true) {
            return false;
        }
        skip_empty(tokens, &mut next);
        alive = next;
    }
    alive[tokens.len()]
}

/// Passes tokens that may match nothing.
fn skip_empty(tokens: &[Token], alive: &mut [bool]) {
    for (index, token) in tokens.iter().enumerate() {
        match token {
            Token::Any | Token::Rest if alive[index] => alive[index + 1] = true,
            Token::Directories if alive[index] => {
                alive[index + 1] = true;
                alive[index + 2] = true;
            }
            _ => {}
        }
    }
}

fn step(token: &Token, index: usize, character: char, next: &mut [bool]) {
    match token {
        Token::Any if character != '/' => next[index] = true,
        Token::Rest => next[index] = true,
        Token::Body => {
            next[index] = true;
            next[index + 1] |= character == '/';
        }
        Token::One => next[index + 1] |= character != '/',
        Token::Literal(literal) => next[index + 1] |= *literal == character,
        Token::Class(class) => next[index + 1] |= class.contains(character),
        Token::Any | Token::Directories => {}
    }
}
