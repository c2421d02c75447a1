//! Patterns matched by trying everything: slow, and plainly right.

/// How many comparisons are made before giving up.
const PATIENCE: usize = 200_000;

/// Whether the pattern of a `.dockerignore` line, already cleaned, is the whole of `path`; `None` when it
/// takes too long, or has a class or an escape, which are left to the glob target.
pub fn ignore_pattern(pattern: &str, path: &str) -> Option<bool> {
    if pattern.contains(['[', ']', '\\']) {
        return None;
    }
    // Moby takes two stars and plain text for the end of a path, and plain text and two stars for its
    // beginning, whatever is between the slashes.
    let plain = |text: &str| !text.contains(['*', '?']);
    if let Some(end) = pattern.strip_prefix("**").filter(|end| !end.is_empty() && plain(end)) {
        return Some(path.ends_with(end) || end.strip_prefix('/') == Some(path));
    }
    if let Some(start) = pattern.strip_suffix("**").filter(|start| !start.is_empty() && plain(start)) {
        return Some(path.starts_with(start));
    }
    let (pattern, path): (Vec<char>, Vec<char>) = (pattern.chars().collect(), path.chars().collect());
    attempt(&pattern, &path, &mut PATIENCE.clone())
}

/// Whether a glob without a class or an escape is the whole of `name`; stars and question marks stop at
/// slashes. `None` when it takes too long.
pub fn glob(pattern: &str, name: &str) -> Option<bool> {
    if pattern.contains(['[', '\\']) {
        return None;
    }
    // To a glob two stars are what one is.
    let mut single = pattern.to_owned();
    while single.contains("**") {
        single = single.replace("**", "*");
    }
    let (pattern, name): (Vec<char>, Vec<char>) = (single.chars().collect(), name.chars().collect());
    attempt(&pattern, &name, &mut PATIENCE.clone())
}

fn attempt(pattern: &[char], text: &[char], patience: &mut usize) -> Option<bool> {
    *patience = patience.checked_sub(1)?;
    let either = |choices: &mut dyn Iterator<Item = (usize, usize)>, patience: &mut usize| {
        for (used, eaten) in choices {
            if attempt(&pattern[used..], &text[eaten..], patience)? {
                return Some(true);
            }
        }
        Some(false)
    };
    match pattern {
        [] => Some(text.is_empty()),
        // `**` at the end takes everything.
        ['*', '*'] | ['*', '*', '/'] => Some(true),
        // `**/` and a bare `**` take nothing, or some whole directories.
        ['*', '*', '/', ..] => either(&mut whole_directories(text).map(|end| (3, end)), patience),
        ['*', '*', ..] => either(&mut whole_directories(text).map(|end| (2, end)), patience),
        ['*', ..] => {
            let reach = text.iter().take_while(|character| **character != '/').count();
            either(&mut (0..=reach).map(|end| (1, end)), patience)
        }
        ['?', ..] => match text {
            [first, ..] if *first != '/' => attempt(&pattern[1..], &text[1..], patience),
            _ => Some(false),
        },
        [literal, ..] => match text {
            [first, ..] if first == literal => attempt(&pattern[1..], &text[1..], patience),
            _ => Some(false),
        },
    }
}

/// Zero, and every place behind a slash.
fn whole_directories(text: &[char]) -> impl Iterator<Item = usize> {
    let behind = text.iter().enumerate().filter(|(_, character)| **character == '/').map(|(at, _)| at + 1);
    std::iter::once(0).chain(behind)
}
