//! Trees on a real file system: archives that attack, layers that go round, COPY.
//!
//! Owners, devices and attributes are real, so these tests run as root.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]
#![allow(clippy::unnecessary_debug_formatting, reason = "names that are not UTF-8 must show")]

mod add;
mod bombs;
mod copy;
mod exact;
mod flattening;
mod hostile;
mod interoperation;
mod layers;
mod listing;
mod support;
mod unpacking;
