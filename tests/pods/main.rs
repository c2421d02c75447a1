//! The job images, built by kbuild, in the pods that GitLab's runners make.

mod chain;
mod image;
mod layout;
