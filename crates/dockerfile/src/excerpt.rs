//! Shows the lines of a file around a place in it.

use std::fmt::Write as _;

use crate::location::Location;

const RULE: &str = "--------------------\n";

/// The lines of `location`, marked, with a few around them: two for a range, four for a single line, more
/// on one side where the file ends on the other. BuildKit's layout, so that eyes and tools find it again.
///
/// Empty if the location lies outside the text.
pub fn excerpt(source: &str, name: &str, location: Location) -> String {
    let lines: Vec<&str> = source.split('\n').collect();
    let count = lines.len();
    if location.start < 1 || location.start > count {
        return String::new();
    }
    let (first, last) = widen(location.start, location.end.min(count), count);
    let mut text = format!("{name}:{}\n{RULE}", location.start);
    for number in first..=last {
        let mark = if location.contains(number) { ">>>" } else { "   " };
        let line = lines[number - 1].trim_end_matches('\r');
        let _ = writeln!(text, " {number:3} | {mark} {line}");
    }
    text.push_str(RULE);
    text
}

fn widen(mut first: usize, mut last: usize, count: usize) -> (usize, usize) {
    let wanted = if first == last { 4 } else { 2 };
    let mut added = 0;
    while added < wanted {
        if first > 1 {
            first -= 1;
            added += 1;
        }
        if last < count {
            last += 1;
            added += 1;
        }
        // Counts also where both ends of the file are reached.
        added += 1;
    }
    (first, last)
}

#[cfg(test)]
mod tests;
