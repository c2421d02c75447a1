//! Text to nodes.

use crate::directive::{self, Directives, Zone};
use crate::error::{At as _, Error};
use crate::heredoc::Heredoc;
use crate::json;
use crate::line::{Joined, Line, Lines, continued};
use crate::location::Location;
use crate::node::{FlagWord, Node};
use crate::problem::Problem;
use crate::split::{first_word, split};
use crate::word::{split_blanks, split_first, split_quoted};

/// A file as nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ast {
    /// The directives at its top.
    pub directives: Directives,
    /// The instructions in order.
    pub nodes: Vec<Node>,
    /// Instructions with blank lines between their continued lines.
    pub empty_continuations: Vec<Location>,
}

impl Ast {
    /// Reads a file. Every instruction is split by its own rules, but what the words mean is not looked at:
    /// unknown instructions pass.
    pub fn parse(source: &[u8]) -> Result<Self, Error> {
        let mut parser = Parser { lines: Lines::new(source), zone: Zone::default(), ast: Self::default() };
        parser.run()?;
        let text = String::from_utf8_lossy(source);
        parser.ast.directives.syntax = directive::detect_syntax(&text);
        parser.ast.directives.check = directive::detect_check(&text);
        if parser.ast.nodes.is_empty() {
            return Err(Problem::NoInstructions.at(Location::line(parser.lines.number.max(1))));
        }
        Ok(parser.ast)
    }
}

struct Parser<'a> {
    lines: Lines<'a>,
    zone: Zone,
    ast: Ast,
}

impl Parser<'_> {
    fn run(&mut self) -> Result<(), Error> {
        let mut comments = Vec::new();
        while let Some(line) = self.lines.read()? {
            if line.is_comment() {
                self.comment(&line, &mut comments)?;
                continue;
            }
            self.directive(line.trimmed().trim_start(), line.number)?;
            if line.trimmed().trim_start().is_empty() {
                continue;
            }
            self.instruction(&line, std::mem::take(&mut comments))?;
        }
        Ok(())
    }

    /// Keeps a comment for the instruction below. An empty comment separates it from those above.
    fn comment(&mut self, line: &Line<'_>, comments: &mut Vec<String>) -> Result<(), Error> {
        if self.directive(line.trimmed().trim_start(), line.number)? {
            return Ok(());
        }
        // Only the first character goes, so an indented comment keeps its `#`; BuildKit does the same.
        let mut text = line.text.chars();
        text.next();
        match text.as_str().trim() {
            "" => comments.clear(),
            text => comments.push(text.to_owned()),
        }
        Ok(())
    }

    fn directive(&mut self, line: &str, number: usize) -> Result<bool, Error> {
        let Some((key, value)) = self.zone.read(line, "#", number)? else { return Ok(false) };
        if key == "escape" {
            self.ast.directives.escape = directive::escape(&value, number)?;
        }
        Ok(true)
    }

    fn instruction(&mut self, first: &Line<'_>, comments: Vec<String>) -> Result<(), Error> {
        let start = first.number;
        let joined = self.join(first)?;
        let location = Location::new(start, self.lines.number);
        let splitter = Splitter { joined: &joined, escape: self.ast.directives.escape, location };
        let mut node = splitter.node(&joined.text, 0, 0).at(location)?;
        node.comments = comments;
        if node.may_have_heredocs() && joined.text.contains("<<") {
            for heredoc in Heredoc::announced(&joined.text).at(location)? {
                node.heredocs.push(self.body(heredoc, start)?);
            }
        }
        node.location = Location::new(start, self.lines.number);
        self.ast.nodes.push(node);
        Ok(())
    }

    /// Joins a line with those that continue it.
    fn join(&mut self, first: &Line<'_>) -> Result<Joined, Error> {
        let escape = self.ast.directives.escape;
        let mut joined = Joined::default();
        let text = first.checked()?.trim_end_matches(['\r', '\n']).trim_start();
        let mut open = join(&mut joined, first.number, text, escape);
        let mut empty = false;
        while open {
            let Some(line) = self.lines.read()? else { break };
            if line.is_comment() {
                continue;
            }
            let text = line.checked()?.trim_end_matches(['\r', '\n']);
            if text.trim_start().is_empty() {
                empty = true;
                continue;
            }
            open = join(&mut joined, line.number, text, escape);
        }
        if empty {
            self.ast.empty_continuations.push(Location::new(first.number, self.lines.number));
        }
        Ok(joined)
    }

    /// Reads the body of a here document. Nothing in it is a comment or a continuation.
    fn body(&mut self, mut heredoc: Heredoc, start: usize) -> Result<Heredoc, Error> {
        while let Some(line) = self.lines.read()? {
            let text = line.checked()?;
            if heredoc.ends_at(text) {
                return Ok(heredoc);
            }
            heredoc.content.push_str(text);
        }
        let location = Location::new(start, self.lines.number);
        Err(Problem::UnterminatedHeredoc { name: heredoc.name }.at(location))
    }
}

