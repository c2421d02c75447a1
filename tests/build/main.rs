//! What `kbuild` promises, seen from outside.
