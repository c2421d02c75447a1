//! Sources of ADD that are on other machines: fetched before the layer is begun.

use std::path::PathBuf;
use std::sync::Arc;

use ktrust_dockerfile::Add;
use ktrust_oci::Digest;
use ktrust_rootfs::Owner;

use crate::builder::Builder;
use crate::context::Context;
use crate::error::Error;
use crate::remote::{CheckoutFlags, Remote};

/// One source of ADD, here.
pub(super) enum Piece<'a> {
    /// A path or pattern of the build context.
    Local(&'a str),
    /// A file from the web, by its name.
    File(Arc<Context>, PathBuf),
    /// A repository's files.
    Tree(Arc<Context>),
}

/// Brings everything here that ADD names.
pub(super) fn pieces<'a>(builder: &Builder<'_>, add: &'a Add) -> Result<Vec<Piece<'a>>, Error> {
    let found = |word: &'a String| Ok((word, Remote::of_source(word)?));
    let sources: Vec<_> = add.sources.paths.iter().map(found).collect::<Result<_, Error>>()?;
    if add.checksum.is_some() {
        let remote = sources.iter().filter(|(_, remote)| remote.is_some()).count();
        let why = match sources.len() {
            1 if remote == 1 => None,
            1 => Some("`--checksum` needs an address as its source"),
            _ => Some("`--checksum` is for one source"),
        };
        if let Some(why) = why {
            return Err(Error::instruction(why));
        }
    }
    sources
        .into_iter()
        .map(|(word, remote)| match remote {
            None => Ok(Piece::Local(word)),
            Some(remote) => piece(builder, add, word, &remote),
        })
        .collect()
}

fn piece<'a>(builder: &Builder<'_>, add: &Add, word: &str, remote: &Remote) -> Result<Piece<'a>, Error> {
    let checksum = add.checksum.as_ref().map(|flag| flag.value.as_str()).filter(|sum| !sum.is_empty());
    let keep = add.keep_git_dir.as_ref().map(|flag| flag.value);
    let fetched =
        builder.fetched(format!("{word}\n{checksum:?}\n{keep:?}"), |fetcher, work| match remote {
            Remote::Git(address) => {
                let agent = builder.agents.get("default");
                let flags = CheckoutFlags { checksum, keep_git_dir: keep, commit_times: false, agent };
                fetcher.checkout(work, address, flags)
            }
            Remote::Web(address) => {
                let checksum = checksum.map(digest).transpose()?;
                fetcher.download(work, address, None, checksum.as_ref())
            }
        })?;
    let context = Arc::new(Context::fetched(&fetched.directory, Some(Owner::default()), None)?);
    Ok(match remote {
        Remote::Git(_) => Piece::Tree(context),
        Remote::Web(address) => Piece::File(context, (&address.name).into()),
    })
}

fn digest(text: &str) -> Result<Digest, Error> {
    let wrong = || Error::instruction(format!("`--checksum={text}` is not `sha256:` and 64 digits"));
    let digest: Digest = text.parse().map_err(|_| wrong())?;
    if text.starts_with("sha256:") { Ok(digest) } else { Err(wrong()) }
}

/// COPY is for what is here already.
pub(super) fn refuse_addresses(paths: &[String]) -> Result<(), Error> {
    for path in paths {
        if let Some(remote) = Remote::of_source(path)? {
            let what = match remote {
                Remote::Git(_) => "a repository",
                Remote::Web(_) => "an address",
            };
            return Err(Error::instruction(format!("COPY cannot read {what}: use ADD")));
        }
    }
    Ok(())
}
