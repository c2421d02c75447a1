//! Build arguments as they were given.

use ktrust_dockerfile::Environment;

/// `--build-arg`, the last of a name wins.
pub(crate) struct Given<'a>(pub(crate) &'a [(String, String)]);

impl<'a> Given<'a> {
    /// The value of a name that was given one.
    pub(crate) fn value(&self, name: &str) -> Option<&'a str> {
        self.0.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether a name that was given a value was given a true one, as Go writes them.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.value(name).map(|value| matches!(value, "1" | "t" | "T" | "true" | "TRUE" | "True"))
    }
}

impl Environment for Given<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.value(name)
    }
}
