//! Own rows for the lexer; the results are those of BuildKit's.

use super::{Empty, Environment as _, Fault, Lexer, Variables};

fn variables() -> Variables {
    Variables::from_pairs([
        "A=abc",
        "E=",
        "P=/usr/lib/x.tar.gz",
        "S=one  two",
        "U=été",
        "L=l1\nl2",
        "D=a.b.a",
    ])
}

/// The text with the escape character `\`; `!` for an error.
fn word(text: &str) -> String {
    Lexer::new('\\').process_word(text, &variables()).map_or_else(|_| "!".to_owned(), |word| word.text)
}

#[test]
fn quotes_and_escapes() {
    let rows = [
        ("plain text", "plain text"),
        ("'single $A \\'", "single $A \\"),
        ("\"double $A \\$A \\\" \\x \\\\\"", "double abc $A \" \\x \\"),
        ("a\\ b\\$A\\'", "a b$A'"),
        ("end\\", "end"),
        ("''\"\"", ""),
        ("'open", "!"),
        ("\"open", "!"),
        ("\"open\\\"", "!"),
        ("it's", "!"),
        ("a<<b < c", "a<<b < c"),
        ("\u{feff}a", "a"),
    ];
    for (text, expected) in rows {
        assert_eq!(word(text), expected, "{text}");
    }
    let backtick = Lexer::new('`');
    assert_eq!(backtick.process_word("C:\\dir`$A", &variables()).expect("valid").text, "C:\\dir$A");
}

#[test]
fn references() {
    let rows = [
        ("$A${A}x", "abcabcx"),
        ("$Ax", ""),
        ("$A.x", "abc.x"),
        ("$U", "été"),
        ("$1A$?", "A"),
        ("$", "$"),
        ("$ $%", "$ $%"),
        ("${}", "!"),
        ("${:-a}", "!"),
        ("${{A}}", "!"),
        ("${A", "!"),
        ("${A!x}", "!"),
        ("${A:x}", "!"),
    ];
    for (text, expected) in rows {
        assert_eq!(word(text), expected, "{text}");
    }
}

#[test]
fn defaults_and_alternatives() {
    let rows = [
        ("${A-x}${A:-x}", "abcabc"),
        ("${E-x}|${E:-x}", "|x"),
        ("${N-x}|${N:-x}", "x|x"),
        ("${N:-${M:-$A}}", "abc"),
        ("${N:-'a b' \"$A\"}", "a b abc"),
        ("${N:-a\\}b}", "a}b"),
        ("${A+x}${A:+x}", "xx"),
        ("${E+x}|${E:+x}", "x|"),
        ("${N+x}|${N:+x}", "|"),
        ("${A?no}${A:?no}", "abcabc"),
        ("${E?no}", ""),
        ("${E:?no}", "!"),
        ("${N?no}", "!"),
        ("${N:-", "!"),
    ];
    for (text, expected) in rows {
        assert_eq!(word(text), expected, "{text}");
    }
}

#[test]
fn prefixes_and_suffixes() {
    let rows = [
        ("${P#*/}", "usr/lib/x.tar.gz"),
        ("${P##*/}", "x.tar.gz"),
        ("${P%.*}", "/usr/lib/x.tar"),
        ("${P%%.*}", "/usr/lib/x"),
        ("${P#nothing}", "/usr/lib/x.tar.gz"),
        ("${A#?}${A%?}", "bcab"),
        ("${U#é}${U%é}", "téét"),
        ("${A#$A}", ""),
        ("${A#\\*}${A%\\\\}", "abcabc"),
        ("${A#\\a}", "!"),
        ("${A:#a}", "!"),
        ("${A:%a}", "!"),
        ("${L##*}", "\nl2"),
        ("${N#x}", ""),
    ];
    for (text, expected) in rows {
        assert_eq!(word(text), expected, "{text}");
    }
}

#[test]
fn replacements() {
    let rows = [
        ("${D/a/x}", "x.b.a"),
        ("${D//a/x}", "x.b.x"),
        ("${D//./\\/}", "a\\/b\\/a"),
        ("${P/\\/usr/}", "/lib/x.tar.gz"),
        ("${P//[/x}", "/usr/lib/x.tar.gz"),
        ("${A/b*/$A}", "aabc"),
        ("${D//?b/-}", "a-.a"),
        ("${A//b/<'$0$$'$$>}", "a<b$>c"),
        ("${A/b/'$0'}", "a$0c"),
        ("${A///-}", "-a-b-c-"),
        ("${A/b}", "!"),
        ("${A/b/", "!"),
        ("${A/\\b/x}", "!"),
    ];
    for (text, expected) in rows {
        assert_eq!(word(text), expected, "{text}");
    }
}

