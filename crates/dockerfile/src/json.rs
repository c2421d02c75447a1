//! The JSON form of arguments.

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
    let Ok(values) = serde_json::from_str::<Vec<serde_json::Value>>(text.trim_start()) else {
        return Ok(None);
    };
    let strings = values.into_iter().map(|value| match value {
        serde_json::Value::String(text) => Ok(text),
        _ => Err(Problem::JsonNotStrings),
    });
    strings.collect::<Result<_, _>>().map(Some)
}

#[cfg(test)]
mod tests {
    use super::array;
    use crate::problem::Problem;

    type Seen = Result<Option<Vec<&'static str>>, Problem>;

    #[test]
    fn forms() {
        let rows: [(&str, Seen); 9] = [
            ("[]", Ok(Some(vec![]))),
            ("[ \"a\", \"b c\" ] ", Ok(Some(vec!["a", "b c"]))),
            ("[\"\\u00e9\\n\"]", Ok(Some(vec!["é\n"]))),
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
