//! kbuild against the trees and configurations that BuildKit made.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::bases;
use super::list::List;
use crate::dist;
use crate::shell::built;

/// Of the cases that must succeed, the part that has to be right, in per cent.
const GOAL: usize = 98;

/// Differences found, by case; none for one that passed.
type Results = BTreeMap<String, Vec<String>>;

/// What a case says about itself.
#[derive(Deserialize)]
struct Case {
    expect: String,
}

/// Runs all cases, and holds what fails against the list.
pub(super) fn run(corpora: &Path) -> Result<()> {
    let list = List::read()?;
    let bases = bases::directory(corpora)?;
    dist::build("release")?;
    let results = cases(corpora, &bases)?;
    judge(corpora, &results, &list)
}

fn cases(corpora: &Path, bases: &Path) -> Result<Results> {
    let scratch = built("release").join("conformance");
    fs::create_dir_all(scratch.join("tmp"))?;
    let json = scratch.join("results.json");
    let builder = format!(
        "'{}' build {{context}} -q --work-dir '{}' -f {{dockerfile}} {{target}} {{args}} {{base-layouts}} \
         -o type=oci,tar=false,dest={{out}}",
        built("release").join("kbuild").display(),
        scratch.join("work").display()
    );
    let jobs = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    // It ends with 1 where a case failed: the results decide, not the code.
    let status = Command::new("python3")
        .arg(corpora.join("run.py"))
        .args(["--jobs", &jobs.to_string(), "--builder", &builder])
        .arg("--bases")
        .arg(bases)
        .arg("--tmp")
        .arg(scratch.join("tmp"))
        .arg("--json")
        .arg(&json)
        .status()
        .context("python3 cannot be started")?;
    let text = fs::read(&json).with_context(|| format!("the corpus's runner ended with {status}"))?;
    fs::remove_dir_all(&scratch)?;
    Ok(serde_json::from_slice(&text)?)
}

fn judge(corpora: &Path, results: &Results, list: &List) -> Result<()> {
    let mut wrong = Vec::new();
    let (mut good, mut all, mut refused, mut refusals) = (0, 0, 0, 0);
    for (name, differences) in results {
        let passed = differences.is_empty();
        if must_succeed(corpora, name)? {
            all += 1;
            good += usize::from(passed);
        } else {
            refusals += 1;
            refused += usize::from(passed);
        }
        let listed = list.differs.contains_key(name);
        let excused = list.incomplete.contains_key(name);
        match (passed, listed) {
            (false, false) if !excused => wrong.push(format!("{name}: fails and is not on the list")),
            (true, true) => wrong.push(format!("{name}: passes and is on the list")),
            _ => {}
        }
    }
    let known = list.differs.keys().chain(list.incomplete.keys());
    wrong.extend(
        known.filter(|name| !results.contains_key(*name)).map(|name| format!("{name}: no such case")),
    );
    eprintln!(
        "    to be built: {good} of {all} as BuildKit has them; to be refused: {refused} of {refusals}"
    );
    ensure!(wrong.is_empty(), "the list in docs/conformance.md is not right:\n  {}", wrong.join("\n  "));
    let excused = list.incomplete.keys().filter(|name| results.get(*name).is_some_and(|why| !why.is_empty()));
    let counted = all - excused.count();
    ensure!(good * 100 >= counted * GOAL, "{good} of {counted} cases are below {GOAL} %");
    Ok(())
}

fn must_succeed(corpora: &Path, name: &str) -> Result<bool> {
    let path = corpora.join("build").join(name).join("case.json");
    let text = fs::read(&path).with_context(|| path.display().to_string())?;
    let case: Case = serde_json::from_slice(&text).with_context(|| path.display().to_string())?;
    Ok(case.expect == "success")
}
