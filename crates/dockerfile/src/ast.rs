//! Nodes as text: the s-expressions that BuildKit's parser dumps.

use std::fmt::Write as _;

use crate::node::Node;
pub use crate::parser::Ast;

/// Writes the file as s-expressions, one instruction a line.
pub fn dump(ast: &Ast) -> String {
    let lines: Vec<String> = ast.nodes.iter().map(|node| format!("({})", expression(node))).collect();
    lines.join("\n")
}

fn expression(node: &Node) -> String {
    let mut text = node.keyword.to_lowercase();
    if !node.flags.is_empty() {
        let flags: Vec<String> = node.flags.iter().map(|flag| quote(&flag.text)).collect();
        let _ = write!(text, " [{}]", flags.join(" "));
    }
    if let Some(trigger) = &node.trigger {
        let _ = write!(text, " ({})", expression(trigger));
    }
    for argument in &node.arguments {
        text.push(' ');
        text += &quote(argument);
    }
    text.trim().to_owned()
}

/// Quotes as Go's `strconv.Quote` does.
fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\x07' => quoted += "\\a",
            '\x08' => quoted += "\\b",
            '\x0c' => quoted += "\\f",
            '\n' => quoted += "\\n",
            '\r' => quoted += "\\r",
            '\t' => quoted += "\\t",
            '\x0b' => quoted += "\\v",
            ' '..='~' => quoted.push(character),
            printable if !printable.is_ascii() && is_printable(printable) => quoted.push(printable),
            escaped => {
                let _ = match u32::from(escaped) {
                    code @ ..=0x7f => write!(quoted, "\\x{code:02x}"),
                    code @ ..=0xffff => write!(quoted, "\\u{code:04x}"),
                    code => write!(quoted, "\\U{code:08x}"),
                };
            }
        }
    }
    quoted.push('"');
    quoted
}

/// Letters, marks, numbers, punctuation and symbols; no blanks but the ordinary one.
fn is_printable(character: char) -> bool {
    // Rust's debug form escapes what cannot be printed; the letter keeps combining marks from being first.
    !character.is_whitespace() && !format!("a{character}").escape_debug().to_string().contains("\\u{")
}

#[cfg(test)]
mod tests {
    use super::{Ast, dump, quote};

    #[test]
    fn quoting() {
        for (text, expected) in [
            ("a \"b\" \\", r#""a \"b\" \\""#),
            ("\t\x01\x7f", r#""\t\x01\x7f""#),
            ("é한\u{301}", "\"é한\u{301}\""),
            ("\u{a0}\u{200b}", r#""\u00a0\u200b""#),
        ] {
            assert_eq!(quote(text), expected);
        }
    }

    /// Instruction, then its s-expression.
    #[test]
    fn expressions() {
        let rows = [
            ("FROM a AS b", r#"(from "a" "AS" "b")"#),
            ("COPY --link --from=a b c", r#"(copy ["--link" "--from=a"] "b" "c")"#),
            ("RUN [\"a\", \"b\"]", r#"(run "a" "b")"#),
            ("RUN ['a']", r#"(run "['a']")"#),
            ("CMD []", "(cmd)"),
            ("ENV A=1 B=\"x y\"", r#"(env "A" "1" "=" "B" "\"x y\"" "=")"#),
            ("LABEL a b c", r#"(label "a" "b c" "")"#),
            ("ARG A B=1", r#"(arg "A" "B=1")"#),
            ("HEALTHCHECK --retries=3 CMD x y", r#"(healthcheck ["--retries=3"] "CMD" "x y")"#),
            ("onBuild Run a b", r#"(onbuild (run "a b"))"#),
            ("ONBUILD", "(onbuild)"),
            ("VOLUME /a  /b", r#"(volume "/a" "/b")"#),
        ];
        for (source, expected) in rows {
            assert_eq!(dump(&Ast::parse(source.as_bytes()).expect(source)), expected);
        }
    }
}
