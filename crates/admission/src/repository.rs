//! Repositories, and the patterns by which engines recognise their images.
//!
//! The engines disagree about what string they match (notes at each function), so one repository becomes
//! several patterns. All of them cover tags *and* digests: a pattern that ends in `:*` alone never matches
//! an image pinned by digest, which is how a policy is bypassed by the safest form of reference.

use std::fmt;
use std::str::FromStr;

use ktrust_oci::Reference;

use crate::{Error, Result};

const DOCKER_HUB: &str = "docker.io";

/// A repository in a registry, in canonical form: `docker.io/library/nginx`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository {
    registry: String,
    path: String,
}

impl Repository {
    /// Registry and path.
    pub fn name(&self) -> String {
        format!("{}/{}", self.registry, self.path)
    }

    /// The path within the registry.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether an image as a manifest spells it is of this repository. What is no reference is of none.
    pub fn holds(&self, image: &str) -> bool {
        image.parse::<Reference>().is_ok_and(|reference| Self::from(&reference) == *self)
    }

    /// Every way in which a manifest can spell this repository.
    pub fn spellings(&self) -> Vec<String> {
        if self.registry != DOCKER_HUB {
            return vec![self.name()];
        }
        let short = self.path.strip_prefix("library/").filter(|rest| !rest.contains('/'));
        let paths: Vec<&str> = std::iter::once(self.path.as_str()).chain(short).collect();
        let hosts = ["docker.io/", "index.docker.io/", ""];
        hosts.iter().flat_map(|host| paths.iter().map(move |path| format!("{host}{path}"))).collect()
    }

    /// Globs for `ImageValidatingPolicy`.
    ///
    /// It matches the string in the pod as it is written (only the digest mutation sees a canonical form),
    /// with gobwas' globs, where `*` crosses `/` and `[:@]` is one of two characters.
    pub(crate) fn raw_globs(&self) -> Vec<String> {
        self.spellings().into_iter().flat_map(|name| [format!("{name}[:@]*"), name]).collect()
    }

    /// Globs for `ClusterPolicy`.
    ///
    /// It matches `registry/path:tag` or `registry/path@digest`: a missing registry is filled in, `library/`
    /// is not, a tag beside a digest is dropped, and a missing tag becomes `latest`. Where the cluster's
    /// administrator has switched the filling in off, the spelling without registry is what is matched.
    /// Wildcards are `*` and `?` alone.
    pub(crate) fn canonical_globs(&self) -> Vec<String> {
        self.spellings().into_iter().flat_map(|name| [format!("{name}:*"), format!("{name}@*")]).collect()
    }

    /// Globs for `ClusterImagePolicy`.
    ///
    /// It matches go-containerregistry's full name, `index.docker.io/library/nginx:latest` or the same with
    /// `@digest`; `*` does not cross `/`.
    pub(crate) fn resolved_globs(&self) -> Vec<String> {
        let host = if self.registry == DOCKER_HUB { "index.docker.io" } else { &self.registry };
        [':', '@'].map(|separator| format!("{host}/{}{separator}*", self.path)).to_vec()
    }
}

impl From<&Reference> for Repository {
    fn from(reference: &Reference) -> Self {
        Self { registry: reference.registry().to_owned(), path: reference.repository().to_owned() }
    }
}

impl FromStr for Repository {
    type Err = Error;

    /// Reads a repository without tag and digest, which excludes every `repo:*`.
    fn from_str(text: &str) -> Result<Self> {
        let wrong = |source| Error::Repository { text: text.to_owned(), source };
        let last = text.rsplit('/').next().unwrap_or(text);
        if last != text && last.contains(':')
            || text.contains('@')
            || !text.contains('/') && text.contains(':')
        {
            return Err(Error::NotOnlyARepository { text: text.to_owned() });
        }
        let reference: Reference = text.parse().map_err(wrong)?;
        // Brackets of an IPv6 host are a character class in globs.
        if reference.registry().contains('[') {
            return Err(Error::Unpatternable { text: text.to_owned() });
        }
        Ok(Self::from(&reference))
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.registry, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::Repository;

    fn repository(text: &str) -> Repository {
        text.parse().unwrap()
    }

    #[test]
    fn one_name_for_every_spelling() {
        for text in ["nginx", "library/nginx", "docker.io/nginx", "index.docker.io/library/nginx"] {
            assert_eq!(repository(text).name(), "docker.io/library/nginx");
            assert!(repository("nginx").holds(&format!("{text}:1.27")));
        }
        assert!(!repository("nginx").holds("nginx-evil:1"));
        assert!(!repository("nginx").holds("${IMAGE}"));
        assert!(repository("127.0.0.1:5000/app").holds("127.0.0.1:5000/app"));
    }

    #[test]
    fn a_tag_is_no_part_of_a_repository() {
        for text in ["nginx:1", "nginx:*", "registry.example/app:*", "127.0.0.1:5000/app:v1", "a@sha256:b"] {
            assert!(text.parse::<Repository>().is_err(), "{text}");
        }
        assert!("[::1]:5000/app".parse::<Repository>().is_err());
    }

    #[test]
    fn patterns_cover_every_spelling_with_tag_and_digest() {
        let hub = repository("nginx");
        assert_eq!(
            hub.spellings(),
            [
                "docker.io/library/nginx",
                "docker.io/nginx",
                "index.docker.io/library/nginx",
                "index.docker.io/nginx",
                "library/nginx",
                "nginx"
            ]
        );
        assert_eq!(
            repository("org/app").spellings(),
            ["docker.io/org/app", "index.docker.io/org/app", "org/app"]
        );
        let own = repository("registry.example/team/app");
        assert_eq!(own.raw_globs(), ["registry.example/team/app[:@]*", "registry.example/team/app"]);
        assert_eq!(own.canonical_globs(), ["registry.example/team/app:*", "registry.example/team/app@*"]);
        assert_eq!(
            hub.resolved_globs(),
            ["index.docker.io/library/nginx:*", "index.docker.io/library/nginx@*"]
        );
    }
}
