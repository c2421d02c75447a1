//! Sizes of memory: `64m`, `1.5GiB`, `100`.

/// Reads a size in bytes. Units are powers of 1024 in any case, `b` or `ib` behind them is optional, one
/// blank may stand before them. `None` if the text is no size, or negative, or too large.
pub fn parse_size(text: &str) -> Option<u64> {
    let end = text.rfind(|c: char| c.is_ascii_digit() || matches!(c, '.' | ' '))?;
    let number = if text[end..].starts_with(' ') { &text[..end] } else { &text[..=end] };
    let scale = scale(&text[end + 1..].to_lowercase())?;
    // Go reads a few more spellings of numbers here; what they have in common is a finite value.
    let value: f64 = number.parse().ok()?;
    let bytes = value * scale;
    (value >= 0.0 && bytes < 9.2e18).then_some(bytes as u64)
}

fn scale(suffix: &str) -> Option<f64> {
    let exponent = match suffix.chars().next() {
        None => return Some(1.0),
        Some('b') => return (suffix == "b").then_some(1.0),
        Some(unit) => "kmgtp".find(unit)? as i32 + 1,
    };
    matches!(&suffix[1..], "" | "b" | "ib").then(|| 1024_f64.powi(exponent))
}

#[cfg(test)]
mod tests {
    use super::parse_size;

    #[test]
    fn sizes() {
        let rows = [
            ("0", Some(0)),
            ("32", Some(32)),
            ("32b", Some(32)),
            ("32B", Some(32)),
            ("32k", Some(32 << 10)),
            ("32K", Some(32 << 10)),
            ("32kb", Some(32 << 10)),
            ("32KiB", Some(32 << 10)),
            ("1.5m", Some(3 << 19)),
            ("2 g", Some(2 << 30)),
            ("1Tb", Some(1 << 40)),
            ("1p", Some(1 << 50)),
            ("", None),
            ("k", None),
            ("32bb", None),
            ("32kx", None),
            ("32ki", None),
            ("32kibx", None),
            ("-32", None),
            ("x32", None),
            ("1  k", None),
        ];
        for (text, expected) in rows {
            assert_eq!(parse_size(text), expected, "{text}");
        }
    }
}
