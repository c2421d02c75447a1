//! What a step has around it: network, hosts, memory, limits.

use crate::project::Project;

#[test]
fn without_a_network_there_is_only_loopback() {
    let dockerfile = "FROM busybox\n\
                      RUN --network=none ls /sys/class/net > /none\n\
                      RUN --network=host ls /sys/class/net > /host\n\
                      RUN --network=default ls /sys/class/net > /default\n\
                      RUN ls /sys/class/net > /unsaid\n";
    let project = Project::new(dockerfile);
    let image = project.build();
    assert_eq!(image.text("none"), "lo\n");
    assert_eq!(image.text("default"), image.text("host"));
    assert_eq!(image.text("unsaid"), image.text("host"));
    project.kbuild_to_layout().args(["--network", "none", "--allow", "network.host"]).run().success();
    let image = project.image();
    assert_eq!((image.text("default"), image.text("unsaid")), ("lo\n".into(), "lo\n".into()));
    let bridge = project.kbuild_to_layout().args(["--network", "bridge"]).run();
    bridge.fails_with(2).stderr_has("bridge");
    let insecure = project.kbuild_to_layout().args(["--allow", "security.insecure"]).run();
    insecure.fails_with(2).stderr_has("security.insecure");
}

#[test]
fn hosts_are_added_and_never_in_a_layer() {
    let project = Project::new(
        "FROM busybox\n\
         RUN cat /etc/hosts > /hosts; hostname > /name; cat /etc/resolv.conf > /dev/null\n\
         RUN echo x >> /etc/hosts || echo refused > /refused\n\
         RUN --mount=type=tmpfs,target=/etc/deep echo own > /etc/own\n",
    );
    let run = project.kbuild_to_layout().args(["--add-host", "Db=10.0.0.7", "--add-host", "six:[::1]"]);
    let run = run.args(["--add-host", "gate=host-gateway"]);
    run.args(["--build-arg", "BUILDKIT_SANDBOX_HOSTNAME=forge"]).run().success();
    let image = project.image();
    let hosts = "127.0.0.1\tlocalhost forge\n::1\tlocalhost ip6-localhost ip6-loopback\n\
                 10.0.0.7\tdb\n::1\tsix\n127.0.0.1\tgate\n";
    assert_eq!(image.text("hosts"), hosts);
    assert_eq!(image.text("name"), "forge\n");
    assert_eq!(image.text("refused"), "refused\n");
    let tree = image.tree();
    let kept: Vec<_> = tree.keys().filter(|path| path.starts_with("etc/")).collect();
    assert_eq!(kept, ["etc/group", "etc/own", "etc/passwd"]);
    project.kbuild_to_layout().args(["--add-host", "db"]).run().fails_with(2).stderr_has("db");
}

#[test]
fn memory_and_limits() {
    let project = Project::new(
        "FROM busybox\n\
         RUN df -k /dev/shm | tail -n 1 | tr -s ' ' | cut -d' ' -f2 > /shm; ulimit -n > /files; ulimit -Hn >> /files\n",
    );
    assert_eq!(project.build().text("shm"), "65536\n");
    let run = project.kbuild_to_layout().args(["--shm-size", "128m", "--ulimit", "nofile=100:200"]);
    run.args(["--cgroup-parent", "x"]).run().success().stderr_has("`--cgroup-parent` has no meaning here");
    let image = project.image();
    assert_eq!((image.text("shm"), image.text("files")), ("131072\n".into(), "100\n200\n".into()));
    let wrong = |flag: &str, value: &str| project.kbuild_to_layout().args([flag, value]).run().fails_with(2);
    wrong("--ulimit", "files=1").stderr_has("files");
    wrong("--ulimit", "nofile=2:1").stderr_has("above");
    wrong("--shm-size", "big").stderr_has("big");
}

#[test]
fn a_foreign_platform_is_copied_to_and_not_run_on() {
    let arch = if cfg!(target_arch = "aarch64") { "amd64" } else { "riscv64" };
    let copied = Project::new("FROM scratch\nCOPY f /f\nWORKDIR /w\n").file("f", "x");
    copied.kbuild_to_layout().args(["--platform", &format!("linux/{arch}")]).run().success();
    assert_eq!(copied.image().config["architecture"], arch);
    let handler = std::path::Path::new("/proc/sys/fs/binfmt_misc/qemu-riscv64");
    if !handler.exists() {
        let run = Project::new("FROM scratch\nCOPY f /f\nRUN [\"/f\"]\n").file("f", "x");
        let run = run.kbuild_to_layout().args(["--platform", &format!("linux/{arch}")]).run();
        run.fails_with(2).stderr_has("Dockerfile:3").stderr_has("kbuild index");
    }
}
