//! kbuild from outside: Dockerfiles in, images out, and every way in which that can go wrong.
//!
//! `instructions` what each instruction does to the image · `copying` COPY, ADD and .dockerignore · `stages`
//! several stages, ARG, ONBUILD · `registries` pull and push · `faults` bad input, dead registries, full
//! disks · `signals` SIGTERM and SIGKILL · `reproducible` the same bytes twice, and who can read them

mod copying;
mod faults;
mod instructions;
mod project;
mod registries;
mod reproducible;
mod signals;
mod stages;
