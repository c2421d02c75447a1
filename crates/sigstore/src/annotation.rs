//! Annotations of a signature layer, as cosign's `pkg/oci/static` names them.

/// The signature over the layer's bytes, in standard base64.
pub const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
/// The signer's certificate, PEM. Present on keyless signatures.
pub const CERTIFICATE: &str = "dev.sigstore.cosign/certificate";
/// The certificates above the signer's, PEM.
pub const CHAIN: &str = "dev.sigstore.cosign/chain";
/// The transparency log's promise (JSON).
pub const BUNDLE: &str = "dev.sigstore.cosign/bundle";
/// An RFC 3161 time stamp over the signature (JSON).
pub const RFC3161_TIMESTAMP: &str = "dev.sigstore.cosign/rfc3161timestamp";
