//! Writing YAML.
//!
//! By serde-saphyr: `serde_yaml` is no longer maintained, and of its successors this one has a
//! specification-conformant parser, literal blocks for keys, and no unsafe code.

use serde::Serialize;

use crate::Result;

/// Documents separated by `---`, in the order of their fields.
pub(crate) fn documents<T: Serialize>(documents: &[T]) -> Result<String> {
    let mut text = String::new();
    for document in documents {
        if !text.is_empty() {
            text.push_str("---\n");
        }
        // A folded block would let a reader take a CEL expression for prose; one line is exact.
        let options = serde_saphyr::ser_options! { folded_wrap_chars: usize::MAX };
        text.push_str(&serde_saphyr::to_string_with_options(document, options)?);
    }
    Ok(text)
}
