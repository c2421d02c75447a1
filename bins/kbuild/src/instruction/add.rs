//! ADD: like COPY, but local archives are unpacked.

use ktrust_dockerfile::Add;

use super::files::{Flags, History, Origin, Patterns, Target, layer};
use crate::builder::{Builder, Stage};
use crate::error::Error;
use crate::support::is_remote;

/// Applies ADD.
pub(crate) fn add(builder: &Builder<'_>, stage: &mut Stage, add: &Add) -> Result<(), Error> {
    let sources = &add.sources;
    if let Some(remote) = sources.paths.iter().find(|path| is_remote(path)) {
        return Err(Error::unsupported(format!("`ADD {remote}`: a source that is not a file")));
    }
    let history = History::of_add(add).line();
    let flags = Flags { chown: add.chown.as_ref(), chmod: add.chmod.as_ref(), link: add.link.as_ref() };
    let target = Target::new(stage, &sources.destination, flags)?;
    let exclude = Patterns::excluding(add.exclude.iter().map(|flag| &flag.value))?;
    let unpack = add.unpack.as_ref().is_none_or(|flag| flag.value);
    let context = builder.context(None)?;
    layer(builder, stage, history, target.is_linked, |to| {
        let origin = Origin::of_context(&context);
        for path in &sources.paths {
            for found in origin.select(path)? {
                let extracted = if unpack { target.extract(origin.root, &found, to)? } else { None };
                let refused = match extracted {
                    Some(refused) => refused,
                    None => target.copy(&origin, &found, &exclude, to)?,
                };
                builder.progress.refused(&refused);
            }
        }
        target.write(builder, &sources.files, to)
    })
}
