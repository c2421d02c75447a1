//! Stages that do not need each other: built at once, what they share once, and ended together.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use ktrust_tests::Registry;

use crate::project::Project;

/// Where steps call: `nc 127.0.0.1 PORT` in RUN. Each call arrives as a connection.
struct Meeting {
    port: u16,
    calls: Receiver<TcpStream>,
}

impl Meeting {
    fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (sender, calls) = channel();
        std::thread::spawn(move || {
            for call in listener.incoming().map_while(Result::ok) {
                if sender.send(call).is_err() {
                    return;
                }
            }
        });
        Self { port, calls }
    }

    /// The next call, or none in so many milliseconds.
    fn call_within(&self, milliseconds: u64) -> Option<TcpStream> {
        self.calls.recv_timeout(Duration::from_millis(milliseconds)).ok()
    }

    fn call(&self) -> TcpStream {
        self.call_within(30_000).expect("a step calls")
    }

    /// A RUN that calls and ends well when it is answered.
    fn run(&self) -> String {
        format!("RUN nc 127.0.0.1 {} | grep -q go\n", self.port)
    }
}

fn answer(mut call: TcpStream) {
    call.write_all(b"go\n").expect("an answer");
}

/// Two stages that call, and one that takes from both.
fn two_callers(meeting: &Meeting) -> Project {
    let run = meeting.run();
    Project::new(&format!(
        "FROM busybox AS one\n{run}RUN touch /one\n\
         FROM busybox AS two\n{run}RUN touch /two\n\
         FROM scratch\nCOPY --from=two /two /\nCOPY --from=one /one /\n"
    ))
}

