//! `${…}` with and without modifiers.

use super::{Scan, not_too_long};
use crate::expand::error::Fault;
use crate::expand::pattern::Pattern;
use crate::expand::template::{replace_all, replace_first};

impl Scan<'_> {
    /// After `${`.
    pub(super) fn braced(&mut self) -> Result<String, Fault> {
        match self.input.peek() {
            None => return Err(Fault::UnclosedBrace),
            Some('{' | '}' | ':') => return Err(Fault::BadSubstitution),
            Some(_) => {}
        }
        let name = self.name();
        match self.input.next() {
            None => Err(Fault::UnclosedBrace),
            Some('}') => Ok(self.value_or(&name, || format!("${{{name}}}"))),
            Some(':') => self.tested(&name, true),
            Some(modifier @ ('+' | '-' | '?')) => self.tested_by(&name, modifier, false),
            Some(modifier @ ('#' | '%')) => self.trimmed(&name, modifier),
            Some('/') => self.replaced(&name),
            Some(other) => Err(Fault::UnsupportedModifier(other.to_string())),
        }
    }

    /// After `${name:`.
    fn tested(&mut self, name: &str, empty_is_unset: bool) -> Result<String, Fault> {
        match self.input.next() {
            None => Err(Fault::UnclosedBrace),
            Some(modifier @ ('#' | '%')) => Err(Fault::UnsupportedModifier(format!(":{modifier}"))),
            Some(modifier) => self.tested_by(name, modifier, empty_is_unset),
        }
    }

    /// `-`, `+` and `?`, with the word that follows.
    fn tested_by(&mut self, name: &str, modifier: char, empty_is_unset: bool) -> Result<String, Fault> {
        let word = self.inner('}', false, Fault::UnclosedBrace)?;
        let value = self.look_up(name);
        let colon = if empty_is_unset { ":" } else { "" };
        if value.is_none() && self.lexer.keep_unset {
            return Ok(format!("${{{name}{colon}{modifier}{word}}}"));
        }
        let missing = value.as_ref().is_none_or(|value| empty_is_unset && value.is_empty());
        match modifier {
            '-' if missing => Ok(word),
            '+' => Ok(if missing { String::new() } else { word }),
            '?' if missing => Err(required(name, word, value.is_some())),
            '-' | '?' => Ok(value.unwrap_or_default()),
            other => Err(Fault::UnsupportedModifier(format!("{colon}{other}"))),
        }
    }

    /// `${name#pattern}`, `${name%pattern}`, doubled for the longest match.
    fn trimmed(&mut self, name: &str, modifier: char) -> Result<String, Fault> {
        let word = self.inner('}', true, Fault::UnclosedBrace)?;
        let value = self.look_up(name);
        if value.is_none() && self.lexer.keep_unset {
            return Ok(format!("${{{name}{modifier}{word}}}"));
        }
        let longest = word.starts_with(modifier);
        let pattern = word.strip_prefix(modifier).unwrap_or(&word);
        let value = value.unwrap_or_default();
        if modifier == '%' {
            return Pattern::trim_suffix(pattern, &value, longest);
        }
        Ok(Pattern::parse(pattern)?.trim_prefix(&value, longest))
    }

    /// `${name/pattern/replacement}`, with `//` for every match.
    fn replaced(&mut self, name: &str) -> Result<String, Fault> {
        let every = self.input.next_if_eq(&'/').is_some();
        let pattern = self.inner('/', true, Fault::MissingSlash)?;
        let replacement = self.inner('}', true, Fault::UnclosedBrace)?;
        let value = self.look_up(name);
        if value.is_none() && self.lexer.keep_unset {
            return Ok(format!("${{{name}/{pattern}/{replacement}}}"));
        }
        let value = value.unwrap_or_default();
        let pattern = Pattern::parse(&pattern)?;
        if !every {
            return Ok(replace_first(&pattern, &value, &replacement));
        }
        replace_all(&pattern, &value, &replacement, &not_too_long)
    }

    /// The word inside `${…}` up to `stop`; an error at the end of the input means that `stop` is missing.
    fn inner(&mut self, stop: char, keep_escapes: bool, missing: Fault) -> Result<String, Fault> {
        let result = self.until(Some(stop), keep_escapes);
        match result {
            Ok((text, _)) => Ok(text),
            Err(fault @ (Fault::TooDeep(_) | Fault::TooLong(_))) => Err(fault),
            Err(_) if self.input.peek().is_none() => Err(missing),
            Err(fault) => Err(fault),
        }
    }
}

fn required(name: &str, message: String, set: bool) -> Fault {
    let message = match (message.is_empty(), set) {
        (false, _) => message,
        (true, false) => "is not allowed to be unset".to_owned(),
        (true, true) => "is not allowed to be empty".to_owned(),
    };
    Fault::Required { name: name.to_owned(), message }
}
