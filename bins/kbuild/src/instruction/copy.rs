//! COPY: files of the context or of another stage.

use std::path::{Path, PathBuf};

use ktrust_dockerfile::{Copy, Flag, InlineFile, path};
use ktrust_rootfs::{
    Accounts, Attributes, CopyOptions, Filter, Kind, ModeChange, Owner, Refused, Root, copy_tree,
};

use super::directory;
use super::select::Origin;
use crate::builder::{Builder, Stage};
use crate::context::Context;
use crate::error::Error;
use crate::plan::Meaning;

/// Applies COPY.
pub(crate) fn copy(builder: &Builder<'_>, stage: &mut Stage, copy: &Copy) -> Result<(), Error> {
    let history = history("COPY", &Words::of(copy));
    let target = Target::new(stage, &copy.sources.destination, copy.chmod.as_ref(), copy.chown.as_ref())?;
    let files = &copy.sources.files;
    let (paths, from) = (&copy.sources.paths, copy.from.as_ref());
    let Some((meaning, title)) = elsewhere(builder, from)? else {
        let name = from.map(|flag| flag.value.clone());
        let context = builder.context(name.as_deref())?;
        return builder.change(stage, history, |builder, workspace| {
            let origin =
                Origin { root: context.root(), context: Some(&context), title: "build context".into() };
            target.fill(builder, &origin, paths, files, workspace.root())
        });
    };
    let tree = builder.source_tree(meaning)?;
    let scratch = builder.work.directory()?;
    let source = builder.sandbox.workspace(&tree, &scratch)?;
    builder.change(stage, history, |builder, workspace| {
        let origin = Origin { root: source.root(), context: None, title };
        target.fill(builder, &origin, paths, files, workspace.root())
    })
}

/// What `--from` means, unless it is a directory on the command line or is not there: those are contexts.
fn elsewhere(builder: &Builder<'_>, from: Option<&Flag<String>>) -> Result<Option<(Meaning, String)>, Error> {
    let Some(flag) = from else { return Ok(None) };
    if builder.is_directory(&flag.value) {
        return Ok(None);
    }
    let meaning = builder.names().copy_from(flag)?;
    let title = match &meaning {
        Meaning::Stage(_) => format!("stage `{}`", flag.value),
        _ => format!("image `{}`", flag.value),
    };
    Ok(Some((meaning, title)))
}

/// The parts that docker's history shows.
pub(super) struct Words<'a> {
    chown: Option<&'a Flag<String>>,
    chmod: Option<&'a Flag<String>>,
    sources: Vec<&'a str>,
    destination: &'a str,
}

impl<'a> Words<'a> {
    fn of(copy: &'a Copy) -> Self {
        Self::new(copy.chown.as_ref(), copy.chmod.as_ref(), &copy.sources)
    }

    pub(super) fn new(
        chown: Option<&'a Flag<String>>,
        chmod: Option<&'a Flag<String>>,
        sources: &'a ktrust_dockerfile::Sources,
    ) -> Self {
        let names = sources.paths.iter().map(String::as_str);
        let inline = sources.files.iter().map(|_| "<<");
        Self { chown, chmod, sources: names.chain(inline).collect(), destination: &sources.destination }
    }
}

/// `COPY --chown=1 a b /c/ # buildkit`.
pub(super) fn history(keyword: &str, words: &Words<'_>) -> String {
    let mut parts = vec![keyword.to_owned()];
    parts.extend(words.chown.map(|flag| format!("--chown={}", flag.value)));
    parts.extend(words.chmod.map(|flag| format!("--chmod={}", flag.value)));
    parts.extend(words.sources.iter().map(ToString::to_string));
    parts.extend([words.destination.to_owned(), "# buildkit".into()]);
    parts.join(" ")
}

/// Where COPY and ADD write to, and as whom.
pub(super) struct Target {
    /// Absolute, cleaned.
    pub(super) path: PathBuf,
    /// Written as a directory: with a slash at its end, or as `.`.
    pub(super) is_directory: bool,
    mode: Option<ModeChange>,
    chown: Option<String>,
}

