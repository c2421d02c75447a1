//! YAML as a tree whose scalars know their place.

use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, Span};

use crate::{Error, Result};

/// Deeper than any manifest or custom resource definition; the tree is walked by recursion.
const MAX_DEPTH: usize = 128;

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    /// `|` or `>`.
    Block,
    /// Elsewhere: this is an alias of it.
    Alias,
}

/// A node, with the line on which it begins.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) line: usize,
    pub(super) value: Value,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    Scalar(Scalar),
    Sequence(Vec<Node>),
    Mapping(Vec<(Node, Node)>),
    /// An alias of a mapping or a sequence.
    Alias,
}

#[derive(Clone, Debug)]
pub(super) struct Scalar {
    pub(super) text: String,
    pub(super) style: Style,
    pub(super) span: Range<usize>,
}

impl Node {
    /// The value of `key`, if this is a mapping that has it.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        let Value::Mapping(entries) = &self.value else { return None };
        entries.iter().find(|(name, _)| name.text() == Some(key)).map(|(_, value)| value)
    }

    /// The text of a scalar.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(scalar) => Some(&scalar.text),
            _ => None,
        }
    }

    /// The items of a sequence, none for anything else.
    pub(super) fn items(&self) -> &[Self] {
        match &self.value {
            Value::Sequence(items) => items,
            _ => &[],
        }
    }
}

/// Reads every document of a stream. Empty documents count, and are absent from the result.
pub(super) fn parse(name: &str, text: &str) -> Result<Vec<(usize, Node)>> {
    let mut builder =
        Builder { name, text, open: Vec::new(), roots: Vec::new(), scalars: HashMap::new(), document: 0 };
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| Error::Yaml {
            source_name: name.to_owned(),
            line: error.marker().line(),
            problem: error.to_string(),
        })?;
        builder.take(event, span)?;
    }
    Ok(builder.roots)
}

/// The tree under construction; the stack holds the collections that are still open.
struct Builder<'a> {
    name: &'a str,
    text: &'a str,
    open: Vec<Open>,
    roots: Vec<(usize, Node)>,
    scalars: HashMap<usize, String>,
    document: usize,
}

enum Open {
    Sequence { line: usize, items: Vec<Node> },
    Mapping { line: usize, entries: Vec<(Node, Node)>, key: Option<Node> },
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<()> {
        let line = span.start.line();
        match event {
            Event::DocumentStart(..) => {
                self.document += 1;
                self.scalars.clear();
            }
            Event::SequenceStart(..) => self.push(line, Open::Sequence { line, items: Vec::new() })?,
            Event::MappingStart(..) => {
                self.push(line, Open::Mapping { line, entries: Vec::new(), key: None })?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close()?,
            Event::Scalar(text, style, anchor, _) => {
                if anchor > 0 {
                    self.scalars.insert(anchor, text.to_string());
                }
                let scalar = self.scalar(&text, style, line, span)?;
                self.place(Node { line, value: Value::Scalar(scalar) })?;
            }
            Event::Alias(anchor) => {
                let value = match self.scalars.get(&anchor) {
                    Some(text) => {
                        Value::Scalar(Scalar { text: text.clone(), style: Style::Alias, span: 0..0 })
                    }
                    None => Value::Alias,
                };
                self.place(Node { line, value })?;
            }
            _ => {}
        }
        Ok(())
    }

    fn scalar(&self, text: &str, style: ScalarStyle, line: usize, span: Span) -> Result<Scalar> {
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted => Style::SingleQuoted,
            ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
            ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
        };
        let span = span.byte_range().filter(|span| self.text.get(span.clone()).is_some());
        let span =
            span.ok_or_else(|| self.form(line, "its place in the text is unknown", "write plain UTF-8"))?;
        Ok(Scalar { text: text.to_owned(), style, span })
    }

    fn push(&mut self, line: usize, open: Open) -> Result<()> {
        if self.open.len() >= MAX_DEPTH {
            return Err(self.form(line, "too many levels", "no manifest is so deep"));
        }
        self.open.push(open);
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        let node = match self.open.pop() {
            Some(Open::Sequence { line, items }) => Node { line, value: Value::Sequence(items) },
            Some(Open::Mapping { line, entries, .. }) => Node { line, value: Value::Mapping(entries) },
            // The parser closes only what it opened.
            None => return Ok(()),
        };
        self.place(node)
    }

    /// Puts a finished node where it belongs: into the innermost open collection.
    fn place(&mut self, node: Node) -> Result<()> {
        let line = node.line;
        match self.open.last_mut() {
            None => self.roots.push((self.document, node)),
            Some(Open::Sequence { items, .. }) => items.push(node),
            Some(Open::Mapping { entries, key, .. }) => match key.take() {
                None => *key = Some(node),
                Some(name) if duplicate(entries, &name) => {
                    let problem = format!("the key `{}` is there twice", name.text().unwrap_or_default());
                    return Err(self.form(line, problem, "readers differ about which one counts: keep one"));
                }
                Some(name) => entries.push((name, node)),
            },
        }
        Ok(())
    }

    fn form(&self, line: usize, problem: impl Into<String>, cure: &'static str) -> Error {
        Error::Form { source_name: self.name.to_owned(), line, problem: problem.into(), cure }
    }
}

fn duplicate(entries: &[(Node, Node)], name: &Node) -> bool {
    name.text().is_some()
        && name.text() != Some("<<")
        && entries.iter().any(|(other, _)| other.text() == name.text())
}
