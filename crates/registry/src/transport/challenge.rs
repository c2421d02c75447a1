//! `WWW-Authenticate`.
//!
//! Sources: RFC 9110 section 11.6.1 and
//! <https://distribution.github.io/distribution/spec/auth/token/>.

use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};

/// How a registry wants to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// Name and password with each request.
    Basic,
    /// A token from `realm`.
    Bearer { realm: String, service: Option<String>, scope: Option<String> },
}

/// The best challenge among the headers: a token rather than the password.
pub(crate) fn find(headers: &HeaderMap) -> Option<Challenge> {
    let texts = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    let challenges: Vec<Challenge> = texts.flat_map(parse).collect();
    let bearer = challenges.iter().find(|challenge| matches!(challenge, Challenge::Bearer { .. }));
    bearer.or(challenges.first()).cloned()
}

/// All challenges of one header that we can meet.
fn parse(text: &str) -> Vec<Challenge> {
    let mut challenges: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for part in split_outside_quotes(text) {
        let part = part.trim();
        // `Bearer realm="…"` begins a challenge; `service="…"` continues one.
        let (name, rest) = part.split_once([' ', '\t']).unwrap_or((part, ""));
        let parameter = if name.contains('=') {
            part
        } else {
            challenges.push((name.to_ascii_lowercase(), Vec::new()));
            rest.trim()
        };
        if let (Some((key, value)), Some((_, parameters))) =
            (parameter.split_once('='), challenges.last_mut())
        {
            parameters.push((key.trim().to_ascii_lowercase(), unquote(value.trim())));
        }
    }
    challenges.into_iter().filter_map(|(scheme, parameters)| build(&scheme, &parameters)).collect()
}

fn build(scheme: &str, parameters: &[(String, String)]) -> Option<Challenge> {
    let get = |key: &str| parameters.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone());
    match scheme {
        "basic" => Some(Challenge::Basic),
        "bearer" => {
            Some(Challenge::Bearer { realm: get("realm")?, service: get("service"), scope: get("scope") })
        }
        _ => None,
    }
}

/// Splits at commas that are not within quotes: a scope is `"repository:a:pull,push"`.
fn split_outside_quotes(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut quoted, mut escaped) = (0, false, false);
    for (position, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted => {
                parts.push(&text[start..position]);
                start = position + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn unquote(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"') else { return value.to_owned() };
    inner.strip_suffix('"').unwrap_or(inner).replace("\\\"", "\"").replace("\\\\", "\\")
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};

    use super::{Challenge, find, parse};

    #[test]
    fn forms_of_registries() {
        let docker = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push",error="invalid_token""#;
        let expected = Challenge::Bearer {
            realm: "https://auth.docker.io/token".into(),
            service: Some("registry.docker.io".into()),
            scope: Some("repository:a/b:pull,push".into()),
        };
        assert_eq!(parse(docker), [expected]);
        assert_eq!(parse("Basic realm=\"Registry, Realm\""), [Challenge::Basic]);
        assert_eq!(parse("basic"), [Challenge::Basic]);
        assert_eq!(parse("Bearer"), []);
        assert_eq!(parse("Negotiate, Basic realm=x").len(), 1);
        assert_eq!(parse(""), []);
        assert_eq!(parse(r#"Bearer realm="a\"b"#).len(), 1);
    }

    #[test]
    fn a_token_is_preferred() {
        let mut headers = HeaderMap::new();
        assert_eq!(find(&headers), None);
        headers.append(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=a"));
        assert_eq!(find(&headers), Some(Challenge::Basic));
        headers.append(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"http://a\""));
        assert!(matches!(find(&headers), Some(Challenge::Bearer { .. })));
    }
}
