//! kbuild from outside: Dockerfiles in, images out, and every way in which that can go wrong.
//!
//! `instructions` what each instruction does to the image · `copying` COPY, ADD and .dockerignore · `stages`
//! several stages, ARG, ONBUILD · `registries` pull and push · `faults` bad input, dead registries, full
//! disks · `mounts` `secrets` `ssh` `network` `scripts` `users` RUN and its surroundings ·
//! `signals` SIGTERM and SIGKILL · `reproducible` the same bytes twice, and who can read them

mod copying;
mod faults;
mod instructions;
mod mounts;
mod network;
mod project;
mod registries;
mod reproducible;
mod scripts;
mod secrets;
mod signals;
mod ssh;
mod stages;
mod users;
