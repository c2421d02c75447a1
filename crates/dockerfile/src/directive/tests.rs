//! Where directives are found and where not.

use super::{Directive, detect_check, detect_syntax};
use crate::location::Location;

fn found(value: &str, line: usize) -> Directive {
    Directive { value: value.into(), location: Location::line(line) }
}

#[test]
fn forms_of_syntax() {
    let rows = [
        ("# syntax=a/b:1\nFROM x", Some(found("a/b:1", 1))),
        ("#syntax = a/b:1 more\r\nFROM x", Some(found("a/b:1", 1))),
        ("#   SynTax=a\n", Some(found("a", 1))),
        ("\u{feff}# syntax=a\n", Some(found("a", 1))),
        ("# escape=`\n# syntax=a\n", Some(found("a", 2))),
        ("#!/bin/x\n# syntax=a\n", Some(found("a", 2))),
        ("// syntax=a\n", Some(found("a", 1))),
        ("{\"syntax\": \"a\", \"x\": 1}", Some(found("a", 1))),
        ("\n# syntax=a\n", None),
        ("# a comment\n# syntax=a\n", None),
        ("# other=1\n# syntax=a\n", None),
        (" # syntax=a\n", None),
        ("FROM x\n# syntax=a\n", None),
        ("# syntax=\nFROM x", None),
    ];
    for (source, expected) in rows {
        assert_eq!(detect_syntax(source), expected, "{source:?}");
    }
}

#[test]
fn check_has_one_form() {
    assert_eq!(detect_check("# check=skip=A,B;error=true\n"), Some(found("skip=A,B;error=true", 1)));
    assert_eq!(detect_check("// check=skip=all\n"), None);
}
