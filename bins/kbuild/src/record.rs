//! The files that name the result. They are written last, when everything they say is true.

use std::collections::BTreeMap;

use ktrust_oci::file::write_atomic;
use ktrust_pipeline::{BuildRecord, Environment, LayerRecord, Probe, Tool, variables as var};

use crate::build::handoff;
use crate::builder::Report;
use crate::error::Error;
use crate::image::Image;
use crate::settings::{BuildSettings, repository};
use crate::source::Source;
use crate::time::{now, rfc3339};

/// What the build knows about itself.
pub(crate) struct Facts<'a> {
    pub(crate) settings: &'a BuildSettings,
    pub(crate) source: &'a Source,
    pub(crate) image: &'a Image,
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
pub(crate) fn write(facts: &Facts<'_>, pushed: bool) -> Result<(), Error> {
    let files = &facts.settings.files;
    let digest = &facts.image.manifest.digest;
    if let Some(path) = &files.digest {
        write_atomic(path, digest.as_str().as_bytes())?;
    }
    if let Some(path) = &files.image_id {
        write_atomic(path, facts.image.config.digest.as_str().as_bytes())?;
    }
    if let Some(path) = &files.record {
        record(facts, pushed).write(path)?;
    }
    if let (Some(path), true) = (&files.handoff, pushed)
        && let Some(handoff) = handoff(facts.settings, digest, &facts.image.manifest.media_type)
    {
        handoff.write(path, &files.handoff_prefix)?;
    }
    Ok(())
}

fn record(facts: &Facts<'_>, pushed: bool) -> BuildRecord {
    let (settings, image) = (facts.settings, facts.image);
    let layer = |layer: &crate::image::Layer| LayerRecord {
        digest: layer.descriptor.digest.clone(),
        diff_id: layer.diff_id.clone(),
        size: layer.descriptor.size,
    };
    let references = settings.references().filter(|_| pushed).map(ToString::to_string).collect();
    BuildRecord {
        schema: 1,
        tool: Tool { name: "kbuild".into(), version: env!("CARGO_PKG_VERSION").into() },
        repository: settings.references().next().map(repository).unwrap_or_default(),
        references,
        digest: image.manifest.digest.clone(),
        media_type: image.manifest.media_type.clone(),
        config: image.config.digest.clone(),
        platforms: vec![image.platform.to_string()],
        layers: image.layers.iter().map(layer).collect(),
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

fn source(environment: &dyn Environment) -> BTreeMap<String, String> {
    SOURCE.iter().filter_map(|name| Some(((*name).to_owned(), environment.non_empty(name)?))).collect()
}
