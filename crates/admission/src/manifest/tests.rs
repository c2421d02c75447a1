//! Finding images: where Kubernetes keeps them, and what is refused.

use super::{Manifest, Place};

fn images(text: &str) -> Vec<(String, usize, String)> {
    let manifest = Manifest::parse("m.yaml", text).unwrap();
    manifest.images().iter().map(|image| (image.kind.clone(), image.line, image.image.clone())).collect()
}

fn refusal(text: &str) -> String {
    Manifest::parse("m.yaml", text).unwrap_err().to_string()
}

#[test]
fn every_kind_and_every_place() {
    let workload = |kind: &str| {
        format!(
            "apiVersion: v1\nkind: {kind}\nspec:\n  template:\n    spec:\n      containers:\n      - image: {kind}\n"
        )
    };
    let kinds = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "Rollout"];
    let text = kinds.map(workload).join("---\n");
    let found = images(&text);
    assert_eq!(found.iter().map(|(kind, ..)| kind.as_str()).collect::<Vec<_>>(), kinds);
    assert!(found.iter().all(|(kind, _, image)| kind == image));
    assert_eq!(found.iter().map(|(_, line, _)| *line).collect::<Vec<_>>(), [7, 15, 23, 31, 39, 47]);

    let pod = "kind: Pod\nmetadata: {name: p, namespace: n}\nspec:\n  initContainers: [{name: i, image: a}]\n  \
               containers:\n  - {name: c, image: \"b\"}\n  ephemeralContainers:\n  - {name: e, image: 'c'}\n  volumes:\n  \
               - {name: v, image: {reference: d}}\n  - {name: w, emptyDir: {}}\n";
    let manifest = Manifest::parse("pod.yaml", pod).unwrap();
    let found: Vec<_> =
        manifest.images().iter().map(|image| (image.place, image.container.as_deref())).collect();
    assert_eq!(
        found,
        [
            (Place::Init, Some("i")),
            (Place::Container, Some("c")),
            (Place::Ephemeral, Some("e")),
            (Place::Volume, Some("v")),
        ]
    );
    let first = &manifest.images()[0];
    assert_eq!((first.object.as_deref(), first.namespace.as_deref()), (Some("p"), Some("n")));
}

#[test]
fn cron_jobs_lists_and_templates() {
    let cron = "kind: CronJob\nspec: {jobTemplate: {spec: {template: {spec: {containers: [{image: a}]}}}}}\n";
    let template = "kind: PodTemplate\ntemplate: {spec: {containers: [{image: b}]}}\n";
    let list = "kind: List\nitems:\n- kind: Pod\n  spec: {containers: [{image: c}]}\n- kind: PodList\n  items:\n  \
                - kind: Pod\n    spec: {containers: [{image: d}]}\n";
    let found = images(&[cron, template, list].join("---\n"));
    assert_eq!(found.iter().map(|(.., image)| image.as_str()).collect::<Vec<_>>(), ["a", "b", "c", "d"]);
}

#[test]
fn json_windows_line_ends_and_other_objects() {
    let json = "{\"kind\": \"Pod\",\r\n \"spec\": {\"containers\": [\r\n  {\"image\": \"a\"}]}}\r\n";
    assert_eq!(images(json), [("Pod".to_owned(), 3, "a".to_owned())]);
    let others = "kind: ConfigMap\ndata: {image: x}\n---\n# nothing\n---\nkind: Service\nspec: {ports: []}\n---\n[1]\n";
    assert!(images(others).is_empty());
    assert!(images("").is_empty());
}

#[test]
fn what_hides_images_is_refused_with_its_line() {
    for (text, line) in [
        ("kind: Pod\nx: &c [{image: a}]\nspec:\n  containers: *c\n", 4),
        ("kind: Pod\nx: &c {image: a}\nspec:\n  containers:\n  - *c\n", 5),
        ("kind: Pod\nx: &c {image: a}\nspec:\n  containers:\n  - name: c\n    <<: *c\n", 6),
        ("kind: Pod\nx: &s {containers: []}\nspec: *s\n", 3),
        ("kind: Pod\nspec:\n  containers:\n  - image: a\n    image: b\n", 5),
        ("kind: Pod\nspec:\n  containers:\n  - image: [a]\n", 4),
    ] {
        let message = refusal(text);
        assert!(message.starts_with(&format!("m.yaml:{line}: ")), "{message}");
    }
    assert!(refusal("kind: Pod\n  spec: {\n").starts_with("m.yaml:"));
    assert!(refusal(&format!("kind: Pod\nx: {}", "[".repeat(100_000))).contains("m.yaml:2: "));
}
