//! What a signature must be to count.

use std::collections::BTreeMap;
use std::sync::Arc;

use ktrust_sigstore::Verifier;

/// Who must have signed, and what the signature must say.
///
/// There is no empty policy: a signature by anybody is no signature. A key is an argument of the only
/// constructor, and every addition narrows what is accepted or names one more trusted signer.
#[derive(Clone)]
pub struct Policy {
    /// Never empty: see the constructor.
    keys: Vec<Arc<dyn Verifier>>,
    annotations: BTreeMap<String, String>,
}

impl Policy {
    /// Accepts signatures by this key.
    pub fn key(verifier: impl Verifier + 'static) -> Self {
        Self { keys: vec![Arc::new(verifier)], annotations: BTreeMap::new() }
    }

    /// Accepts signatures by this key too, as while a key is being replaced.
    #[must_use]
    pub fn or_key(mut self, verifier: impl Verifier + 'static) -> Self {
        self.keys.push(Arc::new(verifier));
        self
    }

    /// Demands that the signed payload carry this annotation.
    #[must_use]
    pub fn require_annotation(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.annotations.insert(key.into(), value.into());
        self
    }

    /// The trusted keys, at least one.
    pub(crate) fn keys(&self) -> &[Arc<dyn Verifier>] {
        &self.keys
    }

    /// The annotations demanded.
    pub(crate) fn annotations(&self) -> &BTreeMap<String, String> {
        &self.annotations
    }
}

impl std::fmt::Debug for Policy {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let keys: Vec<String> = self.keys.iter().map(|key| key.fingerprint()).collect();
        formatter.debug_struct("Policy").field("keys", &keys).field("annotations", &self.annotations).finish()
    }
}
