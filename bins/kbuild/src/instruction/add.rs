//! ADD: like COPY, but local archives are unpacked.

use std::path::Path;

use ktrust_dockerfile::Add;
use ktrust_rootfs::{Refused, Root, archive};

use super::copy::{Target, Words, history};
use super::select::Origin;
use crate::builder::{Builder, Stage};
use crate::error::Error;
use crate::support::is_remote;

/// Applies ADD.
pub(crate) fn add(builder: &Builder<'_>, stage: &mut Stage, add: &Add) -> Result<(), Error> {
    let sources = &add.sources;
    if let Some(remote) = sources.paths.iter().find(|path| is_remote(path)) {
        return Err(Error::unsupported(format!("`ADD {remote}`: a source that is not a file")));
    }
    let history = history("ADD", &Words::new(add.chown.as_ref(), add.chmod.as_ref(), sources));
    let target = Target::new(stage, &sources.destination, add.chmod.as_ref(), add.chown.as_ref())?;
    let unpack = add.unpack.as_ref().is_none_or(|flag| flag.value);
    let context = builder.context(None)?;
    builder.change(stage, history, |builder, workspace| {
        let to = workspace.root();
        let origin = Origin { root: context.root(), context: Some(&context), title: "build context".into() };
        for path in &sources.paths {
            for selected in origin.select(path)? {
                let extracted = if unpack { extract(&target, origin.root, &selected, to)? } else { None };
                let refused = match extracted {
                    Some(refused) => refused,
                    None => target.copy_one(&origin, &selected, to)?,
                };
                builder.progress.refused(&refused);
            }
        }
        target.write_files(&sources.files, to)
    })
}

/// Unpacks `source` into the destination, which is then always a directory, if it is an archive: its content
/// decides, its name does not. `--chmod` is ignored here, as BuildKit does.
fn extract(target: &Target, from: &Root, source: &Path, to: &Root) -> Result<Option<Vec<Refused>>, Error> {
    if from.is_dir(source)? {
        return Ok(None);
    }
    let mut file = from.open_file(source)?;
    if !archive::is_archive(&mut file)? {
        return Ok(None);
    }
    let owner = target.owner(to)?;
    to.create_dir_all(&target.path, owner.unwrap_or_default(), 0o755)?;
    Ok(Some(archive::extract(file, to, &target.path, owner)?.refused))
}
