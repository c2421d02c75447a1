//! What the header of a component says.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::Value;

use crate::component::{Component, JOBS};

/// Text that must not get through: it would end a quoted scalar or start something new.
const HOSTILE: [&str; 6] = ["a\"b", "a'b", "a\nb: c", "a]b", "a`b", "a b #"];

fn each(check: impl Fn(&str, &str, &Value)) {
    for component in Component::all() {
        for (name, input) in &component.inputs {
            check(&component.path, name, input);
        }
    }
}

fn pattern(input: &Value) -> Option<Regex> {
    let text = input["regex"].as_str()?;
    Some(Regex::new(text).unwrap_or_else(|error| panic!("{error}")))
}

#[test]
fn every_input_has_a_type_and_a_description() {
    each(|path, name, input| {
        let kind = input["type"].as_str().unwrap_or_default();
        assert!(
            ["string", "number", "boolean", "array"].contains(&kind),
            "{path}: `{name}` has type `{kind}`"
        );
        let description = input["description"].as_str().unwrap_or_default();
        assert!((10..1024).contains(&description.len()), "{path}: `{name}` is described by `{description}`");
        assert!(description.ends_with('.'), "{path}: the description of `{name}` is no sentence");
    });
}

#[test]
fn every_string_is_limited_by_an_anchored_pattern_or_by_options() {
    each(|path, name, input| {
        if input["type"] == "string" && input["options"].is_null() {
            let text = input["regex"].as_str().unwrap_or_else(|| panic!("{path}: `{name}` has no pattern"));
            assert!(text.starts_with('^') && text.ends_with('$'), "{path}: `{name}` is not anchored");
        }
    });
}

#[test]
fn defaults_fit_their_patterns_and_options() {
    each(|path, name, input| {
        let Some(default) = input["default"].as_str() else { return };
        if let Some(pattern) = pattern(input) {
            assert!(pattern.is_match(default), "{path}: `{name}` refuses its own default `{default}`");
        }
        if let Some(options) = input["options"].as_array() {
            assert!(options.contains(&default.into()), "{path}: `{name}` cannot be `{default}`");
        }
    });
}

#[test]
fn no_string_can_break_out_of_its_quotes() {
    each(|path, name, input| {
        let Some(pattern) = pattern(input) else { return };
        for text in HOSTILE {
            assert!(!pattern.is_match(text), "{path}: `{name}` lets `{text}` in");
        }
    });
}

#[test]
fn every_input_is_used_and_every_use_is_an_input() {
    for component in Component::all() {
        let used: BTreeSet<&str> =
            component.uses().iter().filter_map(|used| used.strip_prefix("inputs.")).collect();
        let declared: BTreeSet<&str> = component.inputs.keys().map(String::as_str).collect();
        assert_eq!(used, declared, "{}", component.path);
    }
}

#[test]
fn nothing_is_filled_in_but_inputs_and_the_components_commit() {
    for component in Component::all() {
        for used in component.uses() {
            let plain = used.chars().all(|char| char.is_ascii_lowercase() || "-.".contains(char));
            assert!(plain, "{}: `{used}` is a function, which gitlab-ci-local does not know", component.path);
            assert!(used.starts_with("inputs.") || used == "component.sha", "{}: `{used}`", component.path);
        }
    }
}

#[test]
fn a_component_asks_for_its_commit_and_component_yml_cannot() {
    for component in Component::all() {
        let asks = component.header.contains("component: [sha]");
        assert_eq!(asks, component.path.starts_with("templates/"), "{}", component.path);
    }
}

#[test]
fn the_pipeline_takes_what_its_jobs_take() {
    let pipeline = Component::read("templates/pipeline.yml");
    for job in JOBS {
        let single = Component::read(&format!("templates/{job}.yml"));
        for (name, input) in &single.inputs {
            let whole = pipeline.inputs.get(&format!("{job}-{name}")).or_else(|| pipeline.inputs.get(name));
            let whole = whole.unwrap_or_else(|| panic!("the pipeline does not take `{name}`"));
            for part in ["type", "default", "regex", "options"] {
                assert_eq!(whole[part], input[part], "`{name}` of {job} differs in `{part}`");
            }
        }
    }
}

#[test]
fn no_component_takes_more_than_people_can_read() {
    for component in Component::all() {
        assert!(component.inputs.len() <= 40, "{} takes {} inputs", component.path, component.inputs.len());
    }
}
