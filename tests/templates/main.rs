//! The component's files against GitLab's rules, GitLab's schema, the programs and each other.

mod component;
mod facts;
mod inputs;
mod jobs;
mod schema;
