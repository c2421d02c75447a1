//! The simple signing document: what exactly a signature of an image covers.
//!
//! The bytes are those of cosign (`pkg/signature/payload` of sigstore/sigstore): Go's `encoding/json`,
//! compact, keys of annotations sorted, `<`, `>` and `&` escaped. A verifier must use the stored bytes;
//! it is equality with cosign's own that makes signing again a no-op across both tools.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::PayloadError;

/// `critical.type` of every payload that cosign writes and accepts.
pub const PAYLOAD_TYPE: &str = "cosign container image signature";

/// No payload is longer: 1 MiB. Its only variable part is annotations.
pub const MAX_PAYLOAD_SIZE: usize = 1024 * 1024;

/// The statement "this name refers to this digest", with the signer's annotations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// The name that the signer gave the image: the repository, without tag. A claim, not a fact.
    pub docker_reference: String,
    /// The digest of the manifest or index, `sha256:…`.
    pub manifest_digest: String,
    /// The signer's annotations. Other tools put more than text here.
    pub annotations: Map<String, Value>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    critical: Critical,
    optional: Option<Map<String, Value>>,
}

/// A field here that we do not know could change the meaning of those that we do.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Critical {
    identity: Identity,
    image: Image,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Identity {
    #[serde(rename = "docker-reference")]
    docker_reference: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Image {
    #[serde(rename = "docker-manifest-digest")]
    docker_manifest_digest: String,
}

impl Payload {
    /// A statement about one digest.
    pub fn new(
        docker_reference: impl Into<String>,
        manifest_digest: impl Into<String>,
        annotations: &BTreeMap<String, String>,
    ) -> Self {
        Self {
            docker_reference: docker_reference.into(),
            manifest_digest: manifest_digest.into(),
            annotations: annotations.iter().map(|(key, value)| (key.clone(), value.clone().into())).collect(),
        }
    }

    /// The bytes to sign.
    ///
    /// # Panics
    /// Never: text and JSON values always serialise.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut annotations = self.annotations.clone();
        annotations.sort_keys();
        let document = Document {
            critical: Critical {
                identity: Identity { docker_reference: self.docker_reference.clone() },
                image: Image { docker_manifest_digest: self.manifest_digest.clone() },
                kind: PAYLOAD_TYPE.to_owned(),
            },
            optional: (!annotations.is_empty()).then_some(annotations),
        };
        let text = serde_json::to_string(&document).expect("strings and JSON values serialise");
        escape_as_go(&text).into_bytes()
    }

    /// Reads a stored payload, refusing whatever is not exactly one.
    pub fn parse(bytes: &[u8]) -> Result<Self, PayloadError> {
        if bytes.len() > MAX_PAYLOAD_SIZE {
            return Err(PayloadError::TooLarge { size: bytes.len() });
        }
        let document: Document = serde_json::from_slice(bytes).map_err(PayloadError::Json)?;
        if document.critical.kind != PAYLOAD_TYPE {
            return Err(PayloadError::Type { found: document.critical.kind });
        }
        Ok(Self {
            docker_reference: document.critical.identity.docker_reference,
            manifest_digest: document.critical.image.docker_manifest_digest,
            annotations: document.optional.unwrap_or_default(),
        })
    }
}

/// These characters stand in JSON only inside strings, so that a plain replacement is right.
fn escape_as_go(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::Payload;
    use crate::PayloadError;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn text(reference: &str, annotations: &[(&str, &str)]) -> String {
        let annotations: BTreeMap<String, String> =
            annotations.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
        String::from_utf8(Payload::new(reference, DIGEST, &annotations).to_bytes()).unwrap()
    }

    #[test]
    fn bytes_are_those_of_go() {
        assert_eq!(
            text("127.0.0.1:5000/a/b", &[]),
            format!(
                "{{\"critical\":{{\"identity\":{{\"docker-reference\":\"127.0.0.1:5000/a/b\"}},\
                 \"image\":{{\"docker-manifest-digest\":\"{DIGEST}\"}},\
                 \"type\":\"cosign container image signature\"}},\"optional\":null}}"
            )
        );
        let annotated = text("a", &[("b", "<&>\u{2028}\u{7f}"), ("a", "\u{1}\u{8}\t\"")]);
        assert!(
            annotated.ends_with(
                "\"optional\":{\"a\":\"\\u0001\\b\\t\\\"\",\"b\":\"\\u003c\\u0026\\u003e\\u2028\u{7f}\"}}"
            ),
            "{annotated}"
        );
    }

    #[test]
    fn what_is_written_is_read() {
        let annotations = BTreeMap::from([("k".to_owned(), "v<".to_owned())]);
        let payload = Payload::new("r", DIGEST, &annotations);
        assert_eq!(Payload::parse(&payload.to_bytes()).unwrap(), payload);
    }

    #[test]
    fn anything_else_is_refused() {
        let good = text("r", &[]);
        for (from, to) in [
            ("cosign container image signature", "atomic container signature"),
            ("\"critical\":{", "\"critical\":{\"extra\":1,"),
            ("\"critical\":{", "\"critical\":{\"type\":\"x\","),
            ("\"identity\":{", "\"Identity\":{"),
            ("\"optional\":null}", "\"optional\":null}x"),
            ("\"optional\":null}", "\"optional\":[]}"),
            ("\"docker-reference\":\"r\"", "\"docker-reference\":1"),
        ] {
            let bad = good.replacen(from, to, 1);
            assert_ne!(bad, good);
            assert!(Payload::parse(bad.as_bytes()).is_err(), "{bad}");
        }
        let long = vec![b' '; super::MAX_PAYLOAD_SIZE + 1];
        assert!(matches!(Payload::parse(&long), Err(PayloadError::TooLarge { .. })));
    }
}
