//! Sources on other machines: files of web servers and repositories of git.
//!
//! [`Remote`] tells what a word of ADD, a build context or a `--build-context` names, by BuildKit's rules;
//! [`Fetcher`] brings it into the work directory, where it is read like any local directory. Nothing that a
//! server sends is trusted: archives are unpacked below a root, git runs without hooks, without the user's
//! configuration and without protocols that start programs.

mod address;
mod checkout;
mod download;
mod failure;
mod fetcher;
mod git;
mod query;
mod times;

pub(crate) use address::GitAddress;
pub(crate) use download::WebAddress;
pub(crate) use failure::Failure;
pub(crate) use fetcher::{CheckoutFlags, Fetched, Fetcher};

use crate::error::Error;

/// Something that has to be fetched.
#[derive(Clone, Debug)]
pub(crate) enum Remote {
    Git(Box<GitAddress>),
    Web(WebAddress),
}

impl Remote {
    /// What ADD fetches for this word; `None` for a path of the build context.
    pub(crate) fn of_source(word: &str) -> Result<Option<Self>, Error> {
        if let Some(git) = GitAddress::parse(word)? {
            return Ok(Some(Self::Git(Box::new(git))));
        }
        Ok(WebAddress::parse(word).map(Self::Web))
    }

    /// What a context is fetched from; `None` for a directory. Here `github.com/owner/name` counts too.
    pub(crate) fn of_context(text: &str) -> Result<Option<Self>, Error> {
        if text.starts_with("github.com/") {
            return Self::of_source(&format!("https://{text}")).map(|found| match found {
                Some(Self::Git(git)) => Some(Self::Git(git)),
                _ => GitAddress::of_url(&format!("https://{text}")).ok().map(|git| Self::Git(Box::new(git))),
            });
        }
        Self::of_source(text)
    }
}
