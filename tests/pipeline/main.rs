//! The component run for real: gitlab-ci-local on the shell executor, against a registry on loopback.

mod project;
mod runs;
