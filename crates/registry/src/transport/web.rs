//! A file from any web server, with the roots of trust, the proxies and the patience that registries get.
//!
//! A registry's credentials are never sent here: whoever asks says what to send.

use std::path::Path;

use ktrust_oci::{Digest, Digester};
use reqwest::header::{
    AUTHORIZATION, CONTENT_RANGE, ETAG, HeaderMap, HeaderValue, IF_RANGE, LAST_MODIFIED, RANGE, RETRY_AFTER,
};
use reqwest::{Method, Response, StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::fs::File;
use tokio::io::{AsyncSeekExt as _, AsyncWriteExt as _};

use super::failure::{self, Failure};
use super::{ERROR_BODY, Transport, retry_after, upload};
use crate::error::{Error, Request, Result};

/// A file that was downloaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Downloaded {
    /// SHA-256 of the content.
    pub digest: Digest,
    /// Bytes of the content.
    pub size: u64,
    /// The server's `Last-Modified` header, as it came.
    pub last_modified: Option<String>,
}

/// A download on its way; a broken connection is taken up where the server allows it.
struct Download<'a> {
    transport: &'a Transport,
    url: Url,
    authorization: Option<&'a SecretString>,
    file: File,
    path: &'a Path,
    digester: Digester,
    /// What the first answer said, to ask for the rest of the same content.
    version: Option<HeaderValue>,
    last_modified: Option<String>,
}

impl Transport {
    /// Downloads a URL to a file that must not exist yet.
    pub(crate) async fn download(
        &self,
        url: &str,
        authorization: Option<&SecretString>,
        to: &Path,
    ) -> Result<Downloaded> {
        let url = Url::parse(url).map_err(|_| Error::Host { host: url.to_owned() })?;
        let file = File::create_new(to).await.map_err(|source| local(to, source))?;
        let (version, last_modified) = (None, None);
        let digester = Digester::default();
        let mut download = Download {
            transport: self,
            url,
            authorization,
            file,
            path: to,
            digester,
            version,
            last_modified,
        };
        let mut backoff = self.backoff();
        loop {
            let before = download.digester.length();
            match download.attempt().await {
                Ok(()) => return download.finish().await,
                Err(error) => {
                    if download.digester.length() > before {
                        backoff.reset();
                    }
                    backoff.pause(error).await?;
                }
            }
        }
    }
}

impl Download<'_> {
    async fn attempt(&mut self) -> Result<()> {
        let offset = self.digester.length();
        let request = Request::new(&Method::GET, &self.url);
        let mut response = self.ask(&request, offset).await?;
        if offset > 0 && !continues(&response, offset) {
            self.restart().await?;
        }
        self.remember(response.headers());
        while let Some(piece) = self.transport.next_chunk(&request, &mut response).await? {
            self.file.write_all(&piece).await.map_err(|source| local(self.path, source))?;
            self.digester.update(&piece);
        }
        Ok(())
    }

    async fn ask(&self, request: &Request, offset: u64) -> Result<Response> {
        let headers = self.headers(if self.version.is_some() { offset } else { 0 });
        let transport = self.transport;
        let builder = transport.http(&self.url).get(self.url.clone()).headers(headers);
        let after = transport.settings.read_timeout;
        let response = match upload::watch(builder.send(), None, after).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(failure::of_reqwest(request.clone(), error)),
            Err(after) => return Err(Error::Timeout { request: request.clone(), after }),
        };
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let retry_after = retry_after(response.headers().get(RETRY_AFTER));
        let body = transport.read_capped(response, ERROR_BODY).await;
        Err(Failure { request: request.clone(), status, retry_after, body }.into_error())
    }

    fn headers(&self, offset: u64) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let secret = self.authorization.map(|secret| HeaderValue::from_str(secret.expose_secret().trim()));
        if let Some(Ok(mut value)) = secret {
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        if let Some(version) = self.version.clone().filter(|_| offset > 0) {
            let range = HeaderValue::from_str(&format!("bytes={offset}-"));
            headers.insert(RANGE, range.expect("a range is ASCII"));
            headers.insert(IF_RANGE, version);
        }
        headers
    }

    /// A strong `ETag`, else the date, names this version of the content.
    fn remember(&mut self, headers: &HeaderMap) {
        let modified = headers.get(LAST_MODIFIED);
        let strong = headers.get(ETAG).filter(|tag| !tag.as_bytes().starts_with(b"W/"));
        self.version = strong.or(modified).cloned();
        self.last_modified = modified.and_then(|value| value.to_str().ok()).map(str::to_owned);
    }

    /// The server sends everything again, or something else.
    async fn restart(&mut self) -> Result<()> {
        let fault = |source| local(self.path, source);
        self.file.set_len(0).await.map_err(fault)?;
        self.file.rewind().await.map_err(fault)?;
        self.digester = Digester::default();
        Ok(())
    }

    async fn finish(mut self) -> Result<Downloaded> {
        self.file.flush().await.map_err(|source| local(self.path, source))?;
        let size = self.digester.length();
        Ok(Downloaded { digest: self.digester.finish(), size, last_modified: self.last_modified })
    }
}

/// Whether an answer goes on at `offset`, as it was asked to.
fn continues(response: &Response, offset: u64) -> bool {
    let range = response.headers().get(CONTENT_RANGE).and_then(|value| value.to_str().ok());
    let start = range.and_then(|text| text.trim().strip_prefix("bytes ")?.split_once('-')?.0.parse().ok());
    response.status() == StatusCode::PARTIAL_CONTENT && start == Some(offset)
}

fn local(path: &Path, source: std::io::Error) -> Error {
    Error::Io { action: "write", path: path.to_owned(), source }
}
