//! COPY: files of the context, of a stage, or of an image.

use ktrust_dockerfile::{Copy, Flag, glob, path};
use ktrust_rootfs::Root;

use super::fetched::refuse_addresses;
use super::files::{Flags, History, Origin, Patterns, Target, layer};
use crate::builder::{Builder, Stage};
use crate::error::Error;
use crate::plan::Meaning;

/// Applies COPY.
pub(crate) fn copy(builder: &Builder<'_>, stage: &mut Stage, copy: &Copy) -> Result<(), Error> {
    refuse_addresses(&copy.sources.paths)?;
    let history = History::of_copy(copy).line();
    let job = Job::new(stage, copy)?;
    let from = copy.from.as_ref();
    let Some((meaning, title)) = elsewhere(builder, from)? else {
        let name = from.map(|flag| flag.value.clone());
        let context = builder.context(name.as_deref())?;
        return layer(builder, stage, history, job.target.is_linked, |to| {
            job.run(builder, &Origin::of_context(&context), to)
        });
    };
    let tree = builder.source_tree(meaning)?;
    let scratch = builder.work.directory()?;
    let source = builder.sandbox.workspace(&tree, &scratch)?;
    layer(builder, stage, history, job.target.is_linked, |to| {
        job.run(builder, &Origin { root: source.root(), context: None, title }, to)
    })
}

/// What `--from` means, unless it is a directory on the command line or is not there: those are contexts.
fn elsewhere(builder: &Builder<'_>, from: Option<&Flag<String>>) -> Result<Option<(Meaning, String)>, Error> {
    let Some(flag) = from else { return Ok(None) };
    if builder.is_directory(&flag.value) {
        return Ok(None);
    }
    let meaning = builder.names.copy_from(flag)?;
    let title = match &meaning {
        Meaning::Stage(_) => format!("stage `{}`", flag.value),
        _ => format!("image `{}`", flag.value),
    };
    Ok(Some((meaning, title)))
}

/// One COPY, ready to be done.
struct Job<'a> {
    copy: &'a Copy,
    target: Target,
    exclude: Patterns,
}

impl<'a> Job<'a> {
    fn new(stage: &Stage, copy: &'a Copy) -> Result<Self, Error> {
        let flags =
            Flags { chown: copy.chown.as_ref(), chmod: copy.chmod.as_ref(), link: copy.link.as_ref() };
        let target = Target::new(stage, &copy.sources.destination, flags)?;
        let exclude = Patterns::excluding(copy.exclude.iter().map(|flag| &flag.value))?;
        Ok(Self { copy, target, exclude })
    }

    /// Copies paths, then here documents.
    fn run(&self, builder: &Builder<'_>, origin: &Origin<'_>, to: &Root) -> Result<(), Error> {
        let has_parents = self.copy.parents.as_ref().is_some_and(|flag| flag.value);
        for source in &self.copy.sources.paths {
            if has_parents {
                self.with_parents(builder, origin, source, to)?;
                continue;
            }
            for found in origin.select(source)? {
                builder.progress.refused(&self.target.copy(origin, &found, &self.exclude, to)?);
            }
        }
        self.target.write(builder, &self.copy.sources.files, to)
    }

    /// `--parents`: the source is a pattern on the tree, or on the directory before its `/./`, and keeps its
    /// directories.
    fn with_parents(
        &self,
        builder: &Builder<'_>,
        origin: &Origin<'_>,
        source: &str,
        to: &Root,
    ) -> Result<(), Error> {
        let (above, pattern) = source.split_once("/./").unwrap_or(("", source));
        let cleaned = path::resolve("/", pattern);
        let patterns = self.exclude.including(cleaned.trim_start_matches('/'))?;
        let is_literal = !glob::is_pattern(above) && !glob::is_pattern(pattern);
        let mut holds = false;
        for found in origin.select(above)? {
            if origin.context.is_some() && !origin.root.is_dir(&found.real)? {
                continue; // nothing is below a file
            }
            holds = holds || !is_literal || origin.holds(&found, &patterns)?;
            builder.progress.refused(&self.target.copy(origin, &found, &patterns, to)?);
        }
        if is_literal && !holds {
            return Err(origin.missing(source)?);
        }
        Ok(())
    }
}
