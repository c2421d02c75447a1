//! Files of web servers.

use std::fmt;
use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};

use super::query::{Parts, percent_decode};
use crate::secrets::Secrets;

/// A file of a web server, by its address.
#[derive(Clone)]
pub(crate) struct WebAddress {
    /// As it was written, credentials included: shown only as [`fmt::Display`] does.
    pub(super) url: String,
    /// What the file is called where the destination is a directory.
    pub(crate) name: String,
}

impl WebAddress {
    /// An address as ADD takes it; BuildKit knows the schemes in small letters only.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        let web = word.starts_with("http://") || word.starts_with("https://");
        web.then(|| Self { url: word.to_owned(), name: name(word) })
    }

    /// What is sent to prove who we are: BuildKit's secrets for a host. The token wins.
    pub(super) fn authorization(&self, secrets: &Secrets) -> Option<SecretString> {
        let host = Parts::of(&self.url)?.host_name();
        let token = secrets.text(&format!("HTTP_AUTH_TOKEN_{host}"));
        let token = token.map(|token| format!("Bearer {}", token.expose_secret().trim_end()).into());
        token.or_else(|| secrets.text(&format!("HTTP_AUTH_HEADER_{host}")))
    }
}

/// The last part of the path.
fn name(url: &str) -> String {
    let path = Parts::of(url).and_then(|parts| percent_decode(parts.path)).unwrap_or_default();
    let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default().trim();
    match name {
        "" => "__unnamed__".into(),
        "." | ".." => "download".into(),
        name if name.chars().any(char::is_control) => "download".into(),
        name => name.into(),
    }
}

impl fmt::Display for WebAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(parts) = Parts::of(&self.url) else {
            return formatter.write_str("an address that is no URL");
        };
        write!(formatter, "{}://{}{}", parts.scheme, parts.host, parts.path)?;
        // A query may be a signature that gives access.
        formatter.write_str(if parts.query.is_some() { "?…" } else { "" })
    }
}

impl fmt::Debug for WebAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "WebAddress({self})")
    }
}

/// A server's time as seconds since 1970, in one of the three forms that HTTP knows.
pub(super) fn http_date(text: &str) -> Option<i64> {
    let text = text.trim();
    let forms = ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];
    let read = |form: &&str| jiff::civil::DateTime::strptime(*form, text).ok();
    let time = forms.iter().find_map(read)?;
    Some(jiff::tz::TimeZone::UTC.to_timestamp(time).ok()?.as_second())
}

/// Gives a file its mode and its time.
pub(super) fn settle(path: &Path, modified: i64) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let file = std::fs::File::options().write(true).open(path)?;
    file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    let since = std::time::Duration::from_secs(u64::try_from(modified).unwrap_or_default());
    file.set_modified(std::time::UNIX_EPOCH + since)
}

#[cfg(test)]
mod tests {
    use super::{WebAddress, http_date};
    use crate::secrets::Secrets;
    use crate::settings::{SecretSetting, SecretSource};

    #[test]
    fn names() {
        for (url, name) in [
            ("http://h/a/b.tar.gz?x=/y#z", "b.tar.gz"),
            ("http://h/", "__unnamed__"),
            ("http://h", "__unnamed__"),
            ("https://h/a/", "a"),
            ("https://h/a%20b", "a b"),
            ("https://h/a%2Fb", "b"),
            ("https://h/a%0ab", "download"),
            ("https://h/x/..", "download"),
        ] {
            assert_eq!(WebAddress::parse(url).unwrap().name, name, "{url}");
        }
        assert!(WebAddress::parse("HTTP://h/a").is_none());
        assert_eq!(WebAddress::parse("http://u:p@h/a?token=1").unwrap().to_string(), "http://h/a?…");
    }

    #[test]
    fn dates() {
        for text in
            ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
        {
            assert_eq!(http_date(text), Some(784_111_777), "{text}");
        }
        assert_eq!(http_date("yesterday"), None);
    }

    #[test]
    fn secrets_of_a_host() {
        use secrecy::ExposeSecret as _;
        let source = SecretSource::Value("t\n".into());
        let token = SecretSetting { id: "HTTP_AUTH_TOKEN_h".into(), source };
        let secrets = Secrets::load(&[token], |_| ()).unwrap();
        let of = |url| WebAddress::parse(url).unwrap().authorization(&secrets);
        assert_eq!(of("http://h:80/a").unwrap().expose_secret(), "Bearer t");
        assert!(of("http://other/a").is_none());
    }
}
