//! What the tests stand on: a scrubbed place to run the programs in, real services on loopback,
//! base images made on the spot, and ways to break things.
//!
//! Nothing here knows the insides of ktrust. A test starts a program as a user or a GitLab job
//! would, and looks at the exit code, the streams and the files that it leaves.
//!
//! ```no_run
//! use ktrust_tests::{Context, Registry, bases};
//!
//! let context = Context::new();
//! let registry = Registry::start(&context);
//! let base = bases::busybox(&context.path("base"));
//! context.kbuild().args(["build", "."]).run().fails_with(2).stderr_has("Dockerfile");
//! ```
#![forbid(unsafe_code)]
#![allow(clippy::missing_panics_doc, reason = "a harness reports by panicking")]

pub mod bases;
mod context;
mod faulty;
pub mod forged;
pub mod image;
mod invocation;
pub mod place;
pub mod pod;
mod registry;
mod repository;
pub mod tamper;
pub mod tools;
mod web;

pub use context::Context;
pub use faulty::{Fault, FaultyRegistry};
pub use invocation::{Invocation, Run, Running};
pub use registry::{PASSWORD, Registry, USER};
pub use repository::Repository;
pub use web::{Asked, Reply, Web};
