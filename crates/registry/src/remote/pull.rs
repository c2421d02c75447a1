//! Blobs from a registry: verified on the way, resumed where the connection broke.

use std::path::Path;

use bytes::Bytes;
use futures_util::stream;
use ktrust_oci::file::AtomicFile;
use ktrust_oci::{Descriptor, Verifier};
use reqwest::header::{CONTENT_RANGE, HeaderValue, RANGE};
use reqwest::{Method, Response, StatusCode};
use tokio_util::io::StreamReader;

use super::{Endpoint, Remote};
use crate::error::{Error, Request, Result, Violation};
use crate::repository::{BlobReader, write_stream};
use crate::transport::{Backoff, Right, Transport};
use crate::{Direction, local};

/// One blob on its way.
pub(super) struct Download<'a> {
    remote: &'a Remote,
    blob: Descriptor,
    verifier: Verifier,
    /// The server that has the blob, once one is found.
    source: Option<&'a Endpoint>,
    response: Option<Response>,
    request: Option<Request>,
    /// Bytes of the answer that were seen before.
    skip: u64,
    backoff: Backoff<'a>,
}

impl Remote {
    /// A short blob as a whole, of at most `cap` bytes.
    pub async fn blob(&self, blob: &Descriptor, cap: u64) -> Result<Vec<u8>> {
        if blob.size > cap {
            return Err(ktrust_oci::Error::TooLarge { limit: cap }.into());
        }
        let mut download = Download::new(self, blob);
        let mut bytes = Vec::new();
        while let Some(piece) = download.next().await? {
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }

    /// A blob as a stream. It fails when the content is wrong; broken connections are resumed.
    pub fn blob_stream(&self, blob: &Descriptor) -> BlobReader {
        let (remote, blob) = (self.clone(), blob.clone());
        // The download borrows the repository, so a task owns both and hands the pieces over.
        let (sender, receiver) = tokio::sync::mpsc::channel(4);
        tokio::spawn(async move {
            let mut download = Download::new(&remote, &blob);
            loop {
                let piece = download.next().await;
                let last = !matches!(piece, Ok(Some(_)));
                let Some(item) = piece.map_err(local::to_io).transpose() else { break };
                // A reader that was dropped wants no more.
                if sender.send(item).await.is_err() || last {
                    break;
                }
            }
        });
        let pieces = stream::unfold(receiver, |mut receiver| async {
            let item: std::io::Result<Bytes> = receiver.recv().await?;
            Some((item, receiver))
        });
        Box::new(StreamReader::new(Box::pin(pieces)))
    }

    /// Downloads a blob to a file, which appears when it is complete and right.
    pub async fn fetch_blob(&self, blob: &Descriptor, to: &Path) -> Result<()> {
        let file = AtomicFile::create(to)?;
        let download = Download::new(self, blob);
        let pieces = stream::try_unfold(download, |mut download| async {
            Ok::<_, Error>(download.next().await?.map(|piece| (piece, download)))
        });
        write_stream(file, pieces).await
    }
}

impl<'a> Download<'a> {
    fn new(remote: &'a Remote, blob: &Descriptor) -> Self {
        Self {
            remote,
            blob: blob.clone(),
            verifier: Verifier::new(&blob.digest, blob.size),
            source: None,
            response: None,
            request: None,
            skip: 0,
            backoff: remote.transport.backoff(),
        }
    }

