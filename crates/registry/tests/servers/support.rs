//! What all tests share: clients that give up early, images, recorded progress.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ktrust_oci::{Descriptor, Document, Manifest, media_type};
use ktrust_registry::{
    BlobSource, Client, Direction, Error, Keychain, Pushed, Reporter, Repository, Retry, Selector, Settings,
    Skipped, Source,
};

/// Settings with short pauses.
pub(crate) fn settings() -> Settings {
    Settings {
        retry: Retry {
            attempts: 4,
            base: Duration::from_millis(5),
            cap: Duration::from_millis(20),
            patience: Duration::from_secs(3),
        },
        connect_timeout: Duration::from_secs(5),
        read_timeout: Duration::from_secs(10),
        ..Settings::default()
    }
}

pub(crate) fn repository(settings: Settings, name: &str) -> Repository {
    Client::new(settings).unwrap().repository(&name.parse().unwrap())
}

pub(crate) fn tag(name: &str) -> Selector {
    Selector::Tag(name.into())
}

/// A keychain with one account for a host.
pub(crate) fn account(host: &str, username: &str, password: &str) -> Source {
    Source::Static {
        origin: format!("the account {username}"),
        host: host.into(),
        username: username.into(),
        password: password.into(),
    }
}

pub(crate) fn keychain(sources: Vec<Source>) -> Settings {
    Settings { keychain: Keychain::new(sources), ..settings() }
}

/// Bytes that do not repeat soon; the same for the same seed.
pub(crate) fn noise(size: usize, seed: u64) -> Vec<u8> {
    let mut state = 2 * seed + 1;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    })
    .take(size)
    .collect()
}

/// An image of one layer.
pub(crate) struct Image {
    pub(crate) config: Vec<u8>,
    pub(crate) layer: Vec<u8>,
    pub(crate) document: Document,
}

impl Image {
    pub(crate) fn new(size: usize, seed: u64) -> Self {
        let config = format!(r#"{{"architecture":"amd64","os":"linux","seed":{seed}}}"#).into_bytes();
        let layer = noise(size, seed);
        let manifest = Manifest::new(
            Descriptor::of(media_type::OCI_CONFIG, &config),
            vec![Descriptor::of(media_type::OCI_LAYER, &layer)],
        );
        Self { config, layer, document: Document::from_manifest(&manifest).unwrap() }
    }

    pub(crate) fn config_blob(&self) -> Descriptor {
        Descriptor::of(media_type::OCI_CONFIG, &self.config)
    }

    pub(crate) fn layer_blob(&self) -> Descriptor {
        Descriptor::of(media_type::OCI_LAYER, &self.layer)
    }

    /// Pushes the blobs, the layer from a file, and the manifest.
    pub(crate) async fn push(&self, to: &Repository, tag: Option<&str>) -> Result<Pushed, Error> {
        let directory = tempfile::tempdir().unwrap();
        let config = BlobSource::from(self.config.clone());
        to.put_blob(&self.config_blob(), config, None).await?;
        let layer = BlobSource::File(self.layer_file(directory.path()));
        let pushed = to.put_blob(&self.layer_blob(), layer, None).await?;
        let put = to.put_document(tag, &self.document).await?;
        assert_eq!(put.digest, self.document.digest);
        Ok(pushed)
    }

    pub(crate) fn layer_file(&self, directory: &Path) -> PathBuf {
        let path = directory.join("layer");
        std::fs::write(&path, &self.layer).unwrap();
        path
    }
}

/// Remembers what it hears.
#[derive(Default)]
pub(crate) struct Recorder {
    pub(crate) events: Mutex<Vec<String>>,
    pub(crate) bytes: Mutex<u64>,
}

impl Recorder {
    pub(crate) fn events(&self) -> Vec<String> {
        self.events.lock().unwrap().clone()
    }

    fn push(&self, event: impl Into<String>) {
        self.events.lock().unwrap().push(event.into());
    }
}

impl Reporter for Recorder {
    fn transferred(&self, _direction: Direction, _blob: &Descriptor, bytes: u64) {
        *self.bytes.lock().unwrap() += bytes;
    }
    fn finished(&self, direction: Direction, _blob: &Descriptor) {
        self.push(format!("{direction:?}"));
    }
    fn skipped(&self, _blob: &Descriptor, why: Skipped) {
        self.push(format!("{why:?}"));
    }
    fn retrying(&self, error: &Error, _pause: Duration) {
        self.push(format!("retry after {error}"));
    }
    fn mirror_failed(&self, mirror: &str, _error: &Error) {
        self.push(format!("mirror {mirror}"));
    }
}

/// Settings whose progress is recorded.
pub(crate) fn recorded(mut settings: Settings) -> (Settings, Arc<Recorder>) {
    let recorder = Arc::new(Recorder::default());
    settings.reporter = Arc::<Recorder>::clone(&recorder);
    (settings, recorder)
}
