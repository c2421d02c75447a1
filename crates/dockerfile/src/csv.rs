//! One record of comma-separated values, as `--mount` and `--secret` are written.

use thiserror::Error;

/// A record that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CsvError {
    /// No text.
    #[error("no fields")]
    Empty,
    /// A quote inside a field that does not begin with one.
    #[error("bare \" in non-quoted field")]
    BareQuote,
    /// A quoted field that is not closed, or is followed by something else than a comma.
    #[error("extraneous or missing \" in quoted-field")]
    Quote,
}

/// Splits a record. A field in double quotes may hold commas, and a quote written twice.
pub fn fields(record: &str) -> Result<Vec<String>, CsvError> {
    let record = record.strip_suffix('\n').map_or(record, |line| line.strip_suffix('\r').unwrap_or(line));
    if record.is_empty() {
        return Err(CsvError::Empty);
    }
    let mut fields = Vec::new();
    let mut rest = Some(record);
    while let Some(text) = rest {
        let (field, after) = match text.strip_prefix('"') {
            Some(quoted) => quoted_field(quoted)?,
            None => plain_field(text)?,
        };
        fields.push(field);
        rest = after;
    }
    Ok(fields)
}

fn plain_field(text: &str) -> Result<(String, Option<&str>), CsvError> {
    let (field, rest) = text.split_once(',').map_or((text, None), |(field, rest)| (field, Some(rest)));
    if field.contains('"') {
        return Err(CsvError::BareQuote);
    }
    Ok((field.to_owned(), rest))
}

fn quoted_field(mut text: &str) -> Result<(String, Option<&str>), CsvError> {
    let mut field = String::new();
    loop {
        let (part, rest) = text.split_once('"').ok_or(CsvError::Quote)?;
        field.push_str(part);
        match rest.chars().next() {
            None => return Ok((field, None)),
            Some(',') => return Ok((field, Some(&rest[1..]))),
            Some('"') => field.push('"'),
            Some(_) => return Err(CsvError::Quote),
        }
        text = &rest[1..];
    }
}

#[cfg(test)]
mod tests {
    use super::{CsvError, fields};

    #[test]
    fn records() {
        let rows: [(&str, Result<&[&str], CsvError>); 10] = [
            ("a", Ok(&["a"])),
            ("a,b=c", Ok(&["a", "b=c"])),
            ("a,,", Ok(&["a", "", ""])),
            ("\"a,b\",c", Ok(&["a,b", "c"])),
            ("\"a\"\"b\"", Ok(&["a\"b"])),
            (" a, b\r\n", Ok(&[" a", " b"])),
            ("", Err(CsvError::Empty)),
            ("a=\"b\"", Err(CsvError::BareQuote)),
            ("\"a", Err(CsvError::Quote)),
            ("\"a\"b", Err(CsvError::Quote)),
        ];
        for (record, expected) in rows {
            let expected = expected.map(|list| list.iter().map(ToString::to_string).collect());
            assert_eq!(fields(record), expected, "{record}");
        }
    }
}
