//! What `kdeploy` promises, seen from outside.