impl Target {
    pub(super) fn new(
        stage: &Stage,
        destination: &str,
        chmod: Option<&Flag<String>>,
        chown: Option<&Flag<String>>,
    ) -> Result<Self, Error> {
        let mode = chmod.filter(|flag| !flag.value.is_empty()).map(|flag| flag.value.parse()).transpose()?;
        Ok(Self {
            path: path::resolve(directory(stage), destination).into(),
            is_directory: destination.is_empty() || destination == "." || destination.ends_with('/'),
            mode,
            chown: chown.map(|flag| flag.value.clone()).filter(|value| !value.is_empty()),
        })
    }

    /// The owner that `--chown` names, looked up in the image that is being made.
    pub(super) fn owner(&self, to: &Root) -> Result<Option<Owner>, Error> {
        match &self.chown {
            Some(spec) => Ok(Some(Accounts::of(to)?.owner(spec))),
            None => Ok(None),
        }
    }

    /// Copies paths, then here documents.
    fn fill(
        &self,
        builder: &Builder<'_>,
        origin: &Origin<'_>,
        paths: &[String],
        files: &[InlineFile],
        to: &Root,
    ) -> Result<(), Error> {
        for path in paths {
            for selected in origin.select(path)? {
                builder.progress.refused(&self.copy_one(origin, &selected, to)?);
            }
        }
        self.write_files(files, to)
    }

    /// Copies one file or the contents of one directory.
    pub(super) fn copy_one(
        &self,
        origin: &Origin<'_>,
        source: &Path,
        to: &Root,
    ) -> Result<Vec<Refused>, Error> {
        let is_dir = origin.root.is_dir(source)?;
        let dest = if is_dir { self.path.clone() } else { self.place(source, to)? };
        // Files of the context are root's whoever checked them out; a stage's keep their owner.
        let kept = origin.context.and_then(Context::owner);
        let filter = |relative: &Path, kind: Kind| match origin.context {
            Some(context) => wanted(context, &source.join(relative), kind == Kind::Directory),
            None => Filter::Include,
        };
        let options = CopyOptions {
            owner: self.owner(to)?.or(kept),
            mode: self.mode.clone(),
            filter: Some(&filter),
            ..CopyOptions::default()
        };
        Ok(copy_tree(origin.root, source, to, &dest, &options)?.refused)
    }

    /// A file goes into a directory, or gets the destination's name.
    fn place(&self, source: &Path, to: &Root) -> Result<PathBuf, Error> {
        let inside = self.is_directory || to.is_dir(&self.path)?;
        Ok(match source.file_name() {
            Some(name) if inside => self.path.join(name),
            _ => self.path.clone(),
        })
    }

    /// Here documents: files with the mode 0644, named like the document in a directory.
    pub(super) fn write_files(&self, files: &[InlineFile], to: &Root) -> Result<(), Error> {
        let owner = self.owner(to)?.unwrap_or_default();
        let parents = self.mode.as_ref().map_or(0o755, ModeChange::for_parents);
        for file in files {
            let dest = self.place(Path::new(&file.name), to)?;
            to.create_dir_all(dest.parent().unwrap_or(Path::new("/")), owner, parents)?;
            let mode = self.mode.as_ref().map_or(0o644, |change| change.apply(0o644, false));
            let attributes = Attributes { mode, owner, ..Attributes::default() };
            to.write(&dest, file.content.as_bytes(), &attributes)?;
        }
        Ok(())
    }
}

/// .dockerignore may leave out a directory and bring back something below it.
fn wanted(context: &Context, path: &Path, is_dir: bool) -> Filter {
    match (context.is_visible(path), is_dir && context.may_hold_visible(path)) {
        (true, _) => Filter::Include,
        (false, true) => Filter::IfNeeded,
        (false, false) => Filter::Skip,
    }
}
