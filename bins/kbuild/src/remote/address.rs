//! Addresses of git repositories, in the forms that BuildKit takes: a URL with `#ref:subdir` or with
//! `?ref=…&subdir=…`, or `user@host:path`.

use std::fmt;

use secrecy::SecretString;

use super::failure::Failure;
use super::query::{Parts, cut, pairs, percent_decode};
use crate::error::Error;

/// A repository, and what of it is wanted.
#[derive(Clone)]
pub(crate) struct GitAddress {
    /// For git, without credentials.
    pub(crate) remote: String,
    /// `https`, `http`, `ssh` or `git`.
    pub(crate) scheme: String,
    /// With the port.
    pub(crate) host: String,
    /// `user:password` of a web address.
    pub(crate) userinfo: Option<SecretString>,
    /// A branch, a tag or a commit; empty means the default branch.
    pub(crate) reference: String,
    /// A directory of the repository; empty means all of it.
    pub(crate) directory: String,
    /// The beginning of the commit's id, which must be that.
    pub(crate) checksum: Option<String>,
    pub(crate) keep_git_dir: Option<bool>,
    pub(crate) submodules: bool,
    /// Files get the commit's time.
    pub(crate) commit_times: bool,
    /// The commit is asked for itself, the reference is only its name.
    pub(crate) fetch_by_commit: bool,
}

const SCHEMES: [&str; 4] = ["http", "https", "ssh", "git"];

impl GitAddress {
    /// The repository that a word names; `None` for what is none. A web address is one when its path ends
    /// with `.git`.
    pub(crate) fn parse(word: &str) -> Result<Option<Self>, Error> {
        if let Some(parts) = Parts::of(word) {
            let scheme = parts.scheme.to_ascii_lowercase();
            let web = matches!(scheme.as_str(), "http" | "https");
            let path = percent_decode(parts.path);
            let is_repository = path.is_some_and(|path| !web || path.strip_suffix(".git").is_some());
            if !SCHEMES.contains(&scheme.as_str()) || !is_repository {
                return Ok(None);
            }
            return Self::of_url(word).map(Some);
        }
        Self::of_scp(word)
    }

    /// A URL that is known to name a repository.
    pub(super) fn of_url(url: &str) -> Result<Self, Error> {
        let Some(parts) = Parts::of(url) else { return Err(broken(url, "it is no URL")) };
        let scheme = parts.scheme.to_ascii_lowercase();
        let secret = matches!(scheme.as_str(), "http" | "https");
        // ssh takes a name and never a password; on the web both go into a header.
        let user = parts.userinfo.filter(|_| !secret).map(|info| cut(info, ':').0);
        let user = user.map(|user| format!("{user}@")).unwrap_or_default();
        let userinfo = parts.userinfo.filter(|_| secret).and_then(percent_decode);
        let mut address = Self::new(format!("{scheme}://{user}{}{}", parts.host, parts.path), parts.host);
        address.scheme = scheme;
        address.userinfo = userinfo.map(Into::into);
        let fragment = parts.fragment.map(|text| percent_decode(text).unwrap_or_else(|| text.to_owned()));
        address.read_fragment(fragment.as_deref());
        address.read_query(parts.query)?;
        address.checked()
    }

    /// `git@host:path?query#ref:subdir`.
    fn of_scp(word: &str) -> Result<Option<Self>, Error> {
        let Some((user, rest)) = word.split_once('@') else { return Ok(None) };
        let Some((host, rest)) = rest.split_once(':') else { return Ok(None) };
        let named = |text: &str, more: &str| {
            !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
        };
        if !named(user, "-_") || !named(host, "-.") || rest.contains('\n') {
            return Ok(None);
        }
        let (rest, fragment) = cut(rest, '#');
        let (path, query) = cut(rest, '?');
        let mut address = Self::new(format!("{user}@{host}:{path}"), host);
        address.read_fragment(fragment);
        address.read_query(query)?;
        address.checked().map(Some)
    }

    fn new(remote: String, host: &str) -> Self {
        Self {
            remote,
            scheme: "ssh".into(),
            host: host.to_owned(),
            userinfo: None,
            reference: String::new(),
            directory: String::new(),
            checksum: None,
            keep_git_dir: None,
            submodules: true,
            commit_times: false,
            fetch_by_commit: false,
        }
    }

    fn read_fragment(&mut self, fragment: Option<&str>) {
        let (reference, directory) = cut(fragment.unwrap_or_default(), ':');
        reference.clone_into(&mut self.reference);
        self.directory = inside(directory.unwrap_or_default());
    }

