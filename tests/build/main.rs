//! kbuild from outside: Dockerfiles in, images out, and every way in which that can go wrong.
//!
//! `checks` what is said of a Dockerfile without building it · `instructions` what each instruction does to
//! the image · `copying` `link` `parents` `exclude` COPY, ADD and .dockerignore · `stages`
//! several stages, ARG, ONBUILD · `parallel` stages at once · `contexts` archives, git and the web as
//! contexts · `named` `--build-context` · `remote` `git` ADD of addresses · `registries` pull and push ·
//! `faults` bad input, dead registries, full disks · `hostile` images and archives that attack · `mounts`
//! `secrets` `ssh` `network` `scripts` `users` RUN and its surroundings · `signals` SIGTERM and SIGKILL ·
//! `reproducible` the same bytes twice, and who can read them · `outputs` files and repositories · `platforms`
//! indexes, notes, metadata · `index` and `push` the commands of these names · `unpacked` what podman, umoci and
//! tar make of an image, file by file

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod checks;
mod contexts;
mod copying;
mod exclude;
mod faults;
mod git;
mod hostile;
mod index;
mod instructions;
mod link;
mod mounts;
mod named;
mod network;
mod outputs;
mod parallel;
mod parents;
mod platforms;
mod project;
mod push;
mod registries;
mod remote;
mod reproducible;
mod scripts;
mod secrets;
mod signals;
mod ssh;
mod stages;
mod unpacked;
mod users;
