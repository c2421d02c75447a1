//! `--exclude` and `--parents`: patterns on what lies below a source.

use std::path::Path;

use ktrust_dockerfile::dockerignore::Matcher;
use ktrust_rootfs::Choice;

use crate::error::Error;

/// Patterns like those of .dockerignore, on paths relative to the source directory. A file that is itself
/// the source is not asked about.
#[derive(Default)]
pub(in crate::instruction) struct Patterns {
    /// What alone is copied; everything when `None`.
    include: Option<Matcher>,
    exclude: Matcher,
}

impl Patterns {
    /// The patterns of `--exclude`.
    pub(in crate::instruction) fn excluding<P: AsRef<str>>(
        patterns: impl IntoIterator<Item = P>,
    ) -> Result<Self, Error> {
        Ok(Self { include: None, exclude: matcher("--exclude", patterns)? })
    }

    /// The same, but only what `pattern` matches is copied.
    pub(in crate::instruction) fn including(&self, pattern: &str) -> Result<Self, Error> {
        let include = matcher("--parents", [pattern])?;
        // A source that is the directory itself leaves no pattern.
        let include = (!include.is_empty()).then_some(include);
        Ok(Self { include, exclude: self.exclude.clone() })
    }

    /// A directory that does not match may hold something that does; it is made only then.
    pub(in crate::instruction) fn choose(&self, path: &Path) -> Choice {
        let path = path.to_string_lossy();
        if self.exclude.excludes(&path) {
            return if self.exclude.may_prune(&path) { Choice::Skip } else { Choice::Through };
        }
        match &self.include {
            Some(include) if include.excludes(&path) => Choice::Take,
            Some(include) if include.may_match_below(&path) => Choice::Through,
            Some(_) => Choice::Skip,
            None => Choice::Take,
        }
    }
}

fn matcher<P: AsRef<str>>(flag: &str, patterns: impl IntoIterator<Item = P>) -> Result<Matcher, Error> {
    Matcher::new(patterns).map_err(|error| Error::instruction(format!("`{flag}`: {error}")))
}

#[cfg(test)]
mod tests {
    use super::{Choice, Path, Patterns};

    #[test]
    fn excluded_directories_are_walked_where_something_may_come_back() {
        let patterns = Patterns::excluding(["a", "!a/b", "c", "*.txt"]).unwrap();
        let choose = |path: &str| patterns.choose(Path::new(path));
        assert_eq!(choose("a"), Choice::Through);
        assert_eq!(choose("a/b"), Choice::Take);
        assert_eq!(choose("a/x"), Choice::Skip);
        assert_eq!(choose("c"), Choice::Skip);
        assert_eq!((choose("d.txt"), choose("d/d.txt")), (Choice::Skip, Choice::Take));
    }

    #[test]
    fn only_what_is_included() {
        let patterns = Patterns::excluding(["**/*.bak"]).unwrap().including("a/**/x").unwrap();
        let choose = |path: &str| patterns.choose(Path::new(path));
        assert_eq!(
            (choose("a"), choose("a/b"), choose("z")),
            (Choice::Through, Choice::Through, Choice::Skip)
        );
        assert_eq!((choose("a/b/x"), choose("a/b/x/below")), (Choice::Take, Choice::Take));
        assert_eq!(choose("a/b/x/old.bak"), Choice::Skip);
        assert_eq!(Patterns::default().including("").unwrap().choose(Path::new("any")), Choice::Take);
        assert!(Patterns::excluding(["[a"]).is_err());
    }
}
