//! Splits the text behind a keyword.

/// What separates a keyword from its arguments, and unquoted arguments from each other.
pub(crate) fn is_blank(character: char) -> bool {
    matches!(character, '\t' | '\x0b' | '\x0c' | '\r' | ' ')
}

/// Splits once at the first run of blanks.
pub(crate) fn split_first(text: &str) -> Option<(&str, &str)> {
    let (first, rest) = text.split_once(is_blank)?;
    Some((first, rest.trim_start_matches(is_blank)))
}

/// Splits at runs of blanks; quotes mean nothing here.
pub(crate) fn split_blanks(mut text: &str) -> Vec<String> {
    let mut words = Vec::new();
    while let Some((word, rest)) = split_first(text) {
        words.push(word.to_owned());
        text = rest;
    }
    words.push(text.to_owned());
    words
}

/// Splits ENV, LABEL and ARG: blanks in quotes and behind the escape character do not separate. Quotes and
/// escapes stay in the words; the lexer takes them away.
pub(crate) fn split_quoted(text: &str, escape: char) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut quoted = false;
    let mut input = text.chars().peekable();
    while let Some(character) = input.next() {
        if quote.is_none() && character.is_whitespace() {
            if quoted || !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            quoted = false;
            continue;
        }
        match quote {
            None if matches!(character, '\'' | '"') => (quote, quoted) = (Some(character), true),
            Some(open) if open == character => quote = None,
            _ => {}
        }
        // Nothing is escaped in single quotes. An escape character at the very end is dropped.
        if character == escape && quote != Some('\'') {
            if let Some(escaped) = input.next() {
                word.extend([character, escaped]);
            }
            continue;
        }
        word.push(character);
    }
    if quoted || !word.is_empty() {
        words.push(word);
    }
    words
}