#[test]
fn stages_run_at_once_and_are_recorded_in_order() {
    let meeting = Meeting::open();
    let project = two_callers(&meeting);
    let running =
        project.kbuild_to_layout().args(["--max-parallelism", "2", "--record", "build.json"]).start();
    // Each is answered only after both have called.
    [meeting.call(), meeting.call()].into_iter().for_each(answer);
    running.wait().success();
    let files: Vec<_> = project.image().tree().into_keys().collect();
    assert_eq!(files, ["one", "two"]);
    let record: serde_json::Value = serde_json::from_str(&project.context.read("build.json")).unwrap();
    let lines: Vec<_> =
        record["steps"].as_array().unwrap().iter().map(|step| step["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [2, 3, 5, 6, 8, 9]);
}

#[test]
fn one_at_a_time_where_that_is_wished() {
    let meeting = Meeting::open();
    let project = two_callers(&meeting);
    let running = project.kbuild_to_layout().env("KBUILD_MAX_PARALLELISM", "1").start();
    let first = meeting.call();
    assert!(meeting.call_within(700).is_none(), "a second command runs");
    answer(first);
    answer(meeting.call());
    running.wait().success();
}

#[test]
fn a_number_that_is_none_is_refused() {
    let project = Project::new("FROM scratch\nLABEL a=b\n");
    project.kbuild_to_layout().env("KBUILD_MAX_PARALLELISM", "0").run().fails_with(2).stderr_has("from 1");
    project.kbuild_to_layout().args(["--max-parallelism", "none"]).run().fails_with(2);
}

#[test]
fn a_failure_stops_the_others_and_is_the_one_that_is_told() {
    let meeting = Meeting::open();
    let run = meeting.run();
    let project = Project::new(&format!(
        "FROM busybox AS long\nRUN nc 127.0.0.1 {} | grep -q never || sleep 987661\n\
         FROM busybox AS bad\n{run}RUN exit 7\n\
         FROM scratch\nCOPY --from=long /a /\nCOPY --from=bad /b /\n",
        meeting.port
    ));
    let running = project.kbuild_to_layout().args(["--max-parallelism", "2"]).start();
    let calls = [meeting.call(), meeting.call()];
    let answered = Instant::now();
    calls.into_iter().for_each(answer);
    let run = running.wait().fails_with(10).stderr_has("Dockerfile:5: `RUN exit 7` failed").stderr_has("7");
    assert!(answered.elapsed() < Duration::from_secs(20), "the other stage was waited for: {run}");
    assert_eq!(run.stderr.matches("error:").count(), 1, "{run}");
}

#[test]
fn sigterm_ends_all_stages() {
    let meeting = Meeting::open();
    let project = two_callers(&meeting);
    let running = project.kbuild_to_layout().args(["--max-parallelism", "2"]).start();
    let calls = [meeting.call(), meeting.call()];
    running.terminate();
    running.wait().fails_with(143).stderr_has("SIGTERM");
    drop(calls);
    assert_eq!(std::fs::read_dir(project.context.path(".ktrust/builds")).unwrap().count(), 0);
}

/// A registry with the image `base:1`, which is made by this Dockerfile.
fn registry_with_base(dockerfile: &str) -> (Project, Registry) {
    let project = Project::new(dockerfile);
    let registry = Registry::start(&project.context);
    project.kbuild().args(["-t", &registry.image("base:1")]).run().success();
    (project, registry)
}

#[test]
fn a_base_that_many_stages_want_is_brought_once() {
    let (project, registry) = registry_with_base("FROM busybox\nRUN touch /marker\n");
    let base = registry.image("base:1");
    let stages = |number| format!("FROM {base} AS s{number}\nRUN test -f /marker && touch /s{number}\n");
    let copies = |number| format!("COPY --from=s{number} /s{number} /\n");
    let dockerfile = format!(
        "{}FROM scratch\n{}",
        (0..6).map(stages).collect::<String>(),
        (0..6).map(copies).collect::<String>()
    );
    project.context.write("app/Dockerfile", dockerfile);
    let before = registry.log().len();
    let run = project.kbuild_to_layout().args(["--work-dir", "fresh", "--max-parallelism", "4"]).run();
    let run = run.success();
    assert_eq!(run.stderr.matches("unpack").count(), 1, "{run}");
    assert_eq!(project.image().tree().len(), 6);
    let log = registry.log()[before..].to_owned();
    let requests: Vec<_> = log.lines().filter(|line| line.contains("\"GET /v2/base/")).collect();
    // The manifest, the configuration, two layers; each is logged where it is answered.
    let count = |part: &str| requests.iter().filter(|line| line.contains(part)).count();
    assert_eq!((count("/manifests/"), count("/blobs/")), (1, 3), "{requests:#?}");
}

#[test]
fn a_base_that_is_missing_is_told_once() {
    let (project, registry) = registry_with_base("FROM busybox\nRUN touch /marker\n");
    let base = registry.image("none:1");
    project.context.write(
        "app/Dockerfile",
        format!(
            "FROM {base} AS one\nFROM {base} AS two\nFROM scratch\nCOPY --from=one / /\nCOPY --from=two / /\n"
        ),
    );
    let run = project.kbuild_to_layout().run().fails_with(11).stderr_has("no base image");
    assert_eq!(run.stderr.matches("error:").count(), 1, "{run}");
}

#[test]
fn a_trigger_may_name_a_stage_that_nobody_foresaw() {
    let (project, registry) = registry_with_base("FROM busybox\nONBUILD COPY --from=tool /tool /usr/tool\n");
    let base = registry.image("base:1");
    project.context.write("app/Dockerfile", format!("FROM busybox AS tool\nRUN touch /tool\nFROM {base}\n"));
    project.build();
    assert!(project.image().tree().contains_key("usr/tool"));
    for (stages, message) in [
        (format!("FROM {base} AS tool\n"), "this very stage"),
        (format!("FROM {base} AS first\nFROM first AS tool\nFROM busybox\nCOPY --from=first / /\n"), "later"),
    ] {
        project.context.write("app/Dockerfile", stages);
        project.kbuild_to_layout().run().fails_with(2).stderr_has(message);
    }
}
