//! COPY and ADD.

use serde::Serialize;

use crate::error::{At as _, Error};
use crate::expand::{Empty, Lexer};
use crate::flag::{Flag, Flags, Takes};
use crate::heredoc::Heredoc;
use crate::node::Node;
use crate::problem::Problem;

/// What is copied, and where to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sources {
    /// Paths, patterns or, for ADD, URLs, in order.
    pub paths: Vec<String>,
    /// Here documents, in order; they are written after the paths.
    pub files: Vec<InlineFile>,
    /// The destination as it is written.
    pub destination: String,
}

/// A here document that becomes a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InlineFile {
    /// The document's name, and the file's where the destination is a directory.
    pub name: String,
    /// The content.
    pub content: String,
    /// Whether variables in it are expanded.
    pub expand: bool,
}

/// `COPY`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Copy {
    /// What and where to.
    pub sources: Sources,
    /// `--from`: a stage's name or index, an image, a named context.
    pub from: Option<Flag<String>>,
    /// `--chown`, read with [`Owner`](crate::Owner).
    pub chown: Option<Flag<String>>,
    /// `--chmod`, read with [`Mode`](crate::Mode).
    pub chmod: Option<Flag<String>>,
    /// `--link`.
    pub link: Option<Flag<bool>>,
    /// `--parents`.
    pub parents: Option<Flag<bool>>,
    /// `--exclude`, each occurrence; never expanded.
    pub exclude: Vec<Flag<String>>,
}

/// `ADD`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Add {
    /// What and where to.
    pub sources: Sources,
    /// `--chown`, read with [`Owner`](crate::Owner).
    pub chown: Option<Flag<String>>,
    /// `--chmod`, read with [`Mode`](crate::Mode).
    pub chmod: Option<Flag<String>>,
    /// `--link`.
    pub link: Option<Flag<bool>>,
    /// `--keep-git-dir`.
    pub keep_git_dir: Option<Flag<bool>>,
    /// `--checksum` of the one remote source.
    pub checksum: Option<Flag<String>>,
    /// `--unpack`: whether archives are unpacked. By default local ones are, remote ones are not.
    pub unpack: Option<Flag<bool>>,
    /// `--exclude`, each occurrence; never expanded.
    pub exclude: Vec<Flag<String>>,
}

impl Copy {
    pub(super) fn parse(node: &Node) -> Result<Self, Error> {
        use Takes::{Switch, Value, Values};
        enough(node, "COPY")?;
        let known = [
            ("chown", Value),
            ("from", Value),
            ("chmod", Value),
            ("link", Switch),
            ("exclude", Values),
            ("parents", Switch),
        ];
        let mut flags = Flags::of(node, "COPY", &known)?;
        let from = flags.value("from");
        check_from(from.as_ref())?;
        Ok(Self {
            sources: Sources::parse(node, "COPY").at(node.location)?,
            from: from.filter(|flag| !flag.value.is_empty()),
            chown: flags.value("chown"),
            chmod: flags.value("chmod"),
            link: flags.switch("link"),
            parents: flags.switch("parents"),
            exclude: flags.values("exclude"),
        })
    }
}

impl Add {
    pub(super) fn parse(node: &Node) -> Result<Self, Error> {
        use Takes::{Switch, Value, Values};
        enough(node, "ADD")?;
        let known = [
            ("chown", Value),
            ("chmod", Value),
            ("link", Switch),
            ("keep-git-dir", Switch),
            ("checksum", Value),
            ("unpack", Switch),
            ("exclude", Values),
        ];
        let mut flags = Flags::of(node, "ADD", &known)?;
        Ok(Self {
            sources: Sources::parse(node, "ADD").at(node.location)?,
            chown: flags.value("chown"),
            chmod: flags.value("chmod"),
            link: flags.switch("link"),
            keep_git_dir: flags.switch("keep-git-dir"),
            checksum: flags.value("checksum"),
            unpack: flags.switch("unpack"),
            exclude: flags.values("exclude"),
        })
    }
}

impl Sources {
    fn parse(node: &Node, keyword: &'static str) -> Result<Self, Problem> {
        let (destination, sources) = node.arguments.split_last().ok_or(Problem::NoDestination { keyword })?;
        if as_heredoc(destination).is_some() {
            return Err(Problem::HeredocDestination { keyword });
        }
        let mut all = Self { paths: Vec::new(), files: Vec::new(), destination: destination.clone() };
        for source in sources {
            match as_heredoc(source) {
                Some(mark) => all.files.push(InlineFile::of(mark, &node.heredocs)),
                None => all.paths.push(source.clone()),
            }
        }
        Ok(all)
    }
}

impl InlineFile {
    /// Of two documents with one name the later body counts.
    fn of(mut mark: Heredoc, bodies: &[Heredoc]) -> Self {
        if let Some(body) = bodies.iter().rev().find(|body| body.name == mark.name) {
            mark.content.clone_from(&body.content);
        }
        Self { content: mark.body(), name: mark.name, expand: mark.expand }
    }
}

fn as_heredoc(word: &str) -> Option<Heredoc> {
    Heredoc::parse(word).ok().flatten()
}

fn enough(node: &Node, keyword: &'static str) -> Result<(), Error> {
    if node.arguments.len() < 2 {
        return Err(Problem::NoDestination { keyword }).at(node.location);
    }
    Ok(())
}

/// `--from` is looked up before anything is built, so nothing in it may need expansion.
fn check_from(from: Option<&Flag<String>>) -> Result<(), Error> {
    let Some(flag) = from else { return Ok(()) };
    let word = Lexer::new('\\').process_word(&flag.value, &Empty).at(flag.location)?;
    if word.text != flag.value {
        return Err(Problem::FromVariable).at(flag.location);
    }
    Ok(())
}
