//! The image as it grows: configuration, layers, history.

use ktrust_oci::{Descriptor, Digest, History, ImageConfig, Platform};
use ktrust_registry::Repository;

use crate::error::Error;
use crate::time::rfc3339;

/// What docker puts into `PATH` where an image has none.
pub(crate) const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// An image under construction. Cloned where a stage is built from another one.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) config: ImageConfig,
    pub(crate) layers: Vec<Layer>,
    /// Seconds since 1970: the time of everything that this build adds.
    created: i64,
}

/// One layer and where its blob can be had.
#[derive(Clone)]
pub(crate) struct Layer {
    pub(crate) descriptor: Descriptor,
    pub(crate) diff_id: Digest,
    /// The base image's repository; `None` for layers that we made, which are in the store.
    pub(crate) origin: Option<Repository>,
}

/// The finished image of one platform. [`crate::product`] puts it into documents.
pub(crate) struct Image {
    pub(crate) config: Vec<u8>,
    pub(crate) layers: Vec<Layer>,
    pub(crate) platform: Platform,
    /// When, as the configuration says it.
    pub(crate) created: String,
}

impl Draft {
    /// `FROM scratch`: no layers, `/` as working directory and docker's default `PATH`.
    pub(crate) fn scratch(platform: &Platform, created: i64) -> Self {
        let mut config = ImageConfig::new(platform);
        config.config.working_dir = "/".into();
        Self::on(config, Vec::new(), created)
    }

    /// An image on top of another. Its configuration is inherited whole, but for the time; BuildKit gives
    /// every image a `PATH`.
    pub(crate) fn on(config: ImageConfig, layers: Vec<Layer>, created: i64) -> Self {
        let mut draft = Self { config, layers, created };
        let env = &mut draft.config.config.env;
        if !env.iter().any(|entry| entry.starts_with("PATH=")) {
            env.push(format!("PATH={DEFAULT_PATH}"));
        }
        draft
    }

    /// Whether there are no files yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }

    /// Adds a layer and its line in the history.
    pub(crate) fn add_layer(&mut self, layer: Layer, created_by: String) {
        self.config.rootfs.diff_ids.push(layer.diff_id.clone());
        self.layers.push(layer);
        self.add_history(created_by, false);
    }

    /// Adds a line to the history for an instruction that changed the configuration alone.
    pub(crate) fn add_empty(&mut self, created_by: String) {
        self.add_history(created_by, true);
    }

    fn add_history(&mut self, created_by: String, empty_layer: bool) {
        self.config.history.push(History {
            created: Some(rfc3339(self.created)),
            created_by: Some(created_by),
            comment: Some("buildkit.dockerfile.v0".into()),
            empty_layer,
            ..History::default()
        });
    }

    /// Layers that no line tells of get theirs at the end, as in BuildKit: those of contexts, and of images
    /// whose history is not complete.
    fn complete_history(&mut self) {
        let told = self.config.history.iter().filter(|line| !line.empty_layer).count();
        for _ in told..self.layers.len() {
            self.config.history.push(History {
                created: Some(rfc3339(self.created)),
                comment: Some("buildkit.exporter.v0".into()),
                ..History::default()
            });
        }
    }

    /// Closes the image. `labels` come from the command line and win over the Dockerfile's.
    pub(crate) fn finish(mut self, labels: &[(String, String)]) -> Result<Image, Error> {
        self.complete_history();
        let created = rfc3339(self.created);
        self.config.created = Some(created.clone());
        self.config.config.labels.extend(labels.iter().cloned());
        let config = serde_json::to_vec(&self.config).map_err(Error::Serialize)?;
        Ok(Image { config, platform: self.config.platform(), layers: self.layers, created })
    }
}
