//! Booleans as Go's `strconv.ParseBool` reads them.

/// Reads `1 t T TRUE true True 0 f F FALSE false False`; `None` for anything else.
pub fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}
