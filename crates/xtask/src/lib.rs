//! What the developers' commands and the tests share.
#![forbid(unsafe_code)]

pub mod job_image;
