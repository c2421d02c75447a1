//! The files that name the result. They are written last, when everything they say is true.

use std::collections::BTreeMap;

use ktrust_oci::file::write_atomic;
use ktrust_oci::{Descriptor, Digest, ImageReference};
use ktrust_pipeline::{
    BuildRecord, Environment, Handoff, ImageRecord, LayerRecord, Probe, Tool, variables as var,
};
use serde_json::{Map, Value, json};

use crate::build::handoff;
use crate::builder::Report;
use crate::error::Error;
use crate::image::{Image, Layer};
use crate::product::Product;
use crate::settings::{BuildSettings, Files, repository};
use crate::source::Source;
use crate::time::{now, rfc3339};

/// What the build knows about itself.
pub(crate) struct Facts<'a> {
    pub(crate) settings: &'a BuildSettings,
    pub(crate) source: &'a Source,
    pub(crate) product: Product<'a>,
    pub(crate) report: Report,
    /// The mechanism that ran RUN.
    pub(crate) isolation: &'static str,
    /// Seconds since 1970.
    pub(crate) started: i64,
    pub(crate) probe: Option<String>,
    pub(crate) environment: &'a dyn Environment,
}

/// GitLab's facts that go into `build.json`. None of them is a secret.
const SOURCE: [&str; 10] = [
    var::CI_PROJECT_URL,
    var::CI_PROJECT_PATH,
    var::CI_COMMIT_SHA,
    var::CI_COMMIT_REF_NAME,
    var::CI_COMMIT_REF_PROTECTED,
    var::CI_COMMIT_TAG,
    var::CI_PIPELINE_SOURCE,
    var::CI_PIPELINE_URL,
    var::CI_JOB_URL,
    var::CI_CONFIG_REF_URI,
];

/// Writes the files that were asked for. The hand-off only where something was pushed: it would send the
/// later stages to an image that does not exist.
pub(crate) fn write(facts: &Facts<'_>) -> Result<(), Error> {
    let (output, product) = (&facts.settings.output, &facts.product);
    let top = product.top();
    let pushed: Vec<_> = output.references().cloned().collect();
    let said = Said {
        link: product.link(),
        config: product.config(),
        names: if output.names.is_empty() { &pushed } else { &output.names },
        record: record(facts),
        handoff: handoff(facts.settings, &top.digest, &top.media_type),
    };
    said.write(&output.files)
}

/// What the files say of a result.
pub(crate) struct Said<'a> {
    /// The link to it.
    pub(crate) link: Descriptor,
    /// Its configuration, where it is one image.
    pub(crate) config: Option<&'a Digest>,
    pub(crate) names: &'a [ImageReference],
    pub(crate) record: BuildRecord,
    /// Where something was pushed.
    pub(crate) handoff: Option<Handoff>,
}

impl Said<'_> {
    /// Writes the files that were asked for.
    pub(crate) fn write(&self, files: &Files) -> Result<(), Error> {
        let digest = &self.link.digest;
        if let Some(path) = &files.digest {
            write_atomic(path, digest.as_str().as_bytes())?;
        }
        if let Some(path) = &files.image_id {
            write_atomic(path, self.config.unwrap_or(digest).as_str().as_bytes())?;
        }
        if let Some(path) = &files.metadata {
            write_atomic(path, self.metadata()?.as_bytes())?;
        }
        if let Some(path) = &files.record {
            self.record.write(path)?;
        }
        if let (Some(path), Some(handoff)) = (&files.handoff, &self.handoff) {
            handoff.write(path, &files.handoff_prefix)?;
        }
        Ok(())
    }

    /// What docker buildx writes with `--metadata-file`, under the same keys.
    fn metadata(&self) -> Result<String, Error> {
        let mut metadata = Map::new();
        if let Some(config) = self.config {
            metadata.insert("containerimage.config.digest".into(), json!(config));
        }
        metadata.insert("containerimage.descriptor".into(), json!(self.link));
        metadata.insert("containerimage.digest".into(), json!(self.link.digest));
        if !self.names.is_empty() {
            let names: Vec<_> = self.names.iter().map(ToString::to_string).collect();
            metadata.insert("image.name".into(), json!(names.join(",")));
        }
        serde_json::to_string_pretty(&Value::Object(metadata)).map_err(Error::Serialize)
    }
}

fn record(facts: &Facts<'_>) -> BuildRecord {
    let (settings, product) = (facts.settings, &facts.product);
    let images = product.images;
    let first = settings.output.references().next().or(settings.output.names.first());
    BuildRecord {
        schema: 1,
        tool: Tool { name: "kbuild".into(), version: env!("CARGO_PKG_VERSION").into() },
        repository: first.map(repository).unwrap_or_default(),
        references: settings.output.references().map(ToString::to_string).collect(),
        digest: product.top().digest.clone(),
        media_type: product.top().media_type.clone(),
        config: product.config().cloned(),
        platforms: images.iter().map(|image| image.platform.to_string()).collect(),
        layers: if images.len() == 1 { layers(&images[0]) } else { Vec::new() },
        images: (0..images.len()).map(|number| image(product, number)).collect(),
        bases: facts.report.bases.clone(),
        dockerfile: facts.source.name.clone(),
        target: settings.target_stage.clone(),
        build_args: settings.build_args.iter().map(|(name, _)| name.clone()).collect(),
        isolation: facts.isolation.into(),
        started: rfc3339(facts.started),
        finished: rfc3339(now()),
        steps: facts.report.steps.clone(),
        probe: facts.probe.clone().map(|reference| Probe { reference }),
        source: source(facts.environment),
    }
}

fn image(product: &Product<'_>, number: usize) -> ImageRecord {
    let image = &product.images[number];
    ImageRecord {
        platform: image.platform.to_string(),
        digest: product.manifests[number].digest.clone(),
        config: product.configs[number].digest.clone(),
        layers: layers(image),
    }
}

fn layers(image: &Image) -> Vec<LayerRecord> {
    let record = |layer: &Layer| LayerRecord {
        digest: layer.descriptor.digest.clone(),
        diff_id: layer.diff_id.clone(),
        size: layer.descriptor.size,
    };
    image.layers.iter().map(record).collect()
}

pub(crate) fn source(environment: &dyn Environment) -> BTreeMap<String, String> {
    SOURCE.iter().filter_map(|name| Some(((*name).to_owned(), environment.non_empty(name)?))).collect()
}
