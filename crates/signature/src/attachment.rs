//! The tags under which cosign attaches things to a digest.

use ktrust_oci::Digest;

/// What hangs on an image by a tag made from its digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attachment {
    /// Signatures: `.sig`.
    Signature,
    /// Attestations: `.att`.
    Attestation,
    /// A bill of materials, unsigned, which cosign no longer writes: `.sbom`.
    Sbom,
    /// The index of referrers, where the registry has no referrers API: no suffix.
    Referrers,
}

impl Attachment {
    /// The tag for an image or index: `sha256-<hex>` and the suffix.
    pub fn tag(self, subject: &Digest) -> String {
        format!("{}{}", subject.tag_form(), self.suffix())
    }

    /// What follows the digest in the tag.
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Signature => ".sig",
            Self::Attestation => ".att",
            Self::Sbom => ".sbom",
            Self::Referrers => "",
        }
    }
}
