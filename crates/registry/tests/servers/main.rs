//! The client against servers: Debian's `docker-registry` for what is right, a scripted server for what
//! goes wrong. All on loopback.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod fake;
mod faults;
mod layouts;
mod lists;
mod login;
mod passwords;
mod plain;
mod real;
mod support;
mod tls;
mod transfers;
