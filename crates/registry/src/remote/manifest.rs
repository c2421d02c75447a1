//! Manifests and indexes in a registry.

use bytes::Bytes;
use ktrust_oci::{Descriptor, Digest, Document, MAX_DOCUMENT_SIZE, media_type};
use reqwest::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Response};

use super::{Endpoint, same_digest};
use crate::error::{Error, ErrorKind, Result, Violation};
use crate::transport::{Body, Call, Right, Transport};
use crate::{Put, Selector};

pub(super) const DIGEST: &str = "Docker-Content-Digest";
const SUBJECT: &str = "OCI-Subject";

/// Asks for the headers only; where they do not tell all, asks for the document.
pub(super) async fn resolve(
    transport: &Transport,
    endpoint: &Endpoint,
    selector: &Selector,
) -> Result<Descriptor> {
    let call = read_call(transport, endpoint, Method::HEAD, selector).await?;
    match transport.send(&call).await {
        Ok(response) => {
            if let Some(found) = descriptor(response.headers()) {
                if let Selector::Digest(digest) = selector {
                    same_digest(&call, Some(found.digest.as_str()), digest)?;
                }
                return Ok(found);
            }
        }
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Protocol) => {}
        Err(error) => return Err(error),
    }
    // Also after 404: the answer to GET has the registry's words in it.
    Ok(get(transport, endpoint, selector).await?.descriptor())
}

fn descriptor(headers: &HeaderMap) -> Option<Descriptor> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let digest = text(DIGEST)?.parse().ok()?;
    let size = text(CONTENT_LENGTH.as_str())?.parse().ok().filter(|size| *size > 0)?;
    let media_type = media_type::essence(text(CONTENT_TYPE.as_str())?);
    let known = media_type::is_manifest(&media_type) || media_type::is_index(&media_type);
    known.then(|| Descriptor::new(media_type, digest, size))
}

pub(super) async fn get(transport: &Transport, endpoint: &Endpoint, selector: &Selector) -> Result<Document> {
    let call = read_call(transport, endpoint, Method::GET, selector).await?;
    let (headers, bytes) = read(transport, &call).await?;
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let outside = text(CONTENT_TYPE.as_str()).unwrap_or_default();
    let document = match selector {
        Selector::Digest(digest) => Document::verified(outside, bytes, digest),
        _ => Document::new(outside, bytes),
    };
    let document = document.map_err(|source| Error::Content { request: call.request(), source })?;
    same_digest(&call, text(DIGEST), &document.digest)?;
    Ok(document)
}

/// Reads a document, again from the start when the connection breaks.
async fn read(transport: &Transport, call: &Call) -> Result<(HeaderMap, Vec<u8>)> {
    let mut backoff = transport.backoff();
    loop {
        let response = transport.send(call).await?;
        let headers = response.headers().clone();
        match transport.read_all(call.request(), response, MAX_DOCUMENT_SIZE).await {
            Ok(bytes) => return Ok((headers, bytes)),
            Err(error) => backoff.pause(error).await?,
        }
    }
}

async fn read_call(
    transport: &Transport,
    endpoint: &Endpoint,
    method: Method,
    selector: &Selector,
) -> Result<Call> {
    let reference = selector.text();
    let mut call = endpoint.call(transport, method, Right::Pull, &["manifests", reference]).await?;
    for accepted in media_type::DOCUMENTS {
        call.headers.append(ACCEPT, HeaderValue::from_static(accepted));
    }
    Ok(call)
}

/// Puts a document under a tag or, without one, under its digest.
pub(super) async fn put(
    transport: &Transport,
    endpoint: &Endpoint,
    tag: Option<&str>,
    document: &Document,
) -> Result<Put> {
    let reference = tag.unwrap_or(document.digest.as_str());
    let mut call = endpoint.call(transport, Method::PUT, Right::Push, &["manifests", reference]).await?;
    let media_type = HeaderValue::from_str(&document.media_type).map_err(|_| Error::Content {
        request: call.request(),
        source: ktrust_oci::Error::MediaType { media_type: document.media_type.clone() },
    })?;
    call.headers.insert(CONTENT_TYPE, media_type);
    call.body = Body::Bytes(Bytes::from(document.bytes.clone()));
    let response = transport.send(&call).await?;
    same_digest(&call, header(&response, DIGEST), &document.digest)?;
    let subject_indexed = header(&response, SUBJECT).is_some_and(|text| text.parse::<Digest>().is_ok());
    Ok(Put { digest: document.digest.clone(), subject_indexed })
}

pub(super) async fn delete(transport: &Transport, endpoint: &Endpoint, digest: &Digest) -> Result<()> {
    let path = ["manifests", digest.as_str()];
    let call = endpoint.call(transport, Method::DELETE, Right::Delete, &path).await?;
    transport.send(&call).await.map(drop)
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers().get(name).and_then(|value| value.to_str().ok())
}

/// An answer's body as JSON, of at most the size of a document.
pub(super) async fn json<T: serde::de::DeserializeOwned>(
    transport: &Transport,
    call: &Call,
    what: &'static str,
) -> Result<(HeaderMap, T)> {
    let (headers, bytes) = read(transport, call).await?;
    let value = serde_json::from_slice(&bytes)
        .map_err(|_| Error::Protocol { request: call.request(), violation: Violation::Json(what) })?;
    Ok((headers, value))
}
