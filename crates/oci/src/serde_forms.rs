//! JSON forms that Go programs write and serde does not expect: `null` for an empty list, and sets
//! written as objects.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Fields that this version does not know; written back as they came.
pub type Other = serde_json::Map<String, serde_json::Value>;

/// Reads `null` as the default value.
pub(crate) fn null_is_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A set of strings as an object with empty objects as values: `{"80/tcp": {}}`.
pub(crate) mod set {
    use super::{BTreeMap, BTreeSet, Deserialize, Deserializer, Other, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(set: &BTreeSet<String>, serializer: S) -> Result<S::Ok, S::Error> {
        set.iter().map(|key| (key, Other::new())).collect::<BTreeMap<_, _>>().serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeSet<String>, D::Error> {
        let map = Option::<BTreeMap<String, serde_json::Value>>::deserialize(deserializer)?;
        Ok(map.unwrap_or_default().into_keys().collect())
    }
}
