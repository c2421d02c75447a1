//! Several stages, arguments, triggers.

use crate::project::Project;

#[test]
fn files_go_from_stage_to_stage() {
    let image = Project::new(
        "FROM busybox AS build\n\
         RUN mkdir /out && echo made > /out/app && chown -R app /out\n\
         FROM busybox AS unused\n\
         RUN false\n\
         FROM scratch\n\
         COPY --from=build /out /app\n\
         COPY --from=0 --chown=5:6 /out/app /other\n",
    )
    .build();
    assert_eq!(image.layers().len(), 2);
    assert_eq!(image.text("app/app"), "made\n");
    assert_eq!(image.tree()["app/app"].owner, (1000, 0));
    assert_eq!(image.tree()["other"].owner, (5, 6));
}

#[test]
fn the_target_and_nothing_behind_it() {
    let project = Project::new("FROM busybox AS one\nRUN touch /one\nFROM one AS two\nRUN false\n");
    project.kbuild_to_layout().args(["--target", "ONE"]).run().success();
    assert!(project.image().tree().contains_key("one"));
    project
        .kbuild_to_layout()
        .args(["--target", "tow"])
        .run()
        .fails_with(2)
        .stderr_has("did you mean `two`?");
}

#[test]
fn arguments_reach_where_they_should() {
    let project = Project::new(
        "ARG BASE=nothing\n\
         ARG V=global\n\
         FROM $BASE\n\
         ARG V\n\
         ARG W=${V}-w\n\
         ARG TARGETARCH\n\
         LABEL v=$V w=$W arch=$TARGETARCH none=[$UNDECLARED]\n\
         RUN echo $V $W > /vw\n",
    );
    project.kbuild_to_layout().args(["--build-arg", "BASE=busybox"]).run().success();
    let image = project.image();
    let labels = &image.config["config"]["Labels"];
    assert_eq!((&labels["v"], &labels["w"]), (&"global".into(), &"global-w".into()));
    assert_eq!((&labels["arch"], &labels["none"]), (&"amd64".into(), &"[]".into()));
    assert_eq!(image.text("vw"), "global global-w\n");
}

#[test]
fn an_argument_after_env_wins_for_run_and_not_in_the_image() {
    let image = Project::new("FROM busybox\nENV A=env\nARG A=arg\nRUN echo $A > /a\n").build();
    assert_eq!(image.text("a"), "arg\n");
    assert!(image.config["config"]["Env"].as_array().unwrap().contains(&"A=env".into()));
}

#[test]
fn triggers_run_in_the_child_and_are_gone() {
    let image = Project::new(
        "FROM busybox AS parent\nONBUILD COPY a /from-trigger\nONBUILD RUN touch /ran\nFROM parent\nRUN touch /own\n",
    )
    .file("a", "a")
    .build();
    for path in ["from-trigger", "ran", "own"] {
        assert!(image.tree().contains_key(path), "{path}");
    }
    assert!(image.config["config"]["OnBuild"].is_null());
}

#[test]
fn triggers_of_a_base_image() {
    let parent = Project::new("FROM busybox\nONBUILD RUN touch /triggered\n");
    parent.build();
    assert_eq!(parent.image().config["config"]["OnBuild"], serde_json::json!(["RUN touch /triggered"]));
    let child = Project::new("FROM parent\nLABEL a=b\n");
    let base = format!("parent=oci-layout://{}", parent.context.path("out").display());
    child.kbuild_to_layout().args(["--build-context", &base]).run().success();
    assert!(child.image().tree().contains_key("triggered"));
}

#[test]
fn what_a_base_image_deleted_stays_deleted() {
    let parent = Project::new(
        "FROM busybox\nRUN mkdir /d && touch /gone /d/gone /d/kept\nRUN rm -r /gone /d && mkdir /d && touch /d/new\n",
    );
    parent.build();
    let child = Project::new("FROM parent\nRUN ls -A /d > /list; test ! -e /gone\n");
    let base = format!("parent=oci-layout://{}", parent.context.path("out").display());
    child.kbuild_to_layout().args(["--build-context", &base]).run().success();
    assert_eq!(child.image().text("list"), "new\n");
}

#[test]
fn a_named_directory_is_a_source() {
    let project = Project::new("FROM scratch\nCOPY --from=extra file /\n");
    project.context.write("elsewhere/file", "e");
    project.kbuild_to_layout().args(["--build-context", "extra=elsewhere"]).run().success();
    assert_eq!(project.image().text("file"), "e");
}

#[test]
fn a_stage_that_comes_later_is_refused() {
    let project = Project::new("FROM scratch AS a\nCOPY --from=b /x /\nFROM scratch AS b\nFROM a\n");
    project.kbuild_to_layout().run().fails_with(2).stderr_has("Dockerfile:2").stderr_has("later");
}

#[test]
fn another_platform_is_copied_for_and_not_run() {
    let copied =
        Project::new("FROM scratch\nARG TARGETARCH\nLABEL arch=$TARGETARCH\nCOPY a /\n").file("a", "a");
    copied.kbuild_to_layout().args(["--platform", "linux/arm64"]).run().success();
    assert_eq!(copied.image().config["architecture"], "arm64");
    assert_eq!(copied.image().config["config"]["Labels"]["arch"], "arm64");
    let run = Project::new("FROM scratch\nRUN [\"/x\"]\n");
    let refused = run.kbuild_to_layout().args(["--platform", "linux/arm64"]).run();
    refused.fails_with(2).stderr_has("Dockerfile:2").stderr_has("linux/arm64");
}
