//! The JSON form of arguments.

use std::borrow::Cow;

use crate::problem::Problem;

/// Reads a JSON array of strings.
///
/// `Ok(None)`: the text is not JSON, and so is meant for the shell. That includes what only looks like JSON:
/// single quotes, text behind the bracket, `[[ -f x ]] && y`. Valid JSON with other things than strings is a
/// mistake.
pub(crate) fn array(text: &str) -> Result<Option<Vec<String>>, Problem> {
    if !text.trim_start().starts_with('[') {
        return Ok(None);
    }
    let Ok(values) =
        serde_json::from_str::<Vec<serde_json::Value>>(&with_whole_characters(text.trim_start()))
    else {
        return Ok(None);
    };
    let strings = values.into_iter().map(|value| match value {
        serde_json::Value::String(text) => Ok(text),
        _ => Err(Problem::JsonNotStrings),
    });
    strings.collect::<Result<_, _>>().map(Some)
}

/// The text with `\ufffd` for every escape that is half of a character, which is how Go reads them.
fn with_whole_characters(text: &str) -> Cow<'_, str> {
    if !text.contains("\\u") {
        return Cow::Borrowed(text);
    }
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        whole.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = match (unit(rest), rest.get(6..).and_then(unit)) {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => 12,
            (Some(0xd800..0xe000), _) => {
                whole.push_str("\\ufffd");
                rest = &rest[6..];
                continue;
            }
            // The escape character and what it protects, so that a protected one is not taken for one.
            _ => rest.chars().take(2).map(char::len_utf8).sum(),
        };
        whole.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    whole.push_str(rest);
    Cow::Owned(whole)
}

/// The code unit of the escape that the text begins with.
fn unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::array;
    use crate::problem::Problem;

    type Seen = Result<Option<Vec<&'static str>>, Problem>;

    #[test]
    fn forms() {
        let rows: [(&str, Seen); 14] = [
            ("[]", Ok(Some(vec![]))),
            ("[ \"a\", \"b c\" ] ", Ok(Some(vec!["a", "b c"]))),
            ("[\"\\u00e9\\n\"]", Ok(Some(vec!["é\n"]))),
            ("[\"\\ud83d\\ude00\"]", Ok(Some(vec!["😀"]))),
            ("[\"a\\ud800b\"]", Ok(Some(vec!["a\u{fffd}b"]))),
            ("[\"\\ud800\\ud83d\\ude00\\udc00\"]", Ok(Some(vec!["\u{fffd}😀\u{fffd}"]))),
            ("[\"\\\\ud800 \\\\\"]", Ok(Some(vec!["\\ud800 \\"]))),
            ("[\"\\u12\"]", Ok(None)),
            ("['a']", Ok(None)),
            ("[\"a\"] x", Ok(None)),
            ("[[ -f x ]] && y", Ok(None)),
            ("sh -c [\"a\"]", Ok(None)),
            ("[\"a\", 1]", Err(Problem::JsonNotStrings)),
            ("[[\"a\"]]", Err(Problem::JsonNotStrings)),
        ];
        for (text, expected) in rows {
            let expected = expected.map(|some| some.map(|list| list.into_iter().map(String::from).collect()));
            assert_eq!(array(text), expected, "{text}");
        }
    }
}
