//! kdeploy from outside: what it lets pass, what it refuses, and which bytes it changes.
//!
//! `verify` signatures and the hand-off · `pin` manifests · `policy` the policies · `apply` all of it, without
//! a cluster

mod apply;
mod pin;
mod policy;
mod shop;
mod verify;
