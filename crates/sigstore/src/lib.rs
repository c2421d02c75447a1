//! sigstore