    /// The next piece; `None` after the last one.
    async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            if self.verifier.remaining() == 0 {
                self.finish()?;
                return Ok(None);
            }
            match self.read().await {
                Ok(piece) if piece.is_empty() => {}
                Ok(piece) => {
                    self.backoff.reset();
                    self.verifier.update(&piece).map_err(|source| self.wrong(source))?;
                    self.refuse_more().await?;
                    let reporter = &self.remote.transport.settings.reporter;
                    reporter.transferred(Direction::Pull, &self.blob, piece.len() as u64);
                    return Ok(Some(piece));
                }
                Err(error) => {
                    self.response = None;
                    self.backoff.pause(error).await?;
                }
            }
        }
    }

    /// Content goes on where it should end: the last piece is not given out.
    async fn refuse_more(&mut self) -> Result<()> {
        let (Some(response), Some(request)) = (&mut self.response, &self.request) else { return Ok(()) };
        if self.verifier.remaining() > 0 {
            return Ok(());
        }
        // All is there and right; a connection that breaks now breaks nothing.
        let more = self.remote.transport.next_chunk(request, response).await;
        match more {
            Ok(Some(more)) if !more.is_empty() => {
                let (expected, actual) = (self.blob.size, self.blob.size + more.len() as u64);
                Err(self.wrong(ktrust_oci::Error::WrongSize { expected, actual }))
            }
            _ => Ok(()),
        }
    }

    /// A piece of the answer without what was seen before.
    async fn read(&mut self) -> Result<Bytes> {
        if self.response.is_none() {
            self.open().await?;
        }
        let transport = &self.remote.transport;
        let (Some(response), Some(request)) = (&mut self.response, &self.request) else {
            return Ok(Bytes::new());
        };
        let Some(mut piece) = transport.next_chunk(request, response).await? else {
            // HTTP is content with the end, the digest is not: treated as a broken connection.
            self.response = None;
            return Err(self.cut_short());
        };
        let seen = self.skip.min(piece.len() as u64);
        self.skip -= seen;
        Ok(piece.split_off(seen as usize))
    }

    /// Asks for the blob, or for what is missing of it.
    async fn open(&mut self) -> Result<()> {
        let remote = self.remote;
        if let Some(source) = self.source {
            return self.open_at(source).await;
        }
        for mirror in remote.mirrors.iter() {
            match self.open_at(mirror).await {
                Ok(()) => return Ok(()),
                Err(error) => remote.mirror_failed(mirror, error)?,
            }
        }
        self.open_at(&remote.origin).await
    }

    async fn open_at(&mut self, endpoint: &'a Endpoint) -> Result<()> {
        let transport: &Transport = &self.remote.transport;
        let path = ["blobs", self.blob.digest.as_str()];
        let mut call = endpoint.call(transport, Method::GET, Right::Pull, &path).await?;
        let offset = self.verifier.seen();
        if offset > 0 {
            let range = HeaderValue::from_str(&format!("bytes={offset}-"));
            call.headers.insert(RANGE, range.expect("a range is ASCII"));
        }
        let response = transport.send(&call).await?;
        self.skip = match response.status() {
            StatusCode::PARTIAL_CONTENT if starts_at(&response, offset) => 0,
            StatusCode::PARTIAL_CONTENT => {
                return Err(Error::Protocol { request: call.request(), violation: Violation::Range });
            }
            // The whole blob, because the server knows no ranges.
            _ => offset,
        };
        self.source = Some(endpoint);
        self.request = Some(call.request());
        self.response = Some(response);
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        self.verifier.finish().map_err(|source| self.wrong(source))?;
        self.remote.transport.settings.reporter.finished(Direction::Pull, &self.blob);
        Ok(())
    }

    fn wrong(&self, source: ktrust_oci::Error) -> Error {
        match self.request.clone() {
            Some(request) => Error::Content { request, source },
            None => source.into(),
        }
    }

    fn cut_short(&self) -> Error {
        let (expected, actual) = (self.blob.size, self.verifier.seen());
        match self.request.clone() {
            Some(request) => Error::CutShort { request, expected, actual },
            None => ktrust_oci::Error::WrongSize { expected, actual }.into(),
        }
    }
}

/// `Content-Range: bytes 100-199/200`.
fn starts_at(response: &Response, offset: u64) -> bool {
    let range = response.headers().get(CONTENT_RANGE).and_then(|value| value.to_str().ok());
    let start = range.and_then(|text| text.trim().strip_prefix("bytes ")?.split_once('-')?.0.parse().ok());
    start == Some(offset)
}
