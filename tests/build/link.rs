//! COPY and ADD with `--link`: a layer that does not depend on what is below it.

use crate::project::Project;

#[test]
fn links_below_are_replaced_and_not_followed() {
    let image = Project::new(
        "FROM busybox\n\
         RUN mkdir /real && chmod 700 /real && touch /real/kept && ln -s /real /way\n\
         COPY --link a /way/a\n\
         COPY --link dir /real\n",
    )
    .file("a", "a")
    .file("dir/b", "b")
    .build();
    let tree = image.tree();
    assert_eq!(tree["way"].kind, 'd');
    assert_eq!(tree["way/a"].content, b"a");
    assert!(!tree.contains_key("real/a"), "{:?}", tree.keys());
    // A directory that is there is merged, and gets the mode that one made afresh has.
    assert!(tree.contains_key("real/kept") && tree.contains_key("real/b"));
    assert_eq!(tree["real"].mode, 0o755);
}

#[test]
fn without_a_slash_the_destination_is_a_file_whatever_is_below() {
    let tree = Project::new("FROM busybox\nCOPY --link a /tmp\nCOPY --link a /home/\n")
        .file("a", "a")
        .build()
        .tree();
    assert_eq!(tree["tmp"].kind, '-');
    assert_eq!(tree["home/a"].content, b"a");
}

#[test]
fn the_layer_is_the_same_on_any_base() {
    let layer = |base: &str| {
        let project =
            Project::new(&format!("FROM {base}\nCOPY --link --chown=3:4 a /deep/er/a\n")).file("a", "a");
        let run = project.kbuild_to_layout().env("SOURCE_DATE_EPOCH", "1000000000");
        run.run().success();
        project.image().layers().last().cloned()
    };
    assert_eq!(layer("scratch"), layer("busybox"));
}

#[test]
fn steps_after_it_see_the_files() {
    let image = Project::new(
        "FROM busybox\nWORKDIR /w\nCOPY --link a .\nADD --link b /w/b\nCOPY --link <<E /w/doc\nhi\nE\nRUN cat a b doc > all && rm a\n",
    )
    .file("a", "1\n")
    .file("b", "2\n")
    .build();
    assert_eq!(image.text("w/all"), "1\n2\nhi\n");
    assert!(!image.tree().contains_key("w/a"));
}

#[test]
fn names_have_no_accounts_to_be_looked_up_in() {
    let project = Project::new("FROM busybox\nCOPY --link --chown=app a /\n").file("a", "a");
    project.kbuild_to_layout().run().fails_with(2).stderr_has("Dockerfile:2").stderr_has("accounts");
    // With a mode it is an ordinary layer.
    let tree =
        Project::new("FROM busybox\nCOPY --link --chown=app --chmod=600 a /\n").file("a", "a").build().tree();
    assert_eq!((tree["a"].owner, tree["a"].mode), ((1000, 1000), 0o600));
    // The first layer of an image from nothing is alone too.
    let project = Project::new("FROM scratch\nCOPY --chown=app a /\n").file("a", "a");
    project.kbuild_to_layout().run().fails_with(2).stderr_has("accounts");
}

#[test]
fn a_base_that_only_linked_layers_are_put_on_is_not_unpacked() {
    let project = Project::new("FROM busybox\nCOPY --link a /\n").file("a", "a");
    project.kbuild_to_layout().run().success().nowhere_has("unpack");
}
