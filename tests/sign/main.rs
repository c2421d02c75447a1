//! `ksign` as users, jobs and other tools see it: real registry, real cosign of both generations.

mod bed;
mod cosign;
mod handoff;
mod keys;
mod refusals;
mod signers;
mod tree;
