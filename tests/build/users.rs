//! Who a step is, where it runs, and what its environment holds.

use crate::project::Project;

#[test]
fn users_and_their_groups() {
    let image = Project::new(
        "FROM busybox\n\
         RUN printf 'team:x:2001:app\\ncrew:x:2002:other,app\\n' >> /etc/group && chmod 1777 /tmp\n\
         USER app\n\
         RUN id -u > /tmp/name; id -G >> /tmp/name; echo $HOME >> /tmp/name\n\
         USER 1000\n\
         RUN id -G > /tmp/number\n\
         USER 1000:1000\n\
         RUN id -G > /tmp/pair\n\
         USER app:crew\n\
         RUN id -G > /tmp/named\n\
         USER 4711\n\
         RUN id -u > /tmp/unknown; id -G >> /tmp/unknown; echo $HOME >> /tmp/unknown\n\
         USER root:7\n\
         RUN id -u > /tmp/root; id -G >> /tmp/root\n",
    )
    .build();
    assert_eq!(image.text("tmp/name"), "1000\n1000 2001 2002\n/home/app\n");
    assert_eq!(image.text("tmp/number"), "1000 2001 2002\n");
    assert_eq!(image.text("tmp/pair"), "1000\n");
    assert_eq!(image.text("tmp/named"), "2002\n");
    assert_eq!(image.text("tmp/unknown"), "4711\n0\n/\n");
    assert_eq!(image.text("tmp/root"), "0\n7\n");
    let ghost = Project::new("FROM busybox\nUSER ghost\nRUN true\n").kbuild_to_layout().run();
    ghost.fails_with(2).stderr_has("ghost").stderr_has("Dockerfile:3");
}

#[test]
fn numbers_need_no_accounts() {
    let image = Project::new(
        "FROM busybox AS tools\n\
         FROM scratch\n\
         COPY --from=tools /bin/busybox /bin/sh\n\
         COPY --from=tools --chown=5:6 /bin/busybox /out/busybox\n\
         USER 5:6\n\
         RUN echo \"$HOME\" > /out/home\n\
         USER root:root\n\
         RUN echo root > /out/root\n",
    )
    .build();
    assert_eq!(image.text("out/home"), "/\n");
    assert_eq!(image.text("out/root"), "root\n");
}

#[test]
fn the_environment_is_the_stages_in_its_order() {
    let project = Project::new(
        "FROM busybox\n\
         ENV B=1 A=2 C=3\n\
         ARG ARGUMENT=4\n\
         ENV B=5\n\
         RUN [\"/bin/busybox\", \"env\"]\n\
         ENV HOME=\n\
         RUN echo \"$HOME\" > /home-of-root\n\
         ENV HOME=/mine\n\
         USER app\n\
         RUN echo \"$HOME\" > /tmp/home\n",
    );
    let run = project.kbuild_to_layout().args(["--build-arg", "HTTPS_PROXY=http://p:1"]).run().success();
    let expected =
        ["A=2", "C=3", "ARGUMENT=4", "B=5", "HTTPS_PROXY=http://p:1", "https_proxy=http://p:1", "HOME=/root"];
    // What a command prints stands behind the step's number and the time.
    let printed = run.stderr.lines().filter_map(|line| match line.split(' ').collect::<Vec<_>>()[..] {
        [_, seconds, text] if seconds.parse::<f64>().is_ok() => Some(text),
        _ => None,
    });
    let seen: Vec<&str> = printed.filter(|text| !text.starts_with("PATH=")).collect();
    assert_eq!(seen, expected, "{run}");
    let image = project.image();
    assert_eq!(image.text("home-of-root"), "/root\n");
    assert_eq!(image.text("tmp/home"), "/mine\n");
    let config = image.config["config"]["Env"].to_string();
    assert!(config.find("B=5") < config.find("A=2") && !config.contains("PROXY"), "{config}");
}

#[test]
fn a_base_images_working_directory_is_made_for_its_user() {
    let project = Project::new("FROM busybox\nWORKDIR /a/b\nUSER app\n");
    let base = project.build();
    assert!(base.tree().contains_key("a/b"));
    // An image whose working directory is only a name: docker makes it when a step runs there.
    let layout = project.context.path("named");
    let mut layer = ktrust_tests::bases::Layer::default();
    layer.directory("bin", 0o755);
    layer.file("bin/sh", 0o755, &std::fs::read(ktrust_tests::bases::busybox_program()).unwrap());
    let config = serde_json::json!({"WorkingDir": "/srv/deep", "User": "7:8"});
    ktrust_tests::bases::write(&layout, layer, &config);
    let child = Project::new("FROM named\nRUN pwd > here\n");
    let context = format!("named=oci-layout://{}", layout.display());
    child.kbuild_to_layout().args(["--build-context", &context]).run().success();
    let tree = child.image().tree();
    assert_eq!((tree["srv"].owner, tree["srv/deep"].owner, tree["srv"].mode), ((7, 8), (7, 8), 0o755));
    assert_eq!(child.image().text("srv/deep/here"), "/srv/deep\n");
}
