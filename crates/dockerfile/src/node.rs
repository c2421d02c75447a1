//! One instruction as the parser leaves it: words, not yet meanings.

use serde::Serialize;

use crate::heredoc::Heredoc;
use crate::location::Location;

/// A word `--name` or `--name=value`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FlagWord {
    /// The word with its dashes, without quotes and escapes.
    pub text: String,
    /// The lines of the word.
    pub location: Location,
}

/// An instruction as words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Node {
    /// The keyword as it is written.
    pub keyword: String,
    /// The flags in order.
    pub flags: Vec<FlagWord>,
    /// The arguments. ENV and LABEL have three a variable: name, value, and `=` or nothing (old form).
    pub arguments: Vec<String>,
    /// Whether the arguments were a JSON array.
    pub json: bool,
    /// The instruction under ONBUILD.
    pub trigger: Option<Box<Node>>,
    /// The here documents, in order. Those of a trigger belong to its ONBUILD.
    pub heredocs: Vec<Heredoc>,
    /// The line, joined where it was continued.
    pub original: String,
    /// The lines, those of here documents included.
    pub location: Location,
    /// The comments right above, without their `#`.
    pub comments: Vec<String>,
}

impl Node {
    /// Whether here documents are looked for: in ADD, COPY and RUN, also under ONBUILD, never in JSON form.
    pub(crate) fn may_have_heredocs(&self) -> bool {
        let node = self.trigger.as_deref().filter(|_| self.is("onbuild")).unwrap_or(self);
        !node.json && (node.is("add") || node.is("copy") || node.is("run"))
    }

    fn is(&self, keyword: &str) -> bool {
        self.keyword.eq_ignore_ascii_case(keyword)
    }
}
