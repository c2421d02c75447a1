//! What `ksign` promises, seen from outside.
