//! HTTPS or HTTP.
//!
//! HTTPS, unless the user named the registry as one without TLS. Loopback hosts are asked: registries on
//! the same machine mostly speak plain HTTP, and nobody can listen in. This is Docker's rule too. Others are
//! asked where the user allows it.

use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::{Method, Url};

use super::{Transport, failure};
use crate::error::{Error, Request, Result};
use crate::hosts::names;
use crate::tls::host_name;

/// How long a host may take to say how it speaks.
const PROBE: Duration = Duration::from_secs(5);

/// What was learnt about hosts that were asked.
#[derive(Default)]
pub(crate) struct Schemes {
    secure: Mutex<HashMap<String, bool>>,
}

impl Transport {
    /// The root of a registry's API, `https://host/v2/`.
    pub(crate) async fn base(&self, host: &str) -> Result<Url> {
        // Docker Hub's name is not the name of its server.
        let server = if host == "docker.io" { "registry-1.docker.io" } else { host };
        let scheme = if self.is_secure(server).await { "https" } else { "http" };
        Url::parse(&format!("{scheme}://{server}/v2/")).map_err(|_| Error::Host { host: host.to_owned() })
    }

    /// Whether the user allows plain HTTP to a URL's host.
    pub(crate) fn is_plain(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let server = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        self.settings.plain_http.iter().any(|entry| names(entry, &server))
            || self.settings.plain_http_fallback.has_server(&server)
    }

    async fn is_secure(&self, server: &str) -> bool {
        if self.settings.plain_http.iter().any(|entry| names(entry, server)) {
            return false;
        }
        let local = is_loopback(host_name(server));
        if !local && !self.settings.plain_http_fallback.has_server(server) {
            return true;
        }
        let known = self.schemes.secure.lock().unwrap_or_else(PoisonError::into_inner).get(server).copied();
        if let Some(secure) = known {
            return secure;
        }
        match self.probe(server, local).await {
            Some(secure) => {
                self.schemes
                    .secure
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(server.to_owned(), secure);
                secure
            }
            // Nobody is there: whatever the scheme, the request will say so.
            None => false,
        }
    }

    /// Whether a host speaks TLS; `None` when nobody answers. One that is slow is not thought to be plain.
    async fn probe(&self, server: &str, local: bool) -> Option<bool> {
        let url = Url::parse(&format!("https://{server}/v2/")).ok()?;
        let request = Request::new(&Method::GET, &url);
        let Ok(answer) = tokio::time::timeout(PROBE, self.http(&url).get(url.clone()).send()).await else {
            return (!local).then_some(true);
        };
        let Err(error) = answer else { return Some(true) };
        match failure::of_reqwest(request, error) {
            // TLS with a certificate that we do not trust is TLS: the request shall say so.
            Error::Tls { source: rustls::Error::InvalidCertificate(_), .. } => Some(true),
            Error::Tls { .. } => Some(false),
            _ => tokio::net::TcpStream::connect(socket_address(server)).await.ok().map(|_| false),
        }
    }
}

fn socket_address(server: &str) -> String {
    let has_port = server.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    if has_port { server.to_owned() } else { format!("{server}:443") }
}

/// Whether a host, with or without brackets, is this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || host.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn loopback() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["localhost.example", "128.0.0.1", "127.0.0.1.example", "", "10.0.0.1"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