/// Adds a line, and says whether it continues on the next.
fn join(joined: &mut Joined, number: usize, text: &str, escape: char) -> bool {
    let open = continued(text, escape);
    joined.push(number, open.unwrap_or(text));
    open.is_some()
}

/// How many ONBUILD may follow each other before the line is refused here. More than one is refused in any
/// case, but only when the instruction is given its meaning.
const MOST_TRIGGERS: usize = 8;

/// Splits one logical line.
struct Splitter<'a> {
    joined: &'a Joined,
    escape: char,
    location: Location,
}

impl Splitter<'_> {
    /// `line` is the part of the joined line that begins at `base`, below `depth` ONBUILD.
    fn node(&self, line: &str, base: usize, depth: usize) -> Result<Node, Problem> {
        if depth > MOST_TRIGGERS {
            return Err(Problem::OnbuildChained);
        }
        let parts = split(line, self.escape);
        let flags = parts.flags.into_iter().map(|(text, from, to)| {
            let location = Location::new(self.joined.line_of(base + from), self.joined.line_of(base + to));
            FlagWord { text, location }
        });
        let mut node = Node {
            keyword: parts.keyword.to_owned(),
            flags: flags.collect(),
            arguments: Vec::new(),
            json: false,
            trigger: None,
            heredocs: Vec::new(),
            original: line.to_owned(),
            location: self.location,
            comments: Vec::new(),
        };
        if node.keyword.eq_ignore_ascii_case("onbuild") {
            if !parts.arguments.is_empty() {
                node.trigger = Some(Box::new(self.node(parts.arguments, base + parts.offset, depth + 1)?));
            }
        } else {
            (node.arguments, node.json) = arguments(parts.keyword, parts.arguments, self.escape)?;
        }
        Ok(node)
    }
}

/// Splits the arguments by the rule of the keyword; says whether they were JSON.
fn arguments(keyword: &str, text: &str, escape: char) -> Result<(Vec<String>, bool), Problem> {
    let list = match keyword.to_ascii_lowercase().as_str() {
        "add" | "copy" | "volume" => return json_or(text, |text| non_empty(text, split_blanks)),
        "cmd" | "entrypoint" | "run" | "shell" => return json_or(text, whole),
        "healthcheck" => return healthcheck(text),
        "env" => pairs("ENV", text, escape)?,
        "label" => pairs("LABEL", text, escape)?,
        "arg" => split_quoted(text, escape),
        "expose" | "from" => non_empty(text, split_blanks),
        "maintainer" | "stopsignal" | "user" | "workdir" => whole(text),
        // An unknown instruction; its words are not looked at.
        _ => vec![String::new()],
    };
    Ok((list, false))
}

fn whole(text: &str) -> Vec<String> {
    non_empty(text, |text| vec![text.to_owned()])
}

fn non_empty(text: &str, split: impl FnOnce(&str) -> Vec<String>) -> Vec<String> {
    if text.is_empty() { Vec::new() } else { split(text) }
}

fn json_or(text: &str, other: impl FnOnce(&str) -> Vec<String>) -> Result<(Vec<String>, bool), Problem> {
    Ok(match json::array(text)? {
        Some(list) => (list, true),
        None => (other(text), false),
    })
}

/// A type, then a command.
fn healthcheck(text: &str) -> Result<(Vec<String>, bool), Problem> {
    let (kind, rest) = first_word(text);
    if kind.is_empty() {
        return Ok((Vec::new(), false));
    }
    let (command, json) = json_or(rest, whole)?;
    Ok((std::iter::once(kind.to_owned()).chain(command).collect(), json))
}

/// `name=value` pairs, or the old form `name rest of the line`; three words a pair.
fn pairs(keyword: &'static str, text: &str, escape: char) -> Result<Vec<String>, Problem> {
    let words = split_quoted(text, escape);
    let Some(first) = words.first() else { return Ok(Vec::new()) };
    if !first.contains('=') {
        let (name, value) = split_first(text).ok_or(Problem::NoValue { keyword })?;
        return Ok(vec![name.to_owned(), value.to_owned(), String::new()]);
    }
    let mut triples = Vec::with_capacity(words.len() * 3);
    for word in words {
        let Some((name, value)) = word.split_once('=') else { return Err(Problem::NoEquals { word }) };
        triples.extend([name.to_owned(), value.to_owned(), "=".to_owned()]);
    }
    Ok(triples)
}

#[cfg(test)]
mod tests;
