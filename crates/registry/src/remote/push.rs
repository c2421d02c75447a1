//! Blobs to a registry: not sent when they are there, taken over from another repository when possible.

use std::sync::Arc;

use bytes::Bytes;
use ktrust_oci::{Descriptor, Document};
use reqwest::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use reqwest::{Method, Response, StatusCode, Url};

use super::{Endpoint, Remote, manifest, same_digest};
use crate::error::{Error, ErrorKind, Result, Violation};
use crate::repository::{BlobSource, Pushed, Put};
use crate::transport::{Body, Call, FileBody, Right, Transport};
use crate::{Direction, Skipped};

impl Remote {
    /// Stores a manifest or an index under a tag or, without one, under its digest.
    pub async fn put_document(&self, tag: Option<&str>, document: &Document) -> Result<Put> {
        manifest::put(&self.transport, &self.origin, tag, document).await
    }

    /// Stores a blob, unless the repository has it or the registry can take it over from `mount_from`,
    /// another repository of the same registry. Repeated from the start when the connection breaks.
    pub async fn put_blob(
        &self,
        blob: &Descriptor,
        source: BlobSource,
        mount_from: Option<&str>,
    ) -> Result<Pushed> {
        let settings = &self.transport.settings;
        let mut backoff = self.transport.backoff();
        // Only the first time: whatever made a mount fail will make it fail again.
        let mut mount_from = mount_from.filter(|name| *name != self.origin.repository);
        loop {
            // Also before another try: the answer may have been lost, not the blob.
            if exists(&self.transport, &self.origin, blob, Right::Push).await? {
                settings.reporter.skipped(blob, Skipped::Exists);
                return Ok(Pushed::Existed);
            }
            match self.upload(blob, &source, mount_from.take()).await {
                Ok(Pushed::Mounted) => {
                    settings.reporter.skipped(blob, Skipped::Mounted);
                    return Ok(Pushed::Mounted);
                }
                Ok(pushed) => {
                    settings.reporter.finished(Direction::Push, blob);
                    return Ok(pushed);
                }
                Err(error) => backoff.pause(retry_lost_session(error)).await?,
            }
        }
    }

    /// Proves that blobs may be pushed: begins an upload and cancels it.
    pub async fn check_push(&self) -> Result<()> {
        if let Begun::At(call, location) = self.begin(None).await? {
            self.cancel(*call, location).await;
        }
        Ok(())
    }

    /// Asks the registry to take a blob over from another of its repositories. `false`: it does not, and
    /// the blob has to be sent. Nothing needs to be at hand for the question.
    pub async fn mount_blob(&self, blob: &Descriptor, from: &Self) -> Result<bool> {
        let (ours, theirs) = (&self.origin, &from.origin);
        if ours.registry != theirs.registry || ours.repository == theirs.repository {
            return Ok(false);
        }
        match self.begin(Some((blob, &theirs.repository))).await {
            Ok(Begun::Mounted) => {
                self.transport.settings.reporter.skipped(blob, Skipped::Mounted);
                Ok(true)
            }
            Ok(Begun::At(call, location)) => {
                self.cancel(*call, location).await;
                Ok(false)
            }
            Err(error) if error.is_transient() => Err(error),
            Err(_) => Ok(false),
        }
    }

    /// Ends an upload that was only begun. Registries forget those that are not, and some cannot cancel.
    async fn cancel(&self, begun: Call, location: Url) {
        let cancel = Call::new(Method::DELETE, location, begun.scope);
        let _ = self.transport.send_once(&cancel).await;
    }

    async fn upload(
        &self,
        blob: &Descriptor,
        source: &BlobSource,
        mount_from: Option<&str>,
    ) -> Result<Pushed> {
        let begun = match mount_from {
            Some(from) => self.begin_mount(blob, from).await?,
            None => self.begin(None).await?,
        };
        let Begun::At(begun, mut location) = begun else { return Ok(Pushed::Mounted) };
        location.query_pairs_mut().append_pair("digest", blob.digest.as_str());
        let mut call = Call::new(Method::PUT, location, begun.scope);
        call.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        call.body = match source {
            BlobSource::Bytes(bytes) => Body::Bytes(bytes.clone()),
            BlobSource::File(path) => {
                let reporter = Arc::clone(&self.transport.settings.reporter);
                Body::File(Box::new(FileBody::new(path, blob, reporter)))
            }
        };
        // An upload session that failed is not used again: what it has received is unknown.
        let response = self.transport.send_once(&call).await?;
        let named = response.headers().get(manifest::DIGEST).and_then(|value| value.to_str().ok());
        same_digest(&call, named, &blob.digest)?;
        if let BlobSource::Bytes(bytes) = source {
            let reporter = &self.transport.settings.reporter;
            reporter.transferred(Direction::Push, blob, bytes.len() as u64);
        }
        Ok(Pushed::Uploaded)
    }

    /// Asks for a mount; where that is refused or not understood, for an upload.
    async fn begin_mount(&self, blob: &Descriptor, from: &str) -> Result<Begun> {
        match self.begin(Some((blob, from))).await {
            Err(error) if error.is_transient() => Err(error),
            Err(_) => self.begin(None).await,
            begun => begun,
        }
    }

    async fn begin(&self, mount: Option<(&Descriptor, &str)>) -> Result<Begun> {
        let path = ["blobs", "uploads", ""];
        let mut call = self.origin.call(&self.transport, Method::POST, Right::Push, &path).await?;
        if let Some((blob, from)) = mount {
            let pairs = [("mount", blob.digest.as_str()), ("from", from)];
            call.url.query_pairs_mut().extend_pairs(pairs);
            call.scope.mount_from = Some(from.to_owned());
        }
        let response = self.transport.send(&call).await?;
        if mount.is_some() && response.status() == StatusCode::CREATED {
            return Ok(Begun::Mounted);
        }
        let location = location(&call, &response)?;
        Ok(Begun::At(Box::new(call), location))
    }
}

enum Begun {
    Mounted,
    /// The request that began the upload, and where it goes on.
    At(Box<Call>, Url),
}

/// Where an upload goes on; the header may be relative.
fn location(call: &Call, response: &Response) -> Result<Url> {
    let text = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    let missing = || Error::Protocol { request: call.request(), violation: Violation::Header("Location") };
    let mut location = text.and_then(|text| call.url.join(text).ok()).ok_or_else(missing)?;
    // A registry behind a proxy that does TLS may not know it; back to HTTP is never right.
    if call.url.scheme() == "https" && location.scheme() == "http" && location.host() == call.url.host() {
        let _ = location.set_scheme("https");
        let _ = location.set_port(call.url.port());
    }
    Ok(location)
}

/// The registry forgot the upload in between (it was restarted, or another instance answers).
fn retry_lost_session(error: Error) -> Error {
    let lost = |code: &str| matches!(code, "BLOB_UPLOAD_UNKNOWN" | "BLOB_UPLOAD_INVALID");
    match error {
        Error::NotFound { request, errors } if errors.iter().any(|error| lost(&error.code)) => {
            Error::Status { request, status: StatusCode::REQUEST_TIMEOUT, errors, retry_after: None }
        }
        other => other,
    }
}

/// Whether the repository has a blob.
pub(super) async fn exists(
    transport: &Transport,
    endpoint: &Endpoint,
    blob: &Descriptor,
    right: Right,
) -> Result<bool> {
    let path = ["blobs", blob.digest.as_str()];
    let call = endpoint.call(transport, Method::HEAD, right, &path).await?;
    match transport.send(&call).await {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

impl From<Vec<u8>> for BlobSource {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(Bytes::from(bytes))
    }
}
