//! Requests: connections, authentication, retries, in this order from the inside out.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Method, Response, StatusCode, Url, redirect};

use crate::error::{Error, Request, Result};
use crate::hosts::names;
use crate::{ClientCertificate, Settings, tls};

mod auth;
mod challenge;
mod failure;
mod retry;
mod scheme;
mod upload;
mod web;

pub(crate) use auth::{Right, Scope};
pub(crate) use retry::Backoff;
pub(crate) use upload::FileBody;
pub use web::Downloaded;

use auth::{Auth, Grant};
use failure::Failure;
use scheme::Schemes;

/// Error bodies are read up to this many bytes.
const ERROR_BODY: usize = 64 << 10;
/// More rounds of logging in than this for one request mean that the server is not serious.
const MAX_LOGINS: usize = 12;

/// Everything below the distribution API.
pub(crate) struct Transport {
    pub(crate) settings: Settings,
    common: Clients,
    /// For registries to which we show a certificate of ours, by their names.
    identified: Vec<(String, Clients)>,
    auth: Auth,
    schemes: Schemes,
}

/// Two clients that differ in the way to the server.
struct Clients {
    /// Through the proxies of the environment.
    proxied: reqwest::Client,
    /// For loopback, where a proxy cannot reach us.
    direct: reqwest::Client,
}

fn clients(settings: &Settings, own: Option<(&str, &ClientCertificate)>) -> Result<Clients> {
    let tls = tls::config(settings, own)?;
    let builder = || {
        reqwest::Client::builder()
            .tls_backend_preconfigured(tls.clone())
            .user_agent(settings.user_agent.clone())
            .connect_timeout(settings.connect_timeout)
            .redirect(redirect_policy())
    };
    Ok(Clients {
        proxied: builder().build().map_err(Error::Setup)?,
        direct: builder().no_proxy().build().map_err(Error::Setup)?,
    })
}

/// One request to a registry.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    pub(crate) scope: Scope,
}

/// What is sent along; can be sent again from the start.
#[derive(Clone)]
pub(crate) enum Body {
    Empty,
    Bytes(Bytes),
    File(Box<FileBody>),
}

impl Call {
    pub(crate) fn new(method: Method, url: Url, scope: Scope) -> Self {
        Self { method, url, headers: HeaderMap::new(), body: Body::Empty, scope }
    }

    pub(crate) fn request(&self) -> Request {
        Request::new(&self.method, &self.url)
    }
}

impl Transport {
    pub(crate) fn new(settings: Settings) -> Result<Self> {
        let own = settings.client_certificates.iter();
        let own =
            own.map(|(host, certificate)| Ok((host.clone(), clients(&settings, Some((host, certificate)))?)));
        let identified = own.collect::<Result<_>>()?;
        Ok(Self {
            common: clients(&settings, None)?,
            identified,
            auth: Auth::default(),
            schemes: Schemes::default(),
            settings,
        })
    }

