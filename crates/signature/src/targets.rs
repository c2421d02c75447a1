//! What one signing run covers.

use std::collections::HashSet;

use ktrust_oci::{Digest, Parsed};
use ktrust_registry::{Repository, Selector};

use crate::Result;

/// The digests to sign: `subject` alone, or with everything below it if it is an index.
///
/// As `cosign sign --recursive`: parents first, each digest once, attestation manifests of the builder
/// included, because a verifier that is asked for a child must find a signature whatever the child is.
pub async fn targets(repository: &Repository, subject: &Digest, recursive: bool) -> Result<Vec<Digest>> {
    let mut targets = vec![subject.clone()];
    let mut seen = HashSet::from([subject.clone()]);
    let mut next = 0;
    while recursive && next < targets.len() {
        let document = repository.document(&Selector::Digest(targets[next].clone())).await?;
        next += 1;
        let Parsed::Index(index) = document.parse()? else { continue };
        for child in index.manifests {
            if seen.insert(child.digest.clone()) {
                targets.push(child.digest);
            }
        }
    }
    Ok(targets)
}
