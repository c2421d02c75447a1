//! The client: what all repositories have in common.

use std::path::Path;
use std::sync::Arc;

use ktrust_oci::ImageReference;
use secrecy::SecretString;

use crate::local::Local;
use crate::transport::{Downloaded, Transport};
use crate::{Remote, Repository, Result, Settings, tls};

/// Talks to registries. Cheap to clone; connections, tokens and what was learnt about hosts are shared.
#[derive(Clone)]
pub struct Client {
    transport: Arc<Transport>,
}

impl Client {
    /// A client with these settings. Nothing is sent yet.
    pub fn new(settings: Settings) -> Result<Self> {
        Ok(Self { transport: Arc::new(Transport::new(settings)?) })
    }

    /// The repository of an image, in a registry or on disk. Nothing is sent or opened yet.
    pub fn repository(&self, reference: &ImageReference) -> Repository {
        match reference {
            ImageReference::Registry(reference) => {
                Repository::Remote(Remote::new(Arc::clone(&self.transport), reference))
            }
            ImageReference::Layout(reference) => Repository::Layout(Local::new(reference.path.clone())),
        }
    }

    /// Downloads a file from any web server to a path where nothing is yet. Registries' credentials are not
    /// sent; `authorization` is the whole header. Broken connections are resumed where the server allows it.
    pub async fn download(
        &self,
        url: &str,
        authorization: Option<&SecretString>,
        to: &Path,
    ) -> Result<Downloaded> {
        self.transport.download(url, authorization, to).await
    }

    /// The roots of trust for a host as one PEM text, for programs that are started and shall trust the same.
    pub fn roots_pem(&self, host: &str) -> Vec<u8> {
        tls::pem(&self.transport.settings, host)
    }

    /// Whether a host's certificate is checked.
    pub fn verifies(&self, host: &str) -> bool {
        !self.transport.settings.skip_tls_verify.has_host(host)
    }
}
