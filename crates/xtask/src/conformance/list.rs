//! The list of the cases that kbuild does not pass: `docs/conformance.md`, which people read too.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, ensure};

use crate::shell::repository;

/// Path in the repository.
const PAGE: &str = "docs/conformance.md";

/// Reasons by case.
#[derive(Debug, Default)]
pub(super) struct List {
    /// Cases that must fail: one that passes has to leave the list.
    pub(super) differs: BTreeMap<String, String>,
    /// Cases that cannot be right where the corpus was copied without its links; elsewhere they may pass.
    pub(super) incomplete: BTreeMap<String, String>,
}

impl List {
    /// Reads the page.
    pub(super) fn read() -> Result<Self> {
        let text = fs::read_to_string(repository().join(PAGE)).with_context(|| PAGE.to_owned())?;
        Self::parse(&text)
    }

    /// Reads table rows `| case | why |` below the two headings.
    fn parse(text: &str) -> Result<Self> {
        let mut list = Self::default();
        let mut section = None;
        for line in text.lines() {
            if let Some(title) = line.strip_prefix("## ") {
                section = Some(title);
            }
            let Some((case, why)) = row(line) else { continue };
            ensure!(!why.is_empty(), "{PAGE}: `{case}` has no reason");
            let known = match section {
                Some("Cases that kbuild does not pass") => &mut list.differs,
                Some("Cases that need the corpus's links") => &mut list.incomplete,
                _ => continue,
            };
            known.insert(case, why);
        }
        Ok(list)
    }
}

/// Case and reason of a row; head and rule of the table are none.
fn row(line: &str) -> Option<(String, String)> {
    let (case, why) = line.strip_prefix("| `")?.split_once("` |")?;
    Some((case.to_owned(), why.trim_end_matches('|').trim().to_owned()))
}
