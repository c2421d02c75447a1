//! A component's file, read and filled in as GitLab does it.

use std::collections::BTreeMap;

use ktrust_tests::place::repository;
use serde_json::{Map, Value};

/// The commit that `component.sha` stands for in these tests.
pub(crate) const SHA: &str = "1f0c0e5a9d3b4c6e8f7a2b1d0c9e8f7a6b5c4d3e";

/// The templates of one job each.
pub(crate) const JOBS: [&str; 3] = ["build", "sign", "deploy"];

/// Every file that takes inputs.
pub(crate) const FILES: [&str; 5] = [
    "templates/build.yml",
    "templates/sign.yml",
    "templates/deploy.yml",
    "templates/pipeline.yml",
    "component.yml",
];

/// Values for inputs that have no default.
const MANDATORY: [&str; 3] = ["kbuild-image", "ksign-image", "kdeploy-image"];

/// A file in two documents: what it takes, and what it gives.
pub(crate) struct Component {
    /// Its path in the repository.
    pub(crate) path: String,
    /// The first document's text.
    pub(crate) header: String,
    /// The second document's text.
    pub(crate) body: String,
    /// The inputs by name.
    pub(crate) inputs: Map<String, Value>,
}

impl Component {
    /// Reads a file of the repository.
    pub(crate) fn read(path: &str) -> Self {
        let text = std::fs::read_to_string(repository().join(path))
            .unwrap_or_else(|error| panic!("{path}: {error}"));
        let (header, body) = text.split_once("\n---\n").unwrap_or_else(|| panic!("{path} has no header"));
        let parsed = yaml(header);
        let inputs = parsed["spec"]["inputs"].as_object().unwrap_or_else(|| panic!("{path} has no inputs"));
        Self { path: path.into(), header: header.into(), body: body.into(), inputs: inputs.clone() }
    }

    /// Every file.
    pub(crate) fn all() -> Vec<Self> {
        FILES.iter().map(|path| Self::read(path)).collect()
    }

    /// The body with `given` and the defaults filled in, as text: strings raw, everything else as JSON.
    pub(crate) fn render(&self, given: &BTreeMap<&str, Value>) -> String {
        let mut text = self.body.replace("$[[ component.sha ]]", SHA);
        for (name, input) in &self.inputs {
            let value = given.get(name.as_str()).or_else(|| input.get("default")).cloned();
            let value = value.or_else(|| mandatory(name)).unwrap_or_else(|| panic!("`{name}` needs a value"));
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            text = text.replace(&format!("$[[ inputs.{name} ]]"), &value);
        }
        assert!(!text.contains("$[["), "{}: something is left to fill in:\n{text}", self.path);
        text
    }

    /// The jobs with `given` and the defaults filled in.
    pub(crate) fn jobs(&self, given: &BTreeMap<&str, Value>) -> Map<String, Value> {
        let parsed = yaml(&self.render(given));
        let all = parsed.as_object().unwrap_or_else(|| panic!("{} is no mapping", self.path)).clone();
        all.into_iter().filter(|(name, _)| !name.starts_with('.')).collect()
    }

    /// The text of every place that is filled in, as `inputs.NAME`, in order.
    pub(crate) fn uses(&self) -> Vec<&str> {
        let starts = self.body.split("$[[ ").skip(1);
        starts.map(|rest| rest.split(" ]]").next().expect("a split has a first part")).collect()
    }
}

fn mandatory(name: &str) -> Option<Value> {
    let image = format!("registry.example/{name}@sha256:{}", "0".repeat(64));
    MANDATORY.contains(&name).then(|| image.into())
}

/// YAML as JSON values.
pub(crate) fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}
