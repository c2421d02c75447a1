//! `RUN --mount` of files: binds, caches, memory; and that nothing of them is ever in a layer.

use crate::project::Project;

/// A build that must fail, with a word of its message.
fn fails(dockerfile: &str, code: i32, word: &str) {
    let run = Project::new(dockerfile).kbuild_to_layout().run();
    run.fails_with(code).stderr_has(word).stderr_has("Dockerfile:");
}

fn names(image: &ktrust_tests::image::Image, layer: usize) -> Vec<String> {
    image.layer(layer).into_iter().map(|(path, _)| path).collect()
}

#[test]
fn the_context_is_seen_as_copy_would_take_it() {
    let project = Project::new(
        "FROM busybox\n\
         WORKDIR /w\n\
         RUN --mount=target=/ctx find /ctx | sort > /seen; stat -c '%u %g' /ctx/a/kept >> /seen\n\
         RUN --mount=type=bind,source=a,target=rel cat rel/kept > /rel\n\
         RUN --mount=src=/a/../a/kept,dst=/one/file cat /one/file > /one-file\n\
         RUN --mount=source=link,target=/l ls /l > /through\n",
    )
    .file("a/kept", "kept\n")
    .file("a/dropped", "x")
    .file("secret.env", "x")
    .file(".dockerignore", "**/dropped\n*.env\nDockerfile\n.dockerignore\n");
    std::os::unix::fs::symlink("a", project.context.path("app/link")).unwrap();
    let image = project.build();
    assert_eq!(image.text("seen"), "/ctx\n/ctx/a\n/ctx/a/kept\n/ctx/link\n0 0\n");
    assert_eq!(image.text("rel"), "kept\n");
    assert_eq!(image.text("one-file"), "kept\n");
    assert_eq!(image.text("through"), "kept\n");
    assert!(!image.tree().contains_key("one") && !image.tree().contains_key("w/rel"));
}

#[test]
fn what_a_bind_is_given_is_thrown_away() {
    let project = Project::new(
        "FROM busybox AS other\n\
         RUN mkdir /d && echo stage > /d/f\n\
         FROM busybox\n\
         RUN --mount=target=/ctx,rw echo new > /ctx/f && rm /ctx/g && cat /ctx/f > /one\n\
         RUN --mount=target=/ctx cat /ctx/f /ctx/g > /two\n\
         RUN --mount=from=other,source=/d,target=/d,rw echo more >> /d/f && cat /d/f > /three\n\
         RUN --mount=from=other,source=/d/f,target=/f cat /f > /four\n\
         RUN --mount=target=/ctx touch /ctx/x 2>/dev/null || echo read-only > /five\n",
    )
    .file("f", "old\n")
    .file("g", "g\n");
    let image = project.build();
    assert_eq!(image.text("one"), "new\n");
    assert_eq!(image.text("two"), "old\ng\n");
    assert_eq!(image.text("three"), "stage\nmore\n");
    assert_eq!(image.text("four"), "stage\n");
    assert_eq!(image.text("five"), "read-only\n");
    assert_eq!(project.context.read("app/f"), "old\n");
}

#[test]
fn mount_points_leave_no_trace() {
    let image = Project::new(
        "FROM busybox\n\
         RUN mkdir /real && ln -s /real /link && ln -s /nowhere/deep /dangling && mkdir -m 0700 /closed\n\
         RUN --mount=target=/x/y/z --mount=type=tmpfs,target=/t/u --mount=type=cache,target=/link/c true\n\
         RUN --mount=type=tmpfs,target=/dangling touch /dangling/f && ls /nowhere/deep > /seen\n\
         RUN --mount=type=tmpfs,target=/keep/me touch /keep/file\n\
         RUN --mount=type=tmpfs,target=/closed --mount=type=tmpfs,target=/fresh \
             stat -c %a /closed /fresh > /modes\n",
    )
    .build();
    assert_eq!(names(&image, 2), Vec::<String>::new());
    assert_eq!(names(&image, 3), ["seen"]);
    assert_eq!(image.text("seen"), "f\n");
    assert_eq!(names(&image, 4), ["keep", "keep/file"]);
    assert_eq!(image.text("modes"), "700\n1777\n");
}

#[test]
fn mounts_lie_in_mounts_whatever_their_order() {
    let image = Project::new(
        "FROM busybox AS s\n\
         RUN mkdir -p /tree/sub && echo from > /tree/sub/f\n\
         FROM busybox\n\
         RUN --mount=type=cache,target=/a/b/c --mount=type=tmpfs,target=/a touch /a/b/c/x && ls /a/b > /seen\n\
         RUN --mount=from=s,source=/tree,target=/m --mount=type=tmpfs,target=/m/sub ls -A /m/sub > /empty\n\
         RUN --mount=type=tmpfs,target=/two --mount=from=s,source=/tree,target=/two ls /two > /last\n",
    )
    .build();
    assert_eq!(image.text("seen"), "c\n");
    assert_eq!(image.text("empty"), "");
    assert_eq!(image.text("last"), "sub\n");
}

