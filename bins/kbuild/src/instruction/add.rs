//! ADD: like COPY, but local archives are unpacked, and addresses are fetched.

use std::path::{Path, PathBuf};

use ktrust_dockerfile::Add;
use ktrust_rootfs::{Refused, Root};

use super::fetched::{Piece, pieces};
use super::files::{Flags, Found, History, Origin, Patterns, Target, layer};
use crate::builder::{Builder, Stage};
use crate::error::Error;

/// Applies ADD.
pub(crate) fn add(builder: &Builder<'_>, stage: &mut Stage, add: &Add) -> Result<(), Error> {
    let sources = &add.sources;
    let history = History::of_add(add).line();
    let flags = Flags { chown: add.chown.as_ref(), chmod: add.chmod.as_ref(), link: add.link.as_ref() };
    let target = Target::new(stage, &sources.destination, flags)?;
    let exclude = Patterns::excluding(add.exclude.iter().map(|flag| &flag.value))?;
    let pieces = pieces(builder, add)?;
    let job = Job { unpack: add.unpack.as_ref().map(|flag| flag.value), target: &target, exclude };
    let context = builder.context(None)?;
    layer(builder, stage, history, target.is_linked, |to| {
        for piece in &pieces {
            match piece {
                Piece::Local(path) => {
                    let origin = Origin::of_context(&context);
                    for found in origin.select(path)? {
                        builder.progress.refused(&job.place(&origin, &found, true, to)?);
                    }
                }
                Piece::File(context, name) => {
                    let found = Found { path: name.clone(), real: name.clone() };
                    let refused = job.place(&Origin::of_context(context), &found, false, to)?;
                    builder.progress.refused(&refused);
                }
                Piece::Tree(context) => {
                    let found = Found { path: Path::new("/").into(), real: PathBuf::new() };
                    let refused = target.copy(&Origin::of_context(context), &found, &job.exclude, to)?;
                    builder.progress.refused(&refused);
                }
            }
        }
        target.write(builder, &sources.files, to)
    })
}

/// One ADD, ready to be done.
struct Job<'a> {
    /// `--unpack`, where it is given.
    unpack: Option<bool>,
    target: &'a Target,
    exclude: Patterns,
}

impl Job<'_> {
    /// Copies a source, or unpacks it: `unpack` is what happens to archives without the flag.
    fn place(
        &self,
        origin: &Origin<'_>,
        found: &Found,
        unpack: bool,
        to: &Root,
    ) -> Result<Vec<Refused>, Error> {
        if self.unpack.unwrap_or(unpack)
            && let Some(refused) = self.target.extract(origin.root, found, to)?
        {
            return Ok(refused);
        }
        self.target.copy(origin, found, &self.exclude, to)
    }
}
