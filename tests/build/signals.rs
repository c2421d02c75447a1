//! Ended from outside at any moment: nothing half-written, nothing left running, nothing left over.

use std::path::Path;
use std::time::{Duration, Instant};

use ktrust_tests::{Fault, FaultyRegistry, Registry};

use crate::project::Project;

/// Waits for something that another process does.
fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < end, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn builds(project: &Project) -> Vec<std::fs::DirEntry> {
    let builds = project.context.path(".ktrust/builds");
    std::fs::read_dir(builds).map(|entries| entries.map(Result::unwrap).collect()).unwrap_or_default()
}

/// Whether a process with this word on its command line runs.
fn runs(word: &str) -> bool {
    let commands = std::fs::read_dir("/proc")
        .expect("/proc")
        .filter_map(|entry| std::fs::read(entry.ok()?.path().join("cmdline")).ok());
    commands.into_iter().any(|line| line.windows(word.len()).any(|part| part == word.as_bytes()))
}

fn sleeping(word: &str) -> Project {
    Project::new(&format!("FROM busybox\nRUN touch /begun && sleep {word}\n"))
}

#[test]
fn sigterm_takes_everything_back() {
    let project = sleeping("987651");
    let running = project.kbuild_to_layout().args(["--handoff", "build.env"]).start();
    until("RUN", || runs("987651"));
    running.terminate();
    running.wait().fails_with(143).stderr_has("SIGTERM");
    assert!(!runs("987651"));
    assert!(builds(&project).is_empty(), "{:?}", builds(&project));
    assert!(!project.context.path("out").join("index.json").exists());
    assert!(!project.context.path("build.env").exists());
}

#[test]
fn sigterm_while_a_registry_is_silent() {
    let project = Project::new("FROM scratch\nLABEL a=b\n");
    let registry = FaultyRegistry::start(Fault::Silence);
    let running = project.kbuild().args(["-t", &registry.image("app:1"), "--handoff", "build.env"]).start();
    until("a request", || registry.connections() > 0);
    running.terminate();
    running.wait().fails_with(143);
    assert!(!project.context.path("build.env").exists());
}

#[test]
fn sigkill_leaves_what_the_next_start_sweeps() {
    let project = sleeping("987652");
    let running = project.kbuild_to_layout().start();
    until("RUN", || runs("987652"));
    running.kill();
    running.wait();
    until("the end of RUN", || !runs("987652"));
    assert_eq!(builds(&project).len(), 1);
    project.context.write("app/Dockerfile", "FROM busybox\nRUN touch /fine\n");
    project.build();
    assert!(builds(&project).is_empty(), "{:?}", builds(&project));
}

#[test]
fn outputs_are_old_or_whole_after_sigkill_during_push() {
    let project = Project::new("FROM busybox\nRUN dd if=/dev/urandom of=/big bs=1M count=24\n");
    let registry = Registry::start(&project.context);
    let image = registry.image("app:v1");
    project.context.write("build.env", "old\n");
    for delay in [400, 800, 1200, 1600, 2000] {
        let run = project.kbuild().args(["-t", &image, "--handoff", "build.env", "--record", "build.json"]);
        let running = run.start();
        std::thread::sleep(Duration::from_millis(delay));
        running.kill();
        running.wait();
        whole(&project.context.path("build.env"), &project, &image);
        assert!(no_leftovers(&project.context.work()), "half-written files remain");
    }
}

/// Either the old text, or a hand-off whose image can be read.
fn whole(handoff: &Path, project: &Project, image: &str) {
    let text = std::fs::read_to_string(handoff).expect("a hand-off");
    if text == "old\n" {
        return;
    }
    assert!(
        text.starts_with("KTRUST_SCHEMA=1\n") && text.ends_with("IMAGE_PLATFORMS=linux/amd64\n"),
        "{text}"
    );
    let skopeo = project.context.tool("skopeo");
    skopeo.args(["inspect", "--tls-verify=false", &format!("docker://{image}")]).run().success();
}

fn no_leftovers(directory: &Path) -> bool {
    let names =
        std::fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").file_name());
    !names.into_iter().any(|name| {
        name.to_string_lossy().contains("build.env.") || name.to_string_lossy().contains("build.json.")
    })
}
