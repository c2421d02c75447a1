//! Booleans as Go's `strconv.ParseBool` reads them.

/// Reads `1 t T TRUE true True 0 f F FALSE false False`; `None` for anything else.
pub fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::parse_bool;

    #[test]
    fn spellings() {
        for text in ["1", "t", "T", "true", "TRUE", "True"] {
            assert_eq!(parse_bool(text), Some(true), "{text}");
            assert_eq!(
                parse_bool(
                    &text
                        .replace(['1'], "0")
                        .replace("rue", "alse")
                        .replace("RUE", "ALSE")
                        .replace('t', "f")
                        .replace('T', "F")
                ),
                Some(false),
                "{text}"
            );
        }
        for text in ["", "yes", "tRUE", "01", " true"] {
            assert_eq!(parse_bool(text), None, "{text}");
        }
    }
}