    /// A counter of failures for an operation of several requests.
    pub(crate) fn backoff(&self) -> Backoff<'_> {
        Backoff::new(&self.settings)
    }

    /// Sends a request until it succeeds or fails for good. The answer's status is 2xx.
    pub(crate) async fn send(&self, call: &Call) -> Result<Response> {
        let mut backoff = self.backoff();
        loop {
            match self.send_once(call).await {
                Ok(response) => return Ok(response),
                Err(error) => backoff.pause(error).await?,
            }
        }
    }

    /// Sends a request once, logging in as often as needed.
    pub(crate) async fn send_once(&self, call: &Call) -> Result<Response> {
        // Credentials are for the registry, not for the storage that it may send us to.
        let is_registry = call.url.host_str().map(|host| (host, call.url.port()))
            == call.scope.base.host_str().map(|host| (host, call.scope.base.port()));
        let mut logins = 0;
        loop {
            let grant = if is_registry { self.auth.current(self, &call.scope).await? } else { None };
            let response = self.execute(call, grant.as_ref()).await?;
            let status = response.status();
            if status.is_success() {
                if let Some(grant) = &grant {
                    self.auth.worked(&call.scope, grant).await;
                }
                return Ok(response);
            }
            let refused = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
            let challenge = challenge::find(response.headers());
            let failure = self.failure(call, response).await;
            if !refused || !is_registry || logins == MAX_LOGINS {
                return Err(failure.into_error());
            }
            logins += 1;
            self.auth.login(self, &call.scope, grant, challenge, failure).await?;
        }
    }

    async fn execute(&self, call: &Call, grant: Option<&Grant>) -> Result<Response> {
        let mut headers = call.headers.clone();
        if let Some(grant) = grant {
            headers.insert(AUTHORIZATION, grant.header.clone());
        }
        let mut request = self.http(&call.url).request(call.method.clone(), call.url.clone());
        let mut progress = None;
        match &call.body {
            Body::Empty if call.method == Method::POST || call.method == Method::PUT => {
                headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
            }
            Body::Empty => {}
            Body::Bytes(bytes) => request = request.body(bytes.clone()),
            Body::File(file) => {
                headers.insert(CONTENT_LENGTH, HeaderValue::from(file.size()));
                let (body, counter) = file.open().await?;
                request = request.body(body);
                progress = Some(counter);
            }
        }
        let sent = upload::watch(request.headers(headers).send(), progress, self.settings.read_timeout);
        match sent.await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(failure::of_reqwest(call.request(), error)),
            Err(after) => Err(Error::Timeout { request: call.request(), after }),
        }
    }

    /// The HTTP client for a URL.
    fn http(&self, url: &Url) -> &reqwest::Client {
        let host = url.host_str().unwrap_or_default();
        let server = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let identified = self.identified.iter().find(|(entry, _)| names(entry, &server));
        let clients = identified.map_or(&self.common, |(_, clients)| clients);
        if scheme::is_loopback(host) { &clients.direct } else { &clients.proxied }
    }

    async fn failure(&self, call: &Call, response: Response) -> Failure {
        let status = response.status();
        let retry_after = retry_after(response.headers().get(RETRY_AFTER));
        let body = self.read_capped(response, ERROR_BODY).await;
        Failure { request: call.request(), status, retry_after, body }
    }

    /// The beginning of a body; what cannot be read is left out.
    async fn read_capped(&self, mut response: Response, limit: usize) -> Vec<u8> {
        let mut body = Vec::new();
        while body.len() < limit {
            match tokio::time::timeout(self.settings.read_timeout, response.chunk()).await {
                Ok(Ok(Some(chunk))) => body.extend_from_slice(&chunk),
                _ => break,
            }
        }
        body.truncate(limit);
        body
    }

    /// A whole body of at most `limit` bytes.
    pub(crate) async fn read_all(
        &self,
        request: Request,
        mut response: Response,
        limit: u64,
    ) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let after = self.settings.read_timeout;
            match tokio::time::timeout(after, response.chunk()).await {
                Err(_) => return Err(Error::Timeout { request, after }),
                Ok(Err(error)) => return Err(failure::of_reqwest(request, error)),
                Ok(Ok(None)) => return Ok(body),
                Ok(Ok(Some(chunk))) => body.extend_from_slice(&chunk),
            }
            if body.len() as u64 > limit {
                return Err(Error::Protocol { request, violation: crate::Violation::TooLong(limit) });
            }
        }
    }

    /// The next piece of a body.
    pub(crate) async fn next_chunk(
        &self,
        request: &Request,
        response: &mut Response,
    ) -> Result<Option<Bytes>> {
        let after = self.settings.read_timeout;
        match tokio::time::timeout(after, response.chunk()).await {
            Err(_) => Err(Error::Timeout { request: request.clone(), after }),
            Ok(result) => result.map_err(|error| failure::of_reqwest(request.clone(), error)),
        }
    }
}

/// The pause that a server asks for, in seconds; its form as a date is not obeyed.
fn retry_after(header: Option<&HeaderValue>) -> Option<Duration> {
    header.and_then(|value| value.to_str().ok()?.trim().parse().ok()).map(Duration::from_secs)
}

/// Up to ten redirects, never from HTTPS to HTTP. `reqwest` drops `Authorization` between hosts.
fn redirect_policy() -> redirect::Policy {
    redirect::Policy::custom(|attempt| {
        let downgrade = attempt.url().scheme() == "http"
            && attempt.previous().last().is_some_and(|previous| previous.scheme() == "https");
        if downgrade {
            return attempt.error("a redirect from HTTPS to HTTP");
        }
        redirect::Policy::default().redirect(attempt)
    })
}
