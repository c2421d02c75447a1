//! What a client can be told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use crate::{Hosts, Keychain, Reporter, Silent};

/// Everything that a [`crate::Client`] depends on; the default talks to public registries anonymously.
#[derive(Clone)]
pub struct Settings {
    /// Where credentials come from.
    pub keychain: Keychain,
    /// Registries spoken to without TLS: `host`, for all ports, or `host:port`. Loopback hosts need not
    /// be named: they are tried with TLS first, then without.
    pub plain_http: Vec<String>,
    /// Registries that may speak without TLS: they are tried with it first, as loopback hosts are. Whoever
    /// is on the way can make them seem to.
    pub plain_http_fallback: Hosts,
    /// Hosts whose certificates are not checked: whoever is on the way can read and replace everything,
    /// credentials too. What was asked for by digest is still what it should be. A port in an entry is
    /// ignored, because TLS names hosts only.
    pub skip_tls_verify: Hosts,
    /// More roots of trust, PEM, added to the built-in ones of the Mozilla programme.
    pub extra_roots: Vec<Vec<u8>>,
    /// Roots of trust, PEM, for one host alone. A port in a name is ignored here too.
    pub host_roots: BTreeMap<String, Vec<Vec<u8>>>,
    /// What we show to registries that ask for a certificate: `host` or `host:port`.
    pub client_certificates: BTreeMap<String, ClientCertificate>,
    /// How often and how patiently failed requests are repeated.
    pub retry: Retry,
    /// For the TCP and TLS handshakes.
    pub connect_timeout: Duration,
    /// For silence in a transfer, in either direction. There is no limit on a whole transfer.
    pub read_timeout: Duration,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// Where to look first when pulling: registry to `host[:port][/prefix]`, tried in order, the registry
    /// itself last. A mirror is believed about tags; content is verified as always.
    pub mirrors: BTreeMap<String, Vec<String>>,
    /// A registry that has mirrors is not asked itself when pulling.
    pub mirrors_only: bool,
    /// Who is told about progress.
    pub reporter: Arc<dyn Reporter>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            keychain: Keychain::default(),
            plain_http: Vec::new(),
            plain_http_fallback: Hosts::default(),
            skip_tls_verify: Hosts::default(),
            extra_roots: Vec::new(),
            host_roots: BTreeMap::new(),
            client_certificates: BTreeMap::new(),
            retry: Retry::default(),
            connect_timeout: Duration::from_secs(20),
            read_timeout: Duration::from_mins(1),
            user_agent: concat!("ktrust/", env!("CARGO_PKG_VERSION")).into(),
            mirrors: BTreeMap::new(),
            mirrors_only: false,
            reporter: Arc::new(Silent),
        }
    }
}

/// A certificate of ours with its key.
#[derive(Clone, Debug)]
pub struct ClientCertificate {
    /// The chain, PEM, our own first.
    pub chain: Vec<u8>,
    /// The key, PEM.
    pub key: SecretString,
}

/// When a request is repeated: after 408, 429, 5xx and broken connections, `attempts` times in all. The
/// n-th pause is a random time up to `base` · 2ⁿ⁻¹, at most `cap`; `Retry-After` makes it longer.
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    /// How often a request is sent at most; 1 means no repetition.
    pub attempts: u32,
    /// The longest first pause.
    pub base: Duration,
    /// The longest pause.
    pub cap: Duration,
    /// The longest `Retry-After` that is obeyed; a registry that asks for more is given up at once.
    pub patience: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 6,
            base: Duration::from_millis(500),
            cap: Duration::from_secs(20),
            patience: Duration::from_mins(2),
        }
    }
}