    fn read_query(&mut self, query: Option<&str>) -> Result<(), Error> {
        let pairs = pairs(query.unwrap_or_default());
        let (mut tag, mut branch) = (None, None);
        for (index, (name, value)) in pairs.iter().enumerate() {
            if pairs[..index].iter().any(|(known, _)| known == name) {
                return Err(self.broken(&format!("`{name}` is there twice")));
            }
            let switch = matches!(name.as_str(), "submodules" | "keep-git-dir" | "fetch-by-commit");
            if value.is_empty() && !switch {
                return Err(self.broken(&format!("`{name}` has no value")));
            }
            match name.as_str() {
                "ref" => self.refer(value)?,
                "tag" => tag = Some(full("refs/tags/", value)),
                "branch" => branch = Some(full("refs/heads/", value)),
                "subdir" if self.directory.is_empty() || self.directory == *value => {
                    self.directory = inside(value);
                }
                "subdir" => return Err(self.broken("it names two directories")),
                "checksum" | "commit" => self.checksum = Some(value.clone()),
                "keep-git-dir" => self.keep_git_dir = Some(self.switch(name, value)?),
                "submodules" => self.submodules = self.switch(name, value)?,
                "fetch-by-commit" => self.fetch_by_commit = self.switch(name, value)?,
                "mtime" if value == "commit" || value == "checkout" => self.commit_times = value == "commit",
                "mtime" => return Err(self.broken("`mtime` is `commit` or `checkout`")),
                _ => return Err(self.broken(&format!("it has no option `{name}`"))),
            }
        }
        match (tag, branch) {
            (Some(_), Some(_)) => Err(self.broken("it names a tag and a branch")),
            (Some(reference), None) | (None, Some(reference)) => self.refer(&reference),
            (None, None) => Ok(()),
        }
    }

    fn refer(&mut self, reference: &str) -> Result<(), Error> {
        if !self.reference.is_empty() && self.reference != reference {
            return Err(self.broken(&format!("it names `{}` and `{reference}`", self.reference)));
        }
        reference.clone_into(&mut self.reference);
        Ok(())
    }

    /// Go's `strconv.ParseBool`; a bare name is true.
    fn switch(&self, name: &str, value: &str) -> Result<bool, Error> {
        match value {
            "" | "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
            _ => Err(self.broken(&format!("`{name}` is `true` or `false`"))),
        }
    }

    /// Nothing in it may look like an option to git.
    fn checked(self) -> Result<Self, Error> {
        if self.reference.starts_with('-') {
            return Err(self.broken("a reference does not begin with `-`"));
        }
        Ok(self)
    }

    fn broken(&self, why: &str) -> Error {
        broken(&self.remote, why)
    }
}

impl fmt::Display for GitAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.remote)?;
        match (self.reference.as_str(), self.directory.as_str()) {
            ("", "") => Ok(()),
            (reference, "") => write!(formatter, "#{reference}"),
            (reference, directory) => write!(formatter, "#{reference}:{directory}"),
        }
    }
}

impl fmt::Debug for GitAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "GitAddress({self})")
    }
}

fn broken(remote: &str, why: &str) -> Error {
    Failure::Address { address: remote.to_owned(), why: why.to_owned() }.into()
}

fn full(prefix: &str, name: &str) -> String {
    if name.starts_with(prefix) { name.to_owned() } else { format!("{prefix}{name}") }
}

/// A path that `..` cannot lead out of the repository, without slashes at its ends.
fn inside(path: &str) -> String {
    ktrust_dockerfile::path::resolve("/", path).trim_matches('/').to_owned()
}

/// Whether this is a whole commit id, of SHA-1 or SHA-256.
pub(super) fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::GitAddress;

    fn parse(word: &str) -> GitAddress {
        GitAddress::parse(word).unwrap().unwrap()
    }

    #[test]
    fn what_is_a_repository() {
        for word in
            ["git@host:a/b", "ssh://git@host/a", "git://host/a", "https://host/a.git", "HTTP://h/a.git#x"]
        {
            assert!(GitAddress::parse(word).unwrap().is_some(), "{word}");
        }
        for word in [
            "https://host/a",
            "ftp://host/a.git",
            "a/b.git",
            "./git@host:a",
            "github.com/a/b",
            "a",
            "http://",
        ] {
            assert!(GitAddress::parse(word).unwrap().is_none(), "{word}");
        }
    }

    #[test]
    fn reference_and_directory() {
        let address = parse("https://host/a.git#v1:sub/../../dir/");
        assert_eq!((address.reference.as_str(), address.directory.as_str()), ("v1", "dir"));
        let address = parse("git@host:a.git?subdir=x&branch=main&keep-git-dir&submodules=false#");
        assert_eq!(address.remote, "git@host:a.git");
        assert_eq!((address.reference.as_str(), address.directory.as_str()), ("refs/heads/main", "x"));
        assert_eq!((address.keep_git_dir, address.submodules), (Some(true), false));
        assert_eq!(parse("https://h/a.git?tag=v1").reference, "refs/tags/v1");
        assert_eq!(parse("https://h/a.git?commit=abc").checksum.as_deref(), Some("abc"));
    }

    #[test]
    fn mistakes() {
        for query in [
            "ref=a&ref=a",
            "ref",
            "unknown=1",
            "tag=a&branch=b",
            "ref=a&tag=b",
            "mtime=x",
            "submodules=2",
            "ref=-x",
        ] {
            assert!(GitAddress::parse(&format!("https://h/a.git?{query}")).is_err(), "{query}");
        }
        assert!(GitAddress::parse("https://h/a.git?ref=a#b").is_err());
        assert!(GitAddress::parse("git@h:a#--upload-pack=x").is_err());
    }

    #[test]
    fn credentials_are_taken_out() {
        let address = parse("https://user:p%40ss@host:8443/a.git#main");
        assert_eq!(address.remote, "https://host:8443/a.git");
        assert_eq!(address.userinfo.as_ref().unwrap().expose_secret(), "user:p@ss");
        assert!(!format!("{address} {address:?}").contains("ss@"));
        assert_eq!(parse("ssh://git:secret@host/a").remote, "ssh://git@host/a");
    }
}
