//! The lexer: quotes, escapes and `$` in one pass.

use std::collections::BTreeSet;
use std::iter::Peekable;
use std::str::Chars;

use super::environment::Environment;
use super::error::{ExpandError, Fault};
use super::words::Words;

mod substitution;

/// How deep substitutions may be nested: BuildKit has no limit, but no file comes near, and a stack has one.
const DEEPEST: usize = 100;

/// The longest result in bytes. A kernel takes 128 KiB as one variable; here documents are longer.
const LONGEST: usize = 4 << 20;

/// How words are processed. The default removes quotes and escapes, and takes unset variables as empty.
#[derive(Clone, Copy, Debug)]
pub struct Lexer {
    escape: char,
    keep_quotes: bool,
    keep_escapes: bool,
    ignore_quotes: bool,
    keep_unset: bool,
}

/// A processed word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word {
    /// The text, blanks included.
    pub text: String,
    /// The same split at unquoted blanks, those of variables' values included.
    pub words: Vec<String>,
    /// Variables that were looked up and are set.
    pub used: BTreeSet<String>,
    /// Variables that were looked up and are not set.
    pub undefined: BTreeSet<String>,
}

impl Lexer {
    /// A lexer with the file's escape character (`\` or a backtick).
    pub fn new(escape: char) -> Self {
        Self { escape, keep_quotes: false, keep_escapes: false, ignore_quotes: false, keep_unset: false }
    }

    /// The lexer for the bodies of unquoted heredocs: quotes are ordinary characters, and the escape
    /// character is `\` whatever the file says.
    pub fn for_heredoc() -> Self {
        Self { ignore_quotes: true, ..Self::new('\\') }
    }

    /// Leaves quotes in the text.
    #[must_use]
    pub fn keep_quotes(self, keep_quotes: bool) -> Self {
        Self { keep_quotes, ..self }
    }

    /// Leaves escape characters in the text.
    #[must_use]
    pub fn keep_escapes(self, keep_escapes: bool) -> Self {
        Self { keep_escapes, ..self }
    }

    /// Leaves references to unset variables as they are written.
    #[must_use]
    pub fn keep_unset(self, keep_unset: bool) -> Self {
        Self { keep_unset, ..self }
    }

    /// Expands one word.
    pub fn process_word(&self, word: &str, environment: &dyn Environment) -> Result<Word, ExpandError> {
        let mut scan = Scan::new(*self, word, environment);
        match scan.until(None, self.keep_escapes) {
            Ok((text, words)) => Ok(Word { text, words, used: scan.used, undefined: scan.undefined }),
            Err(fault) => Err(ExpandError { word: word.to_owned(), fault }),
        }
    }

    /// Expands text and splits it into words; the split comes after the expansion.
    pub fn process_words(
        &self,
        text: &str,
        environment: &dyn Environment,
    ) -> Result<Vec<String>, ExpandError> {
        self.process_word(text, environment).map(|word| word.words)
    }
}

fn not_too_long(length: usize) -> Result<(), Fault> {
    if length > LONGEST { Err(Fault::TooLong(LONGEST)) } else { Ok(()) }
}

/// The state of one pass.
struct Scan<'a> {
    lexer: Lexer,
    input: Peekable<Chars<'a>>,
    environment: &'a dyn Environment,
    keep_escapes: bool,
    depth: usize,
    /// The unfinished word; see [`Words::add`] for why it is shared by nested passes.
    buffer: String,
    used: BTreeSet<String>,
    undefined: BTreeSet<String>,
}

impl<'a> Scan<'a> {
    fn new(lexer: Lexer, word: &'a str, environment: &'a dyn Environment) -> Self {
        let word = word.strip_prefix('\u{feff}').unwrap_or(word);
        Self {
            lexer,
            input: word.chars().peekable(),
            environment,
            keep_escapes: lexer.keep_escapes,
            depth: 0,
            buffer: String::new(),
            used: BTreeSet::new(),
            undefined: BTreeSet::new(),
        }
    }

    /// Processes up to `stop`, which is consumed, or to the end of the input.
    fn until(&mut self, stop: Option<char>, keep_escapes: bool) -> Result<(String, Vec<String>), Fault> {
        if self.depth > DEEPEST {
            return Err(Fault::TooDeep(DEEPEST));
        }
        self.buffer.clear();
        let outer = std::mem::replace(&mut self.keep_escapes, keep_escapes);
        self.depth += 1;
        let result = self.pieces(stop);
        self.depth -= 1;
        self.keep_escapes = outer;
        result
    }

    fn pieces(&mut self, stop: Option<char>) -> Result<(String, Vec<String>), Fault> {
        let mut text = String::new();
        let mut words = Words::default();
        while let Some(&next) = self.input.peek() {
            if stop == Some(next) {
                self.input.next();
                return Ok((text, words.finish(&mut self.buffer)));
            }
            self.piece(next, &mut text, &mut words)?;
            not_too_long(text.len())?;
        }
        match stop {
            // The caller knows what was left open.
            Some(_) => Err(Fault::UnclosedBrace),
            None => Ok((text, words.finish(&mut self.buffer))),
        }
    }

