//! The machine-readable facts of component.yml.

use std::collections::BTreeMap;

use ktrust_console::Exit;
use serde_json::{Value, json};

use crate::component::{Component, JOBS, yaml};

fn facts() -> Value {
    let component = Component::read("component.yml");
    yaml(&component.render(&BTreeMap::new()))[".ktrust"].clone()
}

#[test]
fn inputs_are_those_of_the_templates() {
    let facts = facts();
    for job in JOBS {
        let names: Vec<String> =
            Component::read(&format!("templates/{job}.yml")).inputs.keys().cloned().collect();
        assert_eq!(facts["inputs"][job], json!(names), "{job}");
    }
}

#[test]
fn exit_codes_are_those_of_the_programs() {
    let codes: BTreeMap<String, &str> =
        Exit::ALL.iter().map(|exit| (exit.code().to_string(), exit.meaning())).collect();
    assert_eq!(facts()["exit-codes"], json!(codes));
}

#[test]
fn jobs_are_those_of_the_templates() {
    let jobs = Component::read("templates/pipeline.yml").jobs(&BTreeMap::new());
    for job in JOBS {
        assert_eq!(json!([facts()["jobs"][job]]), jobs[job]["script"], "{job}");
    }
}

#[test]
fn the_keys_of_the_hand_off_are_those_that_are_written() {
    let digest = ktrust_oci::Digest::of(b"");
    let handoff = ktrust_pipeline::Handoff {
        reference: "r.example/a:1".into(),
        repository: "r.example/a".into(),
        digest,
        tags: vec!["1".into()],
        media_type: "application/vnd.oci.image.manifest.v1+json".into(),
        platforms: vec!["linux/amd64".into()],
    };
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("build.env");
    handoff.write(&file, "").expect("a hand-off");
    let text = std::fs::read_to_string(file).expect("the hand-off");
    let keys: Vec<&str> = text.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    assert_eq!(facts()["handoff"]["keys"], json!(keys));
}