#[test]
fn splitting_comes_after_expansion() {
    let rows: [(&str, &[&str]); 9] = [
        ("a b", &["a", "b"]),
        ("  a\t\"b c\" ", &["a", "b c"]),
        ("x$S\"$S\"y", &["xone", "twoone  twoy"]),
        ("$E a", &["a"]),
        ("'' a", &["a"]),
        ("a\\ b", &["a b"]),
        ("a<< b c", &["a<< b", "c"]),
        ("", &[]),
        // What stands before a nested word is lost, as in BuildKit.
        ("8${N:-080}", &["080"]),
    ];
    for (text, expected) in rows {
        let seen = Lexer::new('\\').process_words(text, &variables()).expect(text);
        assert_eq!(seen, expected, "{text}");
    }
}

#[test]
fn what_is_kept_on_request() {
    let lexer = Lexer::new('\\').keep_quotes(true).keep_escapes(true).keep_unset(true);
    let text = "'a' \"$A\\\"\" \\x $N ${N} ${N:-y} ${N#y} ${N/y/z}";
    let seen = lexer.process_word(text, &variables()).expect("valid").text;
    assert_eq!(seen, "'a' \"abc\\\"\" \\x $N ${N} ${N:-y} ${N#y} ${N/y/z}");
    let body = Lexer::for_heredoc().process_word("it's \"$A\" \\$A ${N:-x}\n", &variables()).expect("valid");
    assert_eq!(body.text, "it's \"abc\" $A x\n");
}

#[test]
fn used_and_undefined_variables_are_reported() {
    let seen = Lexer::new('\\').process_word("$A ${N:-$M} ${E:+$O}", &variables()).expect("valid");
    assert_eq!(seen.used.into_iter().collect::<Vec<_>>(), ["A", "E"]);
    assert_eq!(seen.undefined.into_iter().collect::<Vec<_>>(), ["M", "N", "O"]);
}

#[test]
fn errors_say_which_word_and_why() {
    let error = Lexer::new('\\').process_word("${N:?tell me}", &Empty).expect_err("unset");
    assert_eq!(error.fault, Fault::Required { name: "N".into(), message: "tell me".into() });
    assert_eq!(error.to_string(), "failed to process \"${N:?tell me}\": N: tell me");
    let error = Lexer::new('\\').process_word("${E:?}", &variables()).expect_err("empty");
    assert_eq!(error.to_string(), "failed to process \"${E:?}\": E: is not allowed to be empty");
}

#[test]
fn patterns_with_many_stars_are_quick() {
    let variables = Variables::from_iter([("V", "a".repeat(2000))]);
    let pattern = "*a".repeat(200);
    let seen = Lexer::new('\\').process_word(&format!("${{V#{pattern}b}}"), &variables).expect("valid");
    assert_eq!(seen.text.len(), 2000);
}

#[test]
fn variables_keep_their_order() {
    let mut variables = Variables::from_pairs(["B=1", "A=2", "C"]);
    variables.set("B", "3");
    variables.set("D", "4");
    variables.remove("A");
    assert_eq!(variables.to_pairs(), ["B=3", "C=", "D=4"]);
    assert_eq!((variables.get("C"), variables.get("A")), (Some(""), None));
}

#[test]
fn nesting_ends() {
    let nested = |depth: usize| format!("{}x{}", "${N:-".repeat(depth), "}".repeat(depth));
    assert_eq!(word(&nested(100)), "x");
    for text in [nested(101), nested(100_000), "${N:-".repeat(100_000), "\"${N/".repeat(100_000)] {
        let error = Lexer::new('\\').process_word(&text, &Empty).expect_err("nested too deeply");
        assert_eq!(error.fault, Fault::TooDeep(100));
    }
}

#[test]
fn doubling_ends() {
    let mut variables = Variables::from_pairs(["A=0123456789abcdef"]);
    let error = (0..40).find_map(|_| match Lexer::new('\\').process_word("$A$A", &variables) {
        Ok(word) => {
            variables.set("A", &word.text);
            None
        }
        Err(error) => Some(error.fault),
    });
    assert_eq!(error, Some(Fault::TooLong(4 << 20)));
}

/// A fuzzer found this: each level multiplies.
#[test]
fn replacements_in_replacements_end() {
    let variables = Variables::from_pairs([format!("V={}", "a".repeat(300)).as_str()]);
    let nested = (0..8).fold("x".to_owned(), |inner, _| format!("${{V///{inner}}}"));
    let started = std::time::Instant::now();
    let error = Lexer::new('\\').process_word(&nested, &variables).expect_err("too long");
    assert_eq!(error.fault, Fault::TooLong(4 << 20));
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

/// Each of these took the square of the length, or worse.
#[test]
fn patterns_take_time_for_each_character_once() {
    let variables = Variables::from_pairs([format!("V={}", "a".repeat(60_000)).as_str()]);
    let started = std::time::Instant::now();
    for text in ["${V/*a*a*b/x}", "${V//*a?*b/x}", "${V//b/x}", "${V%%*b}", "${V##*b*b}", "${V%*a*b*a}"] {
        Lexer::new('\\').process_word(text, &variables).expect("a value");
    }
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}
