//! The probe: an image that is deliberately never signed.
//!
//! `kdeploy prove` shows that a cluster refuses unsigned images. It needs one that exists, in the same
//! repository, because "not found" is not a refusal; and the deploy job has no right to push one.

use ktrust_oci::Platform;

use crate::error::Error;
use crate::image::{Draft, Image};

/// The probe's image: no layers, a label that says what it is. The same bytes each time, so that a registry
/// keeps one.
pub(crate) fn image(platform: &Platform) -> Result<Image, Error> {
    let mut draft = Draft::scratch(platform, 0);
    let config = &mut draft.config.config;
    config.cmd = Some(vec!["/unsigned-probe".into()]);
    config.labels.insert("org.opencontainers.image.title".into(), "ktrust unsigned probe".into());
    config.labels.insert("org.opencontainers.image.description".into(), "never signed, to be refused".into());
    draft.finish(&[])
}
