//! GitLab's own schema, as check-jsonschema carries it.

use std::collections::BTreeMap;

use ktrust_tests::{Context, Run, place::repository};
use serde_json::{Value, json};

use crate::component::{Component, yaml};

/// The schema is stricter than GitLab itself, which takes an empty list of tags.
fn check(context: &Context, text: &str) -> Run {
    let file = context.write("checked.yml", text.replace("  tags: []\n", ""));
    context.tool("check-jsonschema").args(["--builtin-schema", "vendor.gitlab-ci"]).arg(file).run()
}

#[test]
fn headers_and_bodies_fit_the_schema() {
    let context = Context::new();
    for component in Component::all() {
        check(&context, &component.header).success();
        check(&context, &component.render(&BTreeMap::new())).success();
    }
}

#[test]
fn bodies_fit_the_schema_with_every_list_filled() {
    let context = Context::new();
    let given = BTreeMap::from([
        ("runner-tags", json!(["pods"])),
        ("build-args", json!(["A=it's \"x\": y # z"])),
        ("references", json!(["$CI_REGISTRY_IMAGE/app:1"])),
        ("needs", json!(["test"])),
        ("build-needs", json!(["test"])),
    ]);
    for component in Component::all() {
        check(&context, &component.render(&given)).success();
    }
}

#[test]
fn the_schema_notices_a_mistake() {
    let context = Context::new();
    let body = Component::read("templates/build.yml").render(&BTreeMap::new());
    check(&context, &body.replace("artifacts:", "artefacts:")).fails_with(1);
}

#[test]
fn files_that_include_the_component_name_inputs_that_exist() {
    let context = Context::new();
    for path in [".gitlab-ci.yml", "examples/hello/.gitlab-ci.yml"] {
        let text = std::fs::read_to_string(repository().join(path))
            .unwrap_or_else(|error| panic!("{path}: {error}"));
        check(&context, &text).success();
        let parsed = yaml(&text);
        let includes = parsed["include"].as_array().unwrap_or_else(|| panic!("{path} includes nothing"));
        let checked = includes.iter().filter(|include| known_inputs(path, include)).count();
        assert!(checked > 0, "{path} includes no component of ours");
    }
}

/// Checks one include, if it is of a component of ours.
fn known_inputs(path: &str, include: &Value) -> bool {
    let Some(component) = include["component"].as_str() else { return false };
    let name =
        component.rsplit('/').next().and_then(|last| last.split('@').next()).expect("a component has a name");
    let taken = Component::read(&format!("templates/{name}.yml")).inputs;
    for given in include["inputs"].as_object().into_iter().flat_map(|inputs| inputs.keys()) {
        assert!(taken.contains_key(given), "{path}: {name} does not take `{given}`");
    }
    true
}
