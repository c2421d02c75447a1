//! Any text as a word with variables.
#![no_main]

use ktrust_dockerfile::Variables;
use ktrust_dockerfile::expand::Lexer;
use libfuzzer_sys::fuzz_target;

fn check(data: &[u8]) {
    let (word, value) = ktrust_fuzz::two(data);
    let variables = Variables::from_pairs(["A=a b", "B=", "ABC=abcabc\nabc"]);
    let mut variables = variables;
    variables.set("V", &value);
    for escape in ['\\', '`'] {
        let lexer = Lexer::new(escape);
        for lexer in [
            lexer,
            lexer.keep_quotes(true),
            lexer.keep_escapes(true),
            lexer.keep_unset(true),
            lexer.keep_quotes(true).keep_escapes(true).keep_unset(true),
            Lexer::for_heredoc(),
        ] {
            let processed = lexer.process_word(&word, &variables);
            let words = lexer.process_words(&word, &variables);
            assert_eq!(processed.as_ref().map(|processed| &processed.words), words.as_ref());
            if let Err(error) = processed {
                let _ = error.to_string();
            }
        }
        // What has no special character is what it is.
        if !word.contains(['$', '\'', '"', '\\', '`', '<', '\u{feff}']) {
            assert_eq!(lexer.process_word(&word, &variables).map(|word| word.text), Ok(word.clone()));
        }
    }
}

fuzz_target!(|data: &[u8]| check(data));
