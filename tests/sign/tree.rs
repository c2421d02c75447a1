//! `ksign tree`.

use crate::bed::{Bed, push};

#[test]
fn attached_things_are_listed() {
    let bed = Bed::new();
    let tree = |format: &str| bed.ksign(["tree", "--format", format, &bed.image()]).run().success();
    tree("text").stdout_has("nothing is attached");
    bed.sign("cosign");
    push(
        &bed.context,
        &bed.context.path("base"),
        "latest",
        &bed.repository,
        &bed.tag().replace(".sig", ".sbom"),
    );
    let json = tree("json").json();
    assert_eq!(json[0]["image"], bed.image());
    let kinds: Vec<&str> = json[0]["artifacts"]
        .as_array()
        .expect("artifacts")
        .iter()
        .filter_map(|a| a["kind"].as_str())
        .collect();
    assert_eq!(kinds, ["signature", "sbom"]);
    assert_eq!(json[0]["artifacts"][0]["layers"][0], bed.layers()[0]["digest"]);
    tree("text").stdout_has(&bed.tag()).stdout_has("├── signature");
}
