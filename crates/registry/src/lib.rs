//! Registries (and layouts on disk, by the same words): pull, push, credentials, retries.
//!
//! [`Client`] holds what is common to all registries: credentials, roots of trust, connections, tokens.
//! [`Repository`] is one place for images; its methods are the distribution API
//! (<https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md>), each with the retries,
//! the authentication and the checks that a build of an hour needs. Whatever comes from a registry is
//! compared with its digest while it is read.
//!
//! The crate reads no environment: credentials, proxies apart, come in through [`Settings`].
//! `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` are read by `reqwest` itself; loopback never uses a proxy.

#![forbid(unsafe_code)]

mod client;
mod error;
mod hosts;
mod keychain;
mod local;
mod progress;
mod remote;
mod repository;
mod settings;
mod tls;
mod transport;

pub use client::Client;
pub use error::{Attempt, Error, ErrorKind, Outcome, RegistryError, Request, Result, Violation};
pub use hosts::Hosts;
pub use keychain::{Account, Keychain, LookupFn, Source};
pub use local::Local;
pub use oci_client::errors::OciErrorCode;
pub use progress::{Direction, Reporter, Silent, Skipped};
pub use remote::Remote;
pub use repository::{BlobReader, BlobSource, Pushed, Put, Repository, Selector};
pub use settings::{ClientCertificate, Retry, Settings};
pub use transport::Downloaded;