#[test]
fn a_cache_outlives_builds_and_is_known_by_its_name() {
    let project = Project::new(
        "FROM busybox\n\
         ARG ROUND\n\
         RUN --mount=type=cache,target=/var/c echo $ROUND >> /var/c/rounds; cat /var/c/rounds > /rounds\n\
         RUN --mount=type=cache,id=/var/c,target=/elsewhere,ro cat /elsewhere/rounds > /same; \
             touch /elsewhere/x 2>/dev/null || echo ro >> /same\n\
         RUN --mount=type=cache,id=own,target=/o,uid=33,gid=34,mode=0750 stat -c '%a %u %g' /o > /own\n\
         RUN --mount=type=cache,id=own,target=/o stat -c '%a %u %g' /o > /other\n\
         USER app\n\
         RUN --mount=type=cache,id=app,target=/u,uid=1000 touch /u/mine\n",
    );
    let build = |round: &str| {
        project.kbuild_to_layout().args(["--build-arg", &format!("ROUND={round}")]).run().success();
        project.image()
    };
    build("1");
    let image = build("2");
    assert_eq!(image.text("rounds"), "1\n2\n");
    assert_eq!(image.text("same"), "1\n2\nro\n");
    assert_eq!(image.text("own"), "750 33 34\n");
    assert_eq!(image.text("other"), "755 0 0\n");
    let tree = image.tree();
    assert!(!tree.contains_key("var/c") && !tree.contains_key("o") && !tree.contains_key("u"));
    project.kbuild_to_layout().args(["--build-arg", "BUILDKIT_CACHE_MOUNT_NS=x"]).run().success();
    assert_eq!(project.image().text("rounds"), "\n");
}

#[test]
fn a_cache_begins_as_a_copy() {
    let image = Project::new(
        "FROM busybox AS seed\n\
         RUN mkdir -m 0711 /s && echo seed > /s/f && chown 3:4 /s/f /s\n\
         FROM busybox\n\
         RUN --mount=type=cache,id=c,from=seed,source=/s,target=/c stat -c '%a %u %g' /c /c/f > /mode; echo more >> /c/f\n\
         RUN --mount=type=cache,id=c,from=seed,source=/s,target=/d cat /d/f > /f\n\
         RUN --mount=from=seed,source=/s,target=/s cat /s/f > /seed\n",
    )
    .build();
    assert_eq!(image.text("mode"), "711 3 4\n644 3 4\n");
    assert_eq!(image.text("f"), "seed\nmore\n");
    assert_eq!(image.text("seed"), "seed\n");
}

#[test]
fn a_locked_cache_is_used_by_one_at_a_time() {
    let dockerfile = |sharing: &str| {
        format!(
            "FROM busybox\n\
             RUN --mount=type=cache,id=l,target=/c,sharing={sharing} \
             [ ! -e /c/busy ] && echo alone > /how || echo together > /how; \
             touch /c/busy; sleep 2; rm -f /c/busy\n"
        )
    };
    for (sharing, expected) in [("locked", "alone"), ("private", "alone"), ("shared", "together")] {
        let project = Project::new(&dockerfile(sharing));
        let start = |out: &str| {
            let run = project.kbuild().args(["-t", &format!("oci:./{out}:latest")]);
            let running = run.start();
            std::thread::sleep(std::time::Duration::from_secs(1));
            running
        };
        let runs = [start("one"), start("two")];
        for run in runs {
            run.wait().success();
        }
        let how =
            |out: &str| ktrust_tests::image::Image::open(&project.context.path(out), "latest").text("how");
        assert_eq!((how("one"), how("two")), ("alone\n".into(), format!("{expected}\n")), "{sharing}");
    }
}

#[test]
fn stages_of_one_build_take_turns() {
    let step = "[ ! -e /c/busy ] || echo together > /how; touch /c/busy; sleep 1; rm -f /c/busy";
    let mounts = |first: &str, second: &str| {
        format!(
            "--mount=type=cache,id={first},target=/c,sharing=locked --mount=type=cache,id={second},target=/d,sharing=locked"
        )
    };
    let image = Project::new(&format!(
        "FROM busybox AS one\nRUN {} {step}; touch /one\n\
         FROM busybox AS two\nRUN {} {step}; touch /two\n\
         FROM busybox\nCOPY --from=one /one /how* /\nCOPY --from=two /two /how* /\n",
        mounts("x", "y"),
        mounts("x", "y").replace("id=x", "id=z").replace("id=y", "id=x").replace("id=z", "id=y"),
    ))
    .build();
    assert!(image.tree().contains_key("two") && !image.tree().contains_key("how"));
}

#[test]
fn variables_are_expanded_where_buildkit_does() {
    let image = Project::new(
        "FROM busybox AS stage\n\
         RUN mkdir /a && echo deep > /a/f\n\
         FROM busybox\n\
         ARG DIR=/a\n\
         ENV WHERE=\"/in here\"\n\
         RUN --mount=from=stage,source=${DIR},\"target=$WHERE\" cat \"/in here/f\" > /f\n",
    )
    .build();
    assert_eq!(image.text("f"), "deep\n");
}

#[test]
fn mistakes_are_located() {
    fails("FROM busybox\nRUN --mount=type=tmpfs,target=/ true\n", 2, "`/`");
    fails("FROM busybox\nRUN --mount=target=. true\n", 2, "`/`");
    fails("FROM busybox\nRUN --mount=source=none,target=/x true\n", 11, "`/none`");
    fails("FROM busybox AS a\nFROM busybox\nRUN --mount=from=a,source=none,target=/x true\n", 11, "`/none`");
    fails("FROM busybox\nARG A=x\nRUN --mount=from=$A,target=/x true\n", 2, "from");
    fails("FROM busybox\nRUN --mount=type=ssh,source=/x true\n", 2, "source");
    fails("FROM busybox\nRUN --mount=type=bind,target=/x,colour=red true\n", 2, "colour");
    fails("FROM busybox\nRUN --mount=type=secret,id=a,env= true\n", 2, "`env=`");
    fails("FROM busybox\nRUN --security=insecure true\n", 2, "insecure");
    fails("FROM busybox\nRUN --device=vendor.com/gpu true\n", 2, "device");
}
