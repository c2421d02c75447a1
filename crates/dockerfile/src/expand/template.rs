//! Replacement of `${name/pattern/replacement}` and `${name//pattern/replacement}`.

use super::error::Fault;
use super::pattern::Pattern;

/// Replaces the first match; the replacement is literal.
pub(super) fn replace_first(pattern: &Pattern, value: &str, replacement: &str) -> String {
    let text: Vec<char> = value.chars().collect();
    let Some((start, end)) = pattern.find(&text, &pattern.begins(&text), 0) else { return value.to_owned() };
    let mut result: String = text[..start].iter().collect();
    result.push_str(replacement);
    result.extend(&text[end..]);
    result
}

/// Replaces every match. Here the replacement is a template of Go's regular expressions: `$0` and
/// `${0}` are the match, `$$` is a dollar sign, any other `$name` is empty. A value of nested
/// replacements grows to any length: `check_length` stops that.
pub(super) fn replace_all(
    pattern: &Pattern,
    value: &str,
    replacement: &str,
    check_length: &dyn Fn(usize) -> Result<(), Fault>,
) -> Result<String, Fault> {
    let text: Vec<char> = value.chars().collect();
    let begins = pattern.begins(&text);
    let mut result = String::new();
    let (mut copied, mut search) = (0, 0);
    while let Some((start, end)) = pattern.find(&text, &begins, search) {
        result.extend(&text[copied..start]);
        // An empty match right behind another match does not count.
        if end > copied || start == 0 {
            fill(replacement, &text[start..end], &mut result);
            check_length(result.len())?;
        }
        copied = end;
        search = if end > search { end } else { search + 1 };
        if search > text.len() {
            break;
        }
    }
    result.extend(&text[copied..]);
    Ok(result)
}

/// Writes the template for one match.
fn fill(template: &str, matched: &[char], result: &mut String) {
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('$') {
        result.push_str(before);
        if let Some(behind) = after.strip_prefix('$') {
            result.push('$');
            rest = behind;
            continue;
        }
        let Some((name, behind)) = group_name(after) else {
            result.push('$');
            rest = after;
            continue;
        };
        if !name.is_empty() && name.chars().all(|digit| digit == '0') {
            result.extend(matched);
        }
        rest = behind;
    }
    result.push_str(rest);
}

/// The name behind a `$`, with or without braces, and what follows it.
fn group_name(text: &str) -> Option<(&str, &str)> {
    let braced = text.strip_prefix('{');
    let inner = braced.unwrap_or(text);
    let end = inner.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(inner.len());
    let (name, behind) = inner.split_at(end);
    if name.is_empty() {
        return None;
    }
    match braced {
        Some(_) => behind.strip_prefix('}').map(|behind| (name, behind)),
        None => Some((name, behind)),
    }
}
