//! What the three stages share: the environment they run in and the files they hand on.
//!
//! `build → sign → deploy` are separate processes in separate jobs, so everything between them is a file:
//! `build.env` (a GitLab dotenv report, [`Handoff`]), `build.json` ([`BuildRecord`]) and `sign.json`
//! ([`SignRecord`]). The first is what GitLab understands, the other two are the full truth; readers believe
//! none of them without asking the registry.
//!
//! This crate is also the only place that reads the process's environment ([`ProcessEnvironment`]), under
//! names that are documented constants ([`variables`]).

#![forbid(unsafe_code)]

mod arguments;
mod dotenv;
mod environment;
mod error;
pub mod exit;
mod handoff;
mod interruption;
mod record;
mod settings;
pub mod variables;

pub use arguments::{CommonArguments, OutputFormat, RegistryArguments};
pub use environment::{Environment, ProcessEnvironment, layered};
pub use error::{Error, Kind};
pub use handoff::Handoff;
pub use interruption::{Interruption, until_signal};
pub use record::{
    BaseImage, BuildRecord, ImageRecord, LayerRecord, Probe, SignRecord, SignedImage, StepRecord, Tool,
};
pub use settings::{
    configured_credentials, flag, gitlab_credentials, keychain, list, registry_client, registry_settings,
    style,
};
