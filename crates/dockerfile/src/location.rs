//! Where something stands in the Dockerfile.

use std::fmt;
use std::ops::RangeInclusive;

use serde::Serialize;

/// A range of lines, both ends included; the first line of a file is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Location {
    /// First line.
    pub start: usize,
    /// Last line, never before `start`.
    pub end: usize,
}

impl Location {
    /// The lines `start` to `end`.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end: end.max(start) }
    }

    /// One line.
    pub fn line(line: usize) -> Self {
        Self::new(line, line)
    }

    /// The lines in order.
    pub fn lines(self) -> RangeInclusive<usize> {
        self.start..=self.end
    }

    /// Whether `line` is one of them.
    pub fn contains(self, line: usize) -> bool {
        self.lines().contains(&line)
    }
}

impl fmt::Display for Location {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.start == self.end {
            write!(out, "{}", self.start)
        } else {
            write!(out, "{}-{}", self.start, self.end)
        }
    }
}
