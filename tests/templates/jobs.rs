//! What the jobs look like once the inputs are filled in.

use std::collections::BTreeMap;

use ktrust_pipeline::variables;
use serde_json::{Map, Value, json};

use crate::component::{Component, JOBS};

/// The one command of each job.
const SCRIPTS: [(&str, &str); 3] =
    [("build", "kbuild build"), ("sign", "ksign sign"), ("deploy", "kdeploy apply")];

fn each(check: impl Fn(&str, &str, &Value)) {
    for component in Component::all() {
        for (name, job) in component.jobs(&BTreeMap::new()) {
            check(&component.path, &name, &job);
        }
    }
}

#[test]
fn each_job_runs_one_command_that_never_changes() {
    each(|path, name, job| {
        let (_, script) = SCRIPTS.iter().find(|(known, _)| *known == name).expect("build, sign or deploy");
        assert_eq!(job["script"], json!([script]), "{path}: {name}");
        assert!(job["before_script"].is_null() && job["after_script"].is_null(), "{path}: {name}");
    });
}

#[test]
fn a_component_changes_nothing_but_its_own_jobs() {
    for component in Component::all() {
        let names: Vec<String> = component.jobs(&BTreeMap::new()).keys().cloned().collect();
        assert!(names.iter().all(|name| JOBS.contains(&name.as_str())), "{}: {names:?}", component.path);
    }
}

#[test]
fn each_variable_is_one_that_the_programs_know() {
    let known: Vec<&str> = variables::ALL.iter().map(|(name, _)| *name).collect();
    each(|path, name, job| {
        for variable in job["variables"].as_object().expect("a job has variables").keys() {
            assert!(
                known.contains(&variable.as_str()),
                "{path}: {name} sets `{variable}`, which nobody reads"
            );
        }
    });
}

#[test]
fn variables_are_expanded_only_where_gitlabs_own_may_stand() {
    each(|path, name, job| {
        for (variable, value) in job["variables"].as_object().expect("a job has variables") {
            let expanded = value.is_string();
            let may = ["KBUILD_IMAGE", "KBUILD_TAGS"].contains(&variable.as_str());
            assert_eq!(expanded, may, "{path}: {name}: `{variable}`");
        }
    });
}

#[test]
fn the_job_that_runs_foreign_commands_gets_no_token() {
    each(|path, name, job| {
        assert!(name != "build" || job["id_tokens"].is_null() && job["secrets"].is_null(), "{path}");
    });
}

#[test]
fn the_build_hands_on_one_file_as_report_and_as_artifact() {
    each(|path, name, job| {
        if name == "build" {
            assert_eq!(job["artifacts"]["reports"]["dotenv"], "build.env", "{path}");
            assert_eq!(job["artifacts"]["paths"], json!(["build.env", "build.json"]), "{path}");
        } else {
            assert!(job["artifacts"]["reports"].is_null(), "{path}: {name} must not set variables");
        }
        assert_eq!(job["artifacts"]["access"], "developer", "{path}: {name}");
    });
}

#[test]
fn only_a_passing_fault_is_tried_again() {
    each(|path, name, job| {
        let transient = ktrust_console::Exit::Transient.code();
        assert_eq!(job["retry"], json!({"max": 2, "exit_codes": [transient]}), "{path}: {name}");
    });
}

#[test]
fn the_image_of_a_job_is_fixed_by_commit_or_by_digest() {
    each(|path, name, job| {
        let image = job["image"].as_str().expect("a job has an image");
        let fixed = if path == "component.yml" { "@sha256:" } else { crate::component::SHA };
        assert!(image.contains(fixed), "{path}: {name} uses `{image}`");
    });
}

#[test]
fn prefixes_keep_two_images_apart() {
    let given = BTreeMap::from([("job-prefix", json!("web-")), ("env-file", json!("web.env"))]);
    let jobs = Component::read("templates/pipeline.yml").jobs(&given);
    assert_eq!(jobs.keys().collect::<Vec<_>>(), ["web-build", "web-sign", "web-deploy"]);
    assert_eq!(jobs["web-deploy"]["dependencies"], json!(["web-build", "web-sign"]));
    assert_eq!(jobs["web-sign"]["variables"]["KSIGN_HANDOFF"]["value"], "web.env");
}

#[test]
fn a_list_reaches_the_program_as_it_was_written() {
    let hostile = json!(["A=it's \"x\": y # z", "B=$HOME", "C={}[]"]);
    let jobs =
        Component::read("templates/build.yml").jobs(&BTreeMap::from([("build-args", hostile.clone())]));
    let value = jobs["build"]["variables"]["KBUILD_BUILD_ARGS"]["value"].as_str().expect("a string");
    assert_eq!(serde_json::from_str::<Value>(value).expect("JSON"), hostile);
}

/// The jobs without what must differ.
fn comparable(jobs: Map<String, Value>) -> BTreeMap<String, Value> {
    jobs.into_iter()
        .map(|(name, mut job)| {
            job.as_object_mut().expect("a job is a mapping").remove("image");
            (name, job)
        })
        .collect()
}

#[test]
fn a_job_is_the_same_in_every_file() {
    let nothing = BTreeMap::new();
    let single: BTreeMap<String, Value> = JOBS
        .iter()
        .flat_map(|job| comparable(Component::read(&format!("templates/{job}.yml")).jobs(&nothing)))
        .collect();
    for path in ["templates/pipeline.yml", "component.yml"] {
        assert_eq!(
            comparable(Component::read(path).jobs(&nothing)),
            single,
            "{path}: run `cargo xtask component`"
        );
    }
}
