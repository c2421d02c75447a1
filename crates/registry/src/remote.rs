//! A repository in a registry.

use std::sync::Arc;

use ktrust_oci::{Descriptor, Digest, Document, Reference};
use reqwest::{Method, Url};

use crate::error::{Error, Result};
use crate::transport::{Call, Right, Scope, Transport};
use crate::{Selector, Violation};

mod listing;
mod manifest;
mod pull;
mod push;

/// A repository in a registry, with the mirrors that are asked first when pulling.
#[derive(Clone)]
pub struct Remote {
    transport: Arc<Transport>,
    mirrors: Arc<[Endpoint]>,
    origin: Endpoint,
}

/// A repository on one server.
#[derive(Clone, Debug)]
struct Endpoint {
    /// The server's name in configurations and messages.
    registry: String,
    /// The repository's name there.
    repository: String,
}

impl Remote {
    pub(crate) fn new(transport: Arc<Transport>, reference: &Reference) -> Self {
        let origin =
            Endpoint { registry: reference.registry().into(), repository: reference.repository().into() };
        let mirrors = transport.settings.mirrors.get(&origin.registry);
        let mirrors = mirrors.into_iter().flatten().map(|mirror| origin.mirrored(mirror)).collect();
        Self { transport, mirrors, origin }
    }

    /// The repository as it is at its own registry, whatever mirrors there are: what was just pushed.
    #[must_use]
    pub fn without_mirrors(self) -> Self {
        Self { mirrors: Arc::new([]), ..self }
    }

    /// Registry and repository: `docker.io/library/busybox`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.origin.registry, self.origin.repository)
    }

    /// The registry's name.
    pub fn registry(&self) -> &str {
        &self.origin.registry
    }

    /// The repository's name within the registry.
    pub fn repository(&self) -> &str {
        &self.origin.repository
    }

    /// What a tag or a digest stands for.
    pub async fn resolve(&self, selector: &Selector) -> Result<Descriptor> {
        for mirror in self.mirrors.iter() {
            match manifest::resolve(&self.transport, mirror, selector).await {
                Ok(found) => return Ok(found),
                Err(error) => self.mirror_failed(mirror, error)?,
            }
        }
        manifest::resolve(&self.transport, &self.origin, selector).await
    }

    /// A manifest or an index, verified.
    pub async fn document(&self, selector: &Selector) -> Result<Document> {
        for mirror in self.mirrors.iter() {
            match manifest::get(&self.transport, mirror, selector).await {
                Ok(found) => return Ok(found),
                Err(error) => self.mirror_failed(mirror, error)?,
            }
        }
        manifest::get(&self.transport, &self.origin, selector).await
    }

    /// Whether the repository has a blob.
    pub async fn has_blob(&self, blob: &Descriptor) -> Result<bool> {
        push::exists(&self.transport, &self.origin, blob, Right::Pull).await
    }

    /// Removes a manifest or an index, with its tags.
    pub async fn delete(&self, digest: &Digest) -> Result<()> {
        manifest::delete(&self.transport, &self.origin, digest).await
    }

    /// Tells that a mirror failed; where nobody else may be asked, the last one's failure is the answer.
    fn mirror_failed(&self, mirror: &Endpoint, error: Error) -> Result<()> {
        self.transport.settings.reporter.mirror_failed(&mirror.registry, &error);
        let is_last = self.mirrors.last().is_some_and(|last| std::ptr::eq(last, mirror));
        if is_last && self.transport.settings.mirrors_only { Err(error) } else { Ok(()) }
    }
}

impl Endpoint {
    /// The same repository on a mirror, `host[:port][/prefix]`.
    fn mirrored(&self, mirror: &str) -> Self {
        let (registry, prefix) = mirror.split_once('/').unwrap_or((mirror, ""));
        let prefix = prefix.trim_matches('/');
        let repository = match prefix {
            "" => self.repository.clone(),
            prefix => format!("{prefix}/{}", self.repository),
        };
        Self { registry: registry.to_owned(), repository }
    }

    async fn scope(&self, transport: &Transport, right: Right) -> Result<Scope> {
        Ok(Scope {
            base: transport.base(&self.registry).await?,
            registry: self.registry.clone(),
            repository: self.repository.clone(),
            right,
            mount_from: None,
        })
    }

    /// A request for something in the repository: `manifests/latest`.
    async fn call(&self, transport: &Transport, method: Method, right: Right, path: &[&str]) -> Result<Call> {
        let scope = self.scope(transport, right).await?;
        let url = self.url(&scope, path)?;
        Ok(Call::new(method, url, scope))
    }

    fn url(&self, scope: &Scope, path: &[&str]) -> Result<Url> {
        let mut url = scope.base.clone();
        let host = || Error::Host { host: self.registry.clone() };
        // Segment by segment, so that nothing in a tag can leave the repository.
        url.path_segments_mut()
            .map_err(|()| host())?
            .pop_if_empty()
            .extend(self.repository.split('/'))
            .extend(path);
        Ok(url)
    }
}

/// Fails when a registry names our content otherwise. Names by other hash functions say nothing.
fn same_digest(call: &Call, named: Option<&str>, ours: &Digest) -> Result<()> {
    let Some(named) = named.and_then(|text| text.parse::<Digest>().ok()) else { return Ok(()) };
    if named.algorithm() != ours.algorithm() || named == *ours {
        return Ok(());
    }
    let violation = Violation::Digest { expected: ours.to_string(), actual: named.to_string() };
    Err(Error::Protocol { request: call.request(), violation })
}
