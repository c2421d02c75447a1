//! The component's files against GitLab's schema, the programs and each other.
