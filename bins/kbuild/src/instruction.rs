//! What each instruction does to a stage.

mod add;
mod configure;
mod copy;
mod fetched;
mod files;
mod lay;
mod run;
mod workdir;

pub(crate) use add::add;
pub(crate) use configure::{arg, configure};
pub(crate) use copy::copy;
pub(crate) use lay::lay;
pub(crate) use run::run;
pub(crate) use workdir::workdir;

/// Go's `%q` of a list of strings, which docker's history is written with: `["a" "b"]`.
fn quoted(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
    format!("[{}]", words.join(" "))
}

/// Where the stage works: clean, because the configuration may hold any spelling, or none.
fn directory(stage: &crate::builder::Stage) -> String {
    ktrust_dockerfile::path::resolve("/", &stage.draft.config.config.working_dir)
}