    /// One character or one special construct.
    fn piece(&mut self, next: char, text: &mut String, words: &mut Words) -> Result<(), Fault> {
        let special = match next {
            '\'' if !self.lexer.ignore_quotes => self.single_quoted()?,
            '"' if !self.lexer.ignore_quotes => self.double_quoted()?,
            '<' => self.heredoc_mark(),
            '$' => {
                let value = self.dollar()?;
                words.add_text(&mut self.buffer, &value);
                text.push_str(&value);
                return Ok(());
            }
            _ => {
                self.plain(next, text, words);
                return Ok(());
            }
        };
        words.add_raw_text(&mut self.buffer, &special);
        text.push_str(&special);
        Ok(())
    }

    /// An ordinary character, or the escape character with the one that it protects.
    fn plain(&mut self, next: char, text: &mut String, words: &mut Words) {
        self.input.next();
        if next != self.lexer.escape {
            words.add(&mut self.buffer, next);
            text.push(next);
            return;
        }
        if self.keep_escapes {
            words.add_raw(&mut self.buffer, next);
            text.push(next);
        }
        if let Some(escaped) = self.input.next() {
            words.add_raw(&mut self.buffer, escaped);
            text.push(escaped);
        }
    }

    /// Everything up to the next single quote, as it is.
    fn single_quoted(&mut self) -> Result<String, Fault> {
        let mut text = String::new();
        self.take_quote(&mut text);
        loop {
            match self.input.peek() {
                None => return Err(Fault::UnclosedQuote('\'')),
                Some('\'') => {
                    self.take_quote(&mut text);
                    return Ok(text);
                }
                Some(_) => text.extend(self.input.next()),
            }
        }
    }

    /// Variables are expanded; the escape character protects `"`, `$` and itself only.
    fn double_quoted(&mut self) -> Result<String, Fault> {
        let mut text = String::new();
        self.take_quote(&mut text);
        loop {
            match self.input.peek() {
                None => return Err(Fault::UnclosedQuote('"')),
                Some('"') => {
                    self.take_quote(&mut text);
                    return Ok(text);
                }
                Some('$') => text.push_str(&self.dollar()?),
                Some(&next) => {
                    self.input.next();
                    self.quoted_character(next, &mut text);
                }
            }
        }
    }

    fn quoted_character(&mut self, next: char, text: &mut String) {
        if next != self.lexer.escape {
            text.push(next);
            return;
        }
        if self.keep_escapes {
            text.push(next);
        }
        match self.input.peek() {
            None => {}
            Some(&protected) if matches!(protected, '"' | '$') || protected == self.lexer.escape => {
                text.extend(self.input.next());
            }
            Some(_) => text.push(next),
        }
    }

    fn take_quote(&mut self, text: &mut String) {
        let quote = self.input.next();
        if self.lexer.keep_quotes {
            text.extend(quote);
        }
    }

    /// `<<` keeps the blanks behind it, so that `<< EOF` stays one word.
    fn heredoc_mark(&mut self) -> String {
        let mut text = String::from("<");
        self.input.next();
        if self.input.next_if_eq(&'<').is_some() {
            text.push('<');
            while let Some(blank) = self.input.next_if(|next| matches!(next, '\t' | '\r' | ' ')) {
                text.push(blank);
            }
        }
        text
    }

    fn look_up(&mut self, name: &str) -> Option<String> {
        let value = self.environment.get(name);
        let seen = if value.is_some() { &mut self.used } else { &mut self.undefined };
        seen.insert(name.to_owned());
        value.map(str::to_owned)
    }

    /// The value, or the reference itself where unset variables are kept.
    fn value_or(&mut self, name: &str, reference: impl FnOnce() -> String) -> String {
        match self.look_up(name) {
            Some(value) => value,
            None if self.lexer.keep_unset => reference(),
            None => String::new(),
        }
    }

    fn dollar(&mut self) -> Result<String, Fault> {
        self.input.next();
        if self.input.next_if_eq(&'{').is_some() {
            return self.braced();
        }
        let name = self.name();
        if name.is_empty() {
            return Ok("$".to_owned());
        }
        Ok(self.value_or(&name, || format!("${name}")))
    }

    /// A run of letters, digits and `_`; or digits; or one special parameter.
    fn name(&mut self) -> String {
        let mut name = String::new();
        match self.input.peek().copied() {
            Some(first) if first.is_numeric() => {
                while let Some(digit) = self.input.next_if(|next| next.is_numeric()) {
                    name.push(digit);
                }
            }
            Some('@' | '*' | '#' | '?' | '-' | '$' | '!') => name.extend(self.input.next()),
            _ => {
                while let Some(next) = self.input.next_if(|next| next.is_alphanumeric() || *next == '_') {
                    name.push(next);
                }
            }
        }
        name
    }
}
