//! The parts of a URL, taken apart as Go's `net/url` does and not as browsers do: nothing is normalised,
//! because the rest is handed to git or to the server as it was written.

/// A URL with a scheme, in pieces of the original text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parts<'a> {
    pub(super) scheme: &'a str,
    /// `user:password`, percent-encoded.
    pub(super) userinfo: Option<&'a str>,
    /// With the port.
    pub(super) host: &'a str,
    pub(super) path: &'a str,
    pub(super) query: Option<&'a str>,
    pub(super) fragment: Option<&'a str>,
}

impl<'a> Parts<'a> {
    /// Takes `scheme://…` apart; `None` for anything else. Schemes are letters and digits.
    pub(super) fn of(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        if scheme.is_empty() || !scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let (rest, fragment) = cut(rest, '#');
        let (rest, query) = cut(rest, '?');
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (userinfo, host) = match authority.rsplit_once('@') {
            Some((userinfo, host)) => (Some(userinfo), host),
            None => (None, authority),
        };
        Some(Self { scheme, userinfo, host, path, query, fragment })
    }

    /// The host without its port and brackets.
    pub(super) fn host_name(&self) -> &'a str {
        match self.host.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => self.host.split(':').next().unwrap_or_default(),
        }
    }
}

/// Before and after the first `mark`.
pub(super) fn cut(text: &str, mark: char) -> (&str, Option<&str>) {
    match text.split_once(mark) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

/// Replaces `%41` by `A`; `None` where a `%` begins nothing.
pub(super) fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first != b'%' {
            bytes.push(first);
            continue;
        }
        let (digits, after) = after.split_at_checked(2)?;
        let digits = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(is_hex))?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = after;
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn is_hex(byte: u8) -> bool {
    byte.is_ascii_hexdigit()
}

/// The pairs of a query, in order; those that cannot be decoded are left out, as Go does.
pub(super) fn pairs(query: &str) -> Vec<(String, String)> {
    let decode = |text: &str| percent_decode(&text.replace('+', " "));
    let pair = |part: &str| {
        let (name, value) = cut(part, '=');
        Some((decode(name)?, decode(value.unwrap_or_default())?))
    };
    query.split('&').filter(|part| !part.is_empty() && !part.contains(';')).filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::{Parts, pairs, percent_decode};

    #[test]
    fn pieces() {
        let parts = Parts::of("https://u:p%40@[::1]:8080/a/b.git?x=1#main:sub").unwrap();
        assert_eq!((parts.scheme, parts.userinfo, parts.host), ("https", Some("u:p%40"), "[::1]:8080"));
        assert_eq!((parts.path, parts.query, parts.fragment), ("/a/b.git", Some("x=1"), Some("main:sub")));
        assert_eq!(parts.host_name(), "::1");
        assert!(Parts::of("./a://b").is_none());
        assert!(Parts::of("git@host:path").is_none());
    }

    #[test]
    fn decoding() {
        assert_eq!(percent_decode("a%2Fb%20c").as_deref(), Some("a/b c"));
        assert_eq!(percent_decode("100%"), None);
        assert_eq!(percent_decode("%+1"), None);
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(pairs("a=1&b&c=x+y&d=%zz"), [pair("a", "1"), pair("b", ""), pair("c", "x y")]);
    }
}
