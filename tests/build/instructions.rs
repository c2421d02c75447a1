//! What each instruction does to the image.

use serde_json::json;

use crate::project::Project;

#[test]
fn metadata_lands_in_the_configuration() {
    let image = Project::new(
        "FROM scratch\n\
         LABEL a=1 b=\"two words\"\n\
         ENV GREETING=hello NAME=world\n\
         ENV BOTH=$GREETING-$NAME\n\
         EXPOSE 80 53/udp\n\
         VOLUME /data /cache\n\
         USER 1000:1000\n\
         STOPSIGNAL SIGQUIT\n\
         SHELL [\"/bin/busybox\", \"sh\", \"-c\"]\n\
         HEALTHCHECK --interval=5s --retries=3 CMD true\n\
         ENTRYPOINT [\"/app\"]\n\
         CMD [\"serve\"]\n",
    )
    .build();
    let config = &image.config["config"];
    assert_eq!(config["Labels"], json!({"a": "1", "b": "two words"}));
    let env = config["Env"].as_array().unwrap();
    assert!(env.contains(&json!("BOTH=hello-world")), "{env:?}");
    assert_eq!(config["ExposedPorts"], json!({"80/tcp": {}, "53/udp": {}}));
    assert_eq!(config["Volumes"], json!({"/data": {}, "/cache": {}}));
    assert_eq!(config["User"], "1000:1000");
    assert_eq!(config["StopSignal"], "SIGQUIT");
    assert_eq!(config["Shell"], json!(["/bin/busybox", "sh", "-c"]));
    assert_eq!(config["Healthcheck"]["Test"], json!(["CMD-SHELL", "true"]));
    assert_eq!(config["Healthcheck"]["Interval"], 5_000_000_000_i64);
    assert_eq!(config["Entrypoint"], json!(["/app"]));
    assert_eq!(config["Cmd"], json!(["serve"]));
    assert!(image.layers().is_empty());
    let history = image.config["history"].as_array().unwrap();
    assert_eq!(history.len(), 11);
    assert!(history.iter().all(|entry| entry["empty_layer"] == true));
}

#[test]
fn an_entrypoint_drops_the_base_command_but_not_its_own() {
    let inherited = Project::new("FROM busybox\nENTRYPOINT [\"/x\"]\n").build();
    assert!(inherited.config["config"]["Cmd"].is_null());
    let own = Project::new("FROM busybox\nCMD [\"a\"]\nENTRYPOINT [\"/x\"]\n").build();
    assert_eq!(own.config["config"]["Cmd"], json!(["a"]));
}

#[test]
fn run_changes_exactly_what_it_changes() {
    let image = Project::new(
        "FROM busybox\n\
         RUN echo one > /one && mkdir -p /a/b && echo two > /a/b/two && chmod 4755 /one\n\
         RUN rm /a/b/two && ln -s /one /link && ln /one /hard\n",
    )
    .build();
    assert_eq!(image.layers().len(), 3);
    let names = |layer: usize| image.layer(layer).into_iter().map(|(path, _)| path).collect::<Vec<_>>();
    // The base has no /dev, /proc and /sys: made for the first RUN, they stay in its layer, as in BuildKit.
    assert_eq!(names(1), ["a", "a/b", "a/b/two", "dev", "one", "proc", "sys"]);
    let second = names(2);
    assert!(second.contains(&"a/b/.wh.two".to_owned()), "{second:?}");
    for stray in ["etc/hosts", "etc/resolv.conf", "proc", "sys", "dev"] {
        assert!(!second.contains(&stray.to_owned()), "{second:?}");
    }
    let tree = image.tree();
    assert_eq!(tree["one"].mode, 0o4755);
    assert_eq!(tree["link"].content, b"/one");
    assert!(!tree.contains_key("a/b/two"));
}

#[test]
fn what_is_deleted_and_made_again_as_it_was_is_there() {
    let image = Project::new(
        "FROM busybox\n\
         RUN mkdir -p /d/sub && echo x > /d/sub/f\n\
         RUN cp -a /d /s && rm -r /d && cp -a /s /d && rm -r /s\n",
    )
    .build();
    assert_eq!(image.text("d/sub/f"), "x\n");
}

#[test]
fn run_sees_the_image_and_nothing_of_the_builder() {
    let project = Project::new(
        "FROM busybox\n\
         ARG FLAVOR=plain\n\
         ENV PLACE=here\n\
         USER app\n\
         WORKDIR /srv/app\n\
         RUN env | sort > /tmp/env && id > /tmp/id && pwd > /tmp/pwd && hostname > /tmp/host && umask > /tmp/umask\n",
    );
    let canary = "canary-5f0c";
    let run = project.kbuild_to_layout().args(["--build-arg", "FLAVOR=sweet"]).env("CI_JOB_TOKEN", canary);
    run.env("DOCKERHUB_TOKEN", canary).run().success().nowhere_has(canary);
    let image = project.image();
    let env = image.text("tmp/env");
    assert!(env.contains("FLAVOR=sweet\n") && env.contains("PLACE=here\n"), "{env}");
    assert!(!env.contains(canary) && !env.contains("DOCKERHUB"), "{env}");
    assert!(image.text("tmp/id").starts_with("uid=1000(app) gid=1000(app)"), "{}", image.text("tmp/id"));
    assert_eq!(image.text("tmp/pwd"), "/srv/app\n");
    assert_eq!(image.text("tmp/host"), "buildkitsandbox\n");
    assert_eq!(image.text("tmp/umask"), "0022\n");
    assert_eq!(image.tree()["srv/app"].owner, (1000, 1000));
}

#[test]
fn exec_form_needs_no_shell() {
    let image = Project::new("FROM busybox\nRUN [\"touch\", \"/a b\"]\n").build();
    assert!(image.tree().contains_key("a b"));
}

#[test]
fn here_documents_in_run_and_copy() {
    let image = Project::new(
        "FROM busybox\n\
         ARG NAME=world\n\
         RUN <<EOF\n\
         echo first > /script\n\
         echo second >> /script\n\
         EOF\n\
         COPY <<greeting /etc/\n\
         hello $NAME\n\
         greeting\n",
    )
    .build();
    assert_eq!(image.text("script"), "first\nsecond\n");
    assert_eq!(image.text("etc/greeting"), "hello world\n");
    assert_eq!(image.tree()["etc/greeting"].mode, 0o644);
}

#[test]
fn workdir_is_relative_to_the_one_before() {
    let image = Project::new("FROM busybox\nWORKDIR /a\nWORKDIR b/../c\n").build();
    assert_eq!(image.config["config"]["WorkingDir"], "/a/c");
    assert!(image.tree().contains_key("a/c"));
    assert!(!image.tree().contains_key("a/b"));
}

#[test]
fn a_daemon_left_behind_does_not_hang_the_build() {
    let image = Project::new("FROM busybox\nRUN (sleep 600 &) ; echo done > /done\n").build();
    assert_eq!(image.text("done"), "done\n");
}

#[test]
fn network_none_has_loopback_alone() {
    let image = Project::new(
        "FROM busybox\nRUN --network=none cut -d: -f1 /proc/net/dev | tail -n +3 | tr -d ' ' > /net\n",
    )
    .build();
    assert_eq!(image.text("net"), "lo\n");
}

#[test]
fn labels_of_the_command_line_win() {
    let project = Project::new("FROM scratch\nLABEL a=file b=file\n");
    project.kbuild_to_layout().args(["--label", "a=flag"]).run().success();
    assert_eq!(project.image().config["config"]["Labels"], json!({"a": "flag", "b": "file"}));
}
