//! The client: what all repositories have in common.

use std::sync::Arc;

use ktrust_oci::ImageReference;

use crate::local::Local;
use crate::transport::Transport;
use crate::{Remote, Repository, Result, Settings};

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
}
