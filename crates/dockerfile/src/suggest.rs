//! "Did you mean …?"

/// The nearest of `known` within two edits. An exact match suggests nothing.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut best = None;
    let mut least = 3;
    for candidate in known {
        let distance = distance(word, candidate);
        if distance == 0 {
            return None;
        }
        if distance < least {
            (best, least) = (Some(candidate), distance);
        }
    }
    best
}

/// Levenshtein's distance: insertions, deletions and replacements of one character.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, character) in left.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], index + 1);
        for column in 1..row.len() {
            let replaced = diagonal + usize::from(right[column - 1] != character);
            diagonal = row[column];
            row[column] = replaced.min(row[column - 1] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn two_edits_are_near_and_three_are_not() {
        let known = ["FROM", "RUN", "COPY"];
        for (word, expected) in [
            ("FORM", Some("FROM")),
            ("FOO", Some("FROM")),
            ("RUNN", Some("RUN")),
            ("XYZABC", None),
            ("RUN", None),
        ] {
            assert_eq!(nearest(word, known), expected, "{word}");
        }
    }
}
