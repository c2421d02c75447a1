//! Media types of signatures and attestations.

/// The layer of a legacy `.sig` manifest: a simple signing payload.
pub const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// The layer of a legacy `.att` manifest: a DSSE envelope.
pub const DSSE_ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";
/// Every version of the Sigstore bundle starts so; what follows is the version and `+json`.
pub const BUNDLE_PREFIX: &str = "application/vnd.dev.sigstore.bundle";
