//! Who may have signed without a key: an identity *and* the issuer that vouches for it.

use crate::{Error, Result};

/// An identity in a signing certificate. There is none without an issuer: the same subject from another
/// issuer is somebody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The certificate's subject alternative name.
    pub subject: Pattern,
    /// The OIDC issuer.
    pub issuer: Pattern,
}

/// What a subject or an issuer must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// This very text.
    Exact(String),
    /// A regular expression that matches the whole text, `^(?:…)$`. Made by [`Pattern::regexp`].
    Anchored(String),
}

impl Pattern {
    /// This very text; `what` is `identity` or `issuer`, for messages.
    pub fn exact(what: &'static str, text: &str) -> Result<Self> {
        if text.trim().is_empty() {
            return Err(Error::AcceptsAnybody { what, text: text.to_owned() });
        }
        Ok(Self::Exact(text.to_owned()))
    }

    /// A regular expression in Go's syntax (RE2), which is what every engine uses, enclosed in anchors.
    ///
    /// Engines match unanchored, so `https://gitlab.com/team/app` would accept
    /// `https://evil.example/?https://gitlab.com/team/app`. The anchors go around a group, and the group
    /// must not be closable from within: `a)|(b` is refused, as is anything else whose brackets do not
    /// balance.
    pub fn regexp(what: &'static str, text: &str) -> Result<Self> {
        let wrong = |problem| Error::Pattern { what, text: text.to_owned(), problem };
        balanced(text).map_err(wrong)?;
        let bare = text.trim_start_matches('^').trim_end_matches('$');
        if matches!(bare, "" | ".*" | ".+" | ".*?" | "(.*)" | "(.+)" | "[^ ]*" | "[^ ]+" | r"\S+" | r"\S*") {
            return Err(Error::AcceptsAnybody { what, text: text.to_owned() });
        }
        Ok(Self::Anchored(format!("^(?:{text})$")))
    }

    /// The text, for engines that take it literally.
    pub(crate) fn as_exact(&self) -> Option<String> {
        match self {
            Self::Exact(text) => Some(text.clone()),
            Self::Anchored(_) => None,
        }
    }

    /// The regular expression, where it is one.
    pub(crate) fn as_regexp(&self) -> Option<String> {
        match self {
            Self::Exact(_) => None,
            Self::Anchored(text) => Some(text.clone()),
        }
    }

    /// The same demand for an engine that reads `*` and `?` in an exact text as wildcards.
    pub(crate) fn without_wildcards(&self) -> Self {
        match self {
            Self::Exact(text) if text.contains(['*', '?']) => Self::Anchored(format!("^{}$", quote(text))),
            other => other.clone(),
        }
    }
}

/// Go's `regexp.QuoteMeta`.
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for character in text.chars() {
        if r"\.+*?()|[]{}^$".contains(character) {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted
}

/// Whether parentheses and brackets close where they open, as Go's parser sees them.
fn balanced(text: &str) -> Result<(), &'static str> {
    let mut depth = 0_u32;
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\\' => match rest.next() {
                None => return Err("it ends in a backslash"),
                Some('Q' | 'E') => return Err(r"`\Q…\E` is not supported"),
                Some(_) => {}
            },
            '[' => class(&mut rest)?,
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1).ok_or("a `)` without `(`")?,
            _ => {}
        }
    }
    if depth == 0 { Ok(()) } else { Err("a `(` without `)`") }
}

/// Skips a character class, whose opening bracket is already read.
fn class(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<(), &'static str> {
    rest.next_if_eq(&'^');
    // A bracket in the first place is a member.
    rest.next_if_eq(&']');
    while let Some(character) = rest.next() {
        match character {
            '\\' => drop(rest.next()),
            ']' => return Ok(()),
            // `[[:alpha:]]`, or a nested class, which Go and others read differently.
            '[' => return Err("a `[` within `[…]` is not supported"),
            _ => {}
        }
    }
    Err("a `[` without `]`")
}

#[cfg(test)]
mod tests {
    use super::{Pattern, quote};

    #[test]
    fn regular_expressions_match_the_whole_text() {
        for (text, anchored) in [
            ("https://gitlab\\.com/team/.*", "^(?:https://gitlab\\.com/team/.*)$"),
            ("^a|b$", "^(?:^a|b$)$"),
            ("(a|b)[)(]", "^(?:(a|b)[)(])$"),
            ("[]a]", "^(?:[]a])$"),
        ] {
            let pattern = Pattern::regexp("identity", text).unwrap();
            assert_eq!(pattern, Pattern::Anchored(anchored.into()));
        }
    }

    #[test]
    fn no_way_out_of_the_anchors() {
        for text in ["a)|(b", "a\\", "(a", "[a", "[a[b])|(c]", "\\Qa)|(b\\E", "a)"] {
            assert!(Pattern::regexp("identity", text).is_err(), "{text}");
        }
    }

    #[test]
    fn nobody_means_nobody() {
        for text in ["", ".*", "^.*$", ".+", "^.+$"] {
            assert!(Pattern::regexp("issuer", text).is_err(), "{text}");
        }
        assert!(Pattern::exact("issuer", " ").is_err());
    }

    #[test]
    fn wildcards_in_an_exact_text_are_quoted() {
        let exact = Pattern::exact("identity", "https://h/p?*").unwrap();
        assert_eq!(exact.without_wildcards(), Pattern::Anchored(r"^https://h/p\?\*$".into()));
        let plain = Pattern::exact("identity", "https://h/p").unwrap();
        assert_eq!(plain.without_wildcards(), plain);
        assert_eq!(quote("a.b"), r"a\.b");
    }
}
