//! Durations as Go writes them: `1h15m30.918s`, `-1.5h`, `300ms`.

use thiserror::Error;

/// A text that is not a duration.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("invalid duration {text:?}{}", if *.unit_missing { ": missing unit" } else { "" })]
pub struct DurationError {
    /// The text.
    pub text: String,
    /// Whether only a unit is missing.
    pub unit_missing: bool,
}

/// The units and their length in nanoseconds.
const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Reads a duration as nanoseconds: an optional sign, then numbers with a unit each; `0` needs none.
pub fn parse(text: &str) -> Result<i64, DurationError> {
    let invalid = |unit_missing| DurationError { text: text.to_owned(), unit_missing };
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid(false));
    }
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let (number, after) = split(rest, |c| c.is_ascii_digit() || c == '.');
        let (unit, after) = split(after, |c| !c.is_ascii_digit() && c != '.');
        if !number.is_empty() && unit.is_empty() {
            return Err(invalid(true));
        }
        let scale = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, scale)| *scale);
        let part = scale.and_then(|scale| nanoseconds(number, scale));
        total = part.and_then(|part| total.checked_add(part)).ok_or_else(|| invalid(false))?;
        rest = after;
    }
    match (i64::try_from(total), negative) {
        (Ok(value), true) => Ok(-value),
        (Ok(value), false) => Ok(value),
        (Err(_), true) if total == 1 << 63 => Ok(i64::MIN),
        (Err(_), _) => Err(invalid(false)),
    }
}

fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

#[expect(clippy::cast_precision_loss, reason = "Go computes in floating point too")]
/// `number` of `scale` nanoseconds each; what is below a nanosecond is dropped.
fn nanoseconds(number: &str, scale: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return None;
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let (mut digits, mut divisor) = (0_u64, 1_f64);
    for digit in fraction.bytes() {
        let next = digits.checked_mul(10).and_then(|tens| tens.checked_add(u64::from(digit - b'0')));
        // Digits beyond what 63 bits hold are dropped.
        let Some(next) = next.filter(|next| *next <= 1 << 63) else { break };
        (digits, divisor) = (next, divisor * 10.0);
    }
    // In floating point, as Go does it, so that the last digit agrees.
    let part = (digits as f64 * (scale as f64 / divisor)) as u64;
    whole.checked_mul(scale)?.checked_add(part)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn durations() {
        let rows = [
            ("0", Some(0)),
            ("5s", Some(5_000_000_000)),
            ("1m30s", Some(90_000_000_000)),
            ("1.5h", Some(5_400_000_000_000)),
            (".5s", Some(500_000_000)),
            ("1.s", Some(1_000_000_000)),
            ("-2ms", Some(-2_000_000)),
            ("+3us", Some(3_000)),
            ("4µs", Some(4_000)),
            ("0.3333333333333333333h", Some(1_200_000_000_000)),
            ("9223372036854775807ns", Some(i64::MAX)),
            ("-9223372036854775808ns", Some(i64::MIN)),
            ("9223372036854775808ns", None),
            ("3000000h", None),
            ("", None),
            ("-", None),
            ("5", None),
            ("s", None),
            (".s", None),
            ("1.2.3s", None),
            ("1d", None),
            ("1 s", None),
            ("1S", None),
        ];
        for (text, expected) in rows {
            assert_eq!(parse(text).ok(), expected, "{text}");
        }
        assert!(parse("5").expect_err("no unit").unit_missing);
    }
}
