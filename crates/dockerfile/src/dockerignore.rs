//! `.dockerignore`, and the same patterns in `--exclude` and `--parents`.
//!
//! The rules are those of moby's matcher as BuildKit walks with it. The last pattern that matches a path
//! decides, and what matches a directory matches all below it. The trap: a `!pattern` brings back what lies
//! below it only where it is looked at, and it is looked at only where the path had been excluded before.
//! So `a/**/*.txt` with `!a/b` does not bring back `a/b/2.txt`, while `a` with `!a/b` does.

mod pattern;

#[cfg(test)]
mod tests;

use thiserror::Error;

use crate::path;
use pattern::Pattern;

/// A pattern that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum IgnoreError {
    /// An exclamation mark alone.
    #[error("{}illegal exclusion pattern: \"!\"", place(*line))]
    Empty {
        /// The line of the file; `None` where patterns come from elsewhere.
        line: Option<usize>,
    },
    /// A class that is not closed and the like.
    #[error("{}syntax error in pattern {pattern:?}", place(*line))]
    Syntax {
        /// The pattern.
        pattern: String,
        /// The line of the file; `None` where patterns come from elsewhere.
        line: Option<usize>,
    },
}

fn place(line: Option<usize>) -> String {
    line.map(|line| format!("line {line}: ")).unwrap_or_default()
}

/// Reads the patterns of a file with the numbers of their lines. Comments have `#` in the first column;
/// blanks around patterns are dropped, paths are cleaned and relative to the context.
pub fn parse(text: &str) -> Vec<(usize, String)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.lines().enumerate().filter(|(_, line)| !line.starts_with('#'));
    lines.filter_map(|(index, line)| Some((index + 1, rule(line)?))).collect()
}

fn rule(line: &str) -> Option<String> {
    let line = line.trim();
    let (mark, pattern) = line.strip_prefix('!').map_or(("", line), |rest| ("!", rest.trim()));
    if line.is_empty() {
        return None;
    }
    let cleaned = if pattern.is_empty() { String::new() } else { path::clean(pattern) };
    let relative = if cleaned.len() > 1 { cleaned.strip_prefix('/') } else { None };
    Some(format!("{mark}{}", relative.unwrap_or(&cleaned)))
}

/// Compiled patterns.
#[derive(Clone, Debug, Default)]
pub struct Matcher {
    patterns: Vec<Pattern>,
}

/// What the patterns said about a directory, for the walk below it. The default is for the context itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parents(Vec<bool>);

/// What the patterns say about a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the path is excluded.
    pub excluded: bool,
    /// To be handed on to what lies below, if the path is a directory.
    pub parents: Parents,
}

impl Matcher {
    /// Compiles patterns, in order.
    pub fn new<P: AsRef<str>>(patterns: impl IntoIterator<Item = P>) -> Result<Self, IgnoreError> {
        Self::compile(patterns.into_iter().map(|pattern| (None, pattern)))
    }

    /// Reads and compiles a file.
    pub fn of_file(text: &str) -> Result<Self, IgnoreError> {
        Self::compile(parse(text).into_iter().map(|(line, pattern)| (Some(line), pattern)))
    }

    fn compile<P: AsRef<str>>(rules: impl Iterator<Item = (Option<usize>, P)>) -> Result<Self, IgnoreError> {
        let mut patterns = Vec::new();
        for (line, rule) in rules {
            let rule = rule.as_ref().trim();
            if !rule.is_empty() {
                patterns.push(Pattern::parse(&path::clean(rule), line)?);
            }
        }
        Ok(Self { patterns })
    }

    /// Whether nothing is ever excluded.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Whether a `!pattern` brings something back.
    pub fn has_exceptions(&self) -> bool {
        self.patterns.iter().any(|pattern| pattern.negated)
    }

    /// Whether a single pattern excludes all that lies in the context: `*`, `**` or `**/*`.
    pub fn covers_everything(&self) -> bool {
        self.patterns.iter().any(Pattern::is_everything)
    }

    /// Judges a path in a walk. `path` is relative, with slashes and without one at its end; `parents` is
    /// what the verdict about its directory carried, the default at the top.
    pub fn judge(&self, path: &str, parents: &Parents) -> Verdict {
        let mut excluded = false;
        let mut seen = Vec::with_capacity(self.patterns.len());
        for (index, pattern) in self.patterns.iter().enumerate() {
            let inherited = parents.0.get(index).copied().unwrap_or(false);
            // A pattern that could change nothing is not looked at, and so not handed on either.
            let matched = inherited || (pattern.negated == excluded && pattern.matches(path));
            seen.push(matched);
            if matched {
                excluded = !pattern.negated;
            }
        }
        Verdict { excluded, parents: Parents(seen) }
    }

    /// Judges a path by itself, as a walk from the top would.
    pub fn excludes(&self, path: &str) -> bool {
        let ends = path.char_indices().skip(1).filter(|(_, c)| *c == '/').map(|(at, _)| at);
        let mut verdict = Verdict { excluded: false, parents: Parents::default() };
        for end in ends.chain([path.len()]) {
            verdict = self.judge(&path[..end], &verdict.parents);
        }
        verdict.excluded
    }

    /// Whether something below a directory may match a pattern; `true` in doubt.
    pub fn may_match_below(&self, directory: &str) -> bool {
        self.patterns.iter().any(|pattern| pattern.may_match_below(directory))
    }

    /// Whether a walk may leave out all below an excluded directory: no `!pattern` can bring anything back.
    pub fn may_prune(&self, directory: &str) -> bool {
        !self.patterns.iter().any(|pattern| pattern.negated && pattern.may_match_below(directory))
    }
}
