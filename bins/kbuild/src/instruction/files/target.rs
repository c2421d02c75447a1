//! Where COPY and ADD write to, and how what they write is changed.

use std::path::PathBuf;

use ktrust_dockerfile::{Flag, InlineFile, Mode, path};
use ktrust_rootfs::{Accounts, CopyOptions, Destination, Owner, Refused, Root, archive, copy_tree};

use super::{Found, Origin, Patterns};
use crate::builder::{Builder, Stage};
use crate::context::Context;
use crate::error::Error;
use crate::instruction::directory;

/// The flags that COPY and ADD have in common.
#[derive(Clone, Copy)]
pub(in crate::instruction) struct Flags<'a> {
    pub(in crate::instruction) chown: Option<&'a Flag<String>>,
    pub(in crate::instruction) chmod: Option<&'a Flag<String>>,
    pub(in crate::instruction) link: Option<&'a Flag<bool>>,
}

/// The destination, and what `--chown` and `--chmod` make of the files.
pub(in crate::instruction) struct Target {
    /// Absolute and cleaned.
    path: PathBuf,
    /// Written as a directory: with a slash or `/.` at its end, or as `.`.
    is_directory: bool,
    mode: Option<Mode>,
    owner: Option<ktrust_dockerfile::Owner>,
    /// The layer does not depend on what is below it.
    pub(in crate::instruction) is_linked: bool,
}

impl Target {
    pub(in crate::instruction) fn new(
        stage: &Stage,
        destination: &str,
        flags: Flags<'_>,
    ) -> Result<Self, Error> {
        let given =
            |flag: Option<&Flag<String>>| flag.map(|flag| flag.value.clone()).filter(|v| !v.is_empty());
        let mode = given(flags.chmod).map(|mode| Mode::parse(&mode)).transpose();
        let mode = mode.map_err(|error| Error::instruction(error.to_string()))?;
        // With a mode BuildKit makes an ordinary layer also where a linked one was asked for.
        let is_linked = flags.link.is_some_and(|flag| flag.value) && mode.is_none();
        let is_alone = is_linked || stage.draft.is_empty();
        let owner = given(flags.chown).map(|owner| crate::owner::read(&owner, is_alone)).transpose()?;
        Ok(Self {
            path: path::resolve(&directory(stage), destination).into(),
            is_directory: matches!(destination, "" | ".")
                || destination.ends_with('/')
                || destination.ends_with("/."),
            mode,
            owner,
            is_linked,
        })
    }

    /// The owner that `--chown` names, looked up in the image that is being made.
    fn owner(&self, to: &Root) -> Result<Option<Owner>, Error> {
        let Some(owner) = &self.owner else { return Ok(None) };
        let accounts = if crate::owner::has_names(owner) { Accounts::of(to)? } else { Accounts::default() };
        Ok(Some(crate::owner::resolve(owner, &accounts)))
    }

    fn destination(&self) -> Destination<'_> {
        Destination { path: &self.path, is_directory: self.is_directory }
    }

    /// Copies one file, or of one directory what the patterns choose.
    pub(in crate::instruction) fn copy(
        &self,
        origin: &Origin<'_>,
        found: &Found,
        patterns: &Patterns,
        to: &Root,
    ) -> Result<Vec<Refused>, Error> {
        let owner = self.owner(to)?;
        let change = self.mode.as_ref().map(|mode| move |bits, is_dir| mode.apply(bits, is_dir));
        let options = CopyOptions {
            // Files of a context are root's whoever checked them out; a stage's keep their owner.
            owner: owner.or(origin.context.and_then(Context::owner)),
            parents: owner,
            parent_mode: match self.mode {
                Some(Mode::Octal(bits)) => Some(bits),
                _ => None,
            },
            mode: change.as_ref().map(|change| change as _),
            select: Some(&|below, is_dir| origin.choose(found, patterns, below, is_dir)),
            ..CopyOptions::default()
        };
        Ok(copy_tree(origin.root, &found.path, to, &self.destination(), &options)?.refused)
    }

    /// Unpacks a source into the destination, which is then always a directory, if it is an archive: its
    /// content decides, its name does not. `--chmod` is ignored here, as BuildKit does.
    pub(in crate::instruction) fn extract(
        &self,
        from: &Root,
        found: &Found,
        to: &Root,
    ) -> Result<Option<Vec<Refused>>, Error> {
        let is_file =
            from.metadata(&found.real)?.is_some_and(|metadata| metadata.kind == ktrust_rootfs::Kind::File);
        if !is_file {
            return Ok(None);
        }
        let mut file = from.open_file(&found.real)?;
        if !archive::is_archive(&mut file)? {
            return Ok(None);
        }
        Ok(Some(archive::extract(file, to, &self.path, self.owner(to)?)?.refused))
    }

    /// Here documents: files with the mode 0644, named like the document in a directory.
    pub(in crate::instruction) fn write(
        &self,
        builder: &Builder<'_>,
        files: &[InlineFile],
        to: &Root,
    ) -> Result<(), Error> {
        for file in files {
            let directory = builder.work.directory()?;
            let root = Root::open(&directory)?;
            let path = PathBuf::from(&file.name);
            let attributes = ktrust_rootfs::Attributes { mode: 0o644, ..Default::default() };
            root.write(&path, file.content.as_bytes(), &attributes)?;
            let origin = Origin { root: &root, context: None, title: "here document".into() };
            let found = Found { real: path.clone(), path };
            self.copy(&origin, &found, &Patterns::default(), to)?;
        }
        Ok(())
    }
}
