//! The harness itself: a check that cannot fail proves nothing.

use ktrust_tests::pod::{Class, Pod};
use ktrust_tests::{Context, Fault, FaultyRegistry, PASSWORD, Registry, USER, bases, tamper};

#[test]
fn a_base_image_is_read_by_skopeo_and_pushed_to_a_registry() {
    let context = Context::new();
    let registry = Registry::start(&context);
    let base = bases::busybox(&context.path("base"));
    let from = format!("oci:{}:latest", base.display());
    let to = format!("docker://{}:1", registry.image("busybox"));
    context.tool("skopeo").args(["copy", "--dest-tls-verify=false", &from, &to]).run().success();
    let seen = context.tool("skopeo").args(["inspect", "--raw", "--tls-verify=false", &to]).run().success();
    let layer = seen.json()["layers"][0]["digest"].as_str().map(str::to_owned);
    assert!(registry.blob_path(&layer.expect("a layer")).is_file());
}

#[test]
fn a_changed_base_image_is_noticed_by_skopeo() {
    let context = Context::new();
    let base = bases::busybox(&context.path("base"));
    let index: serde_json::Value = serde_json::from_str(&context.read("base/index.json")).expect("JSON");
    tamper::flip(&tamper::blob(&base, index["manifests"][0]["digest"].as_str().expect("a digest")));
    let from = format!("oci:{}:latest", base.display());
    let run = context.tool("skopeo").args(["copy", &from, "oci:copy:latest"]).run();
    assert_ne!(run.code(), Some(0), "{run}");
}

#[test]
fn a_registry_with_a_password_lets_only_its_user_in() {
    let context = Context::new();
    let registry = Registry::with_password(&context);
    let tags = ["list-tags", "--tls-verify=false"];
    let image = format!("docker://{}", registry.image("none"));
    let stranger = context.tool("skopeo").args(tags).arg(&image).run().fails_with(1);
    assert!(
        stranger.stderr.contains("authentication") || stranger.stderr.contains("unauthorized"),
        "{stranger}"
    );
    let credentials = format!("--creds={USER}:{PASSWORD}");
    let user = context.tool("skopeo").args(tags).args([&credentials, &image]).run().fails_with(1);
    assert!(user.stderr.contains("404"), "{user}");
    let file = context.write("auth.json", registry.docker_config());
    let user =
        context.tool("skopeo").args(tags).arg(&image).env("REGISTRY_AUTH_FILE", file).run().fails_with(1);
    assert!(!user.stderr.contains("unauthorized"), "{user}");
}

#[test]
fn a_registry_with_tls_is_trusted_through_its_authority_alone() {
    let context = Context::new();
    let registry = Registry::with_tls(&context);
    let image = format!("docker://{}", registry.image("none"));
    context.tool("skopeo").args(["list-tags", &image]).run().fails_with(1).stderr_has("x509");
    let trusted =
        context.tool("skopeo").args(["list-tags", &image]).env("SSL_CERT_FILE", registry.authority());
    let trusted = trusted.run().fails_with(1);
    assert!(!trusted.stderr.contains("x509"), "{trusted}");
}

#[test]
fn a_faulty_registry_fails_as_told() {
    let context = Context::new();
    let faulty = FaultyRegistry::start(Fault::Status(500));
    let image = format!("docker://{}", faulty.image("x"));
    context
        .tool("skopeo")
        .args(["list-tags", "--tls-verify=false", &image])
        .run()
        .fails_with(1)
        .stderr_has("500");
    assert!(faulty.connections() > 0);
}

#[test]
fn nothing_of_the_callers_environment_reaches_a_program() {
    let context = Context::new();
    let seen = context.command("env").run().success();
    let names: Vec<&str> = seen.stdout.lines().filter_map(|line| line.split('=').next()).collect();
    assert_eq!(names, ["HOME", "LANG", "PATH", "TMPDIR"]);
}

#[test]
fn a_pod_grants_what_its_class_grants() {
    let context = Context::new();
    let root = context.path("root");
    for directory in ["bin", "etc", "proc", "dev", "sys", "tmp"] {
        std::fs::create_dir_all(root.join(directory)).expect("a directory");
    }
    std::fs::copy(bases::busybox_program(), root.join("bin/sh")).expect("a shell");
    std::fs::copy(bases::busybox_program(), root.join("bin/busybox")).expect("busybox");
    let pod = Pod::new(&root, vec!["PATH=/bin".into()]);
    let seen = |class| {
        let script =
            "busybox id -u; busybox grep -E '^(CapEff|Seccomp):' /proc/self/status | busybox tr -d '\\t'";
        pod.shell(&context, class, "/", script).run().success().stdout
    };
    assert_eq!(seen(Class::Baseline), "0\nCapEff:00000000a80425fb\nSeccomp:2\n");
    assert_eq!(seen(Class::OpenShift), "1000680000\nCapEff:0000000000000000\nSeccomp:2\n");
    assert_eq!(seen(Class::Restricted), "1000\nCapEff:0000000000000000\nSeccomp:2\n");
    assert_eq!(seen(Class::UserNamespaces), "0\nCapEff:00000000a80425fb\nSeccomp:0\n");
}
