//! Nothing outlives a command, nor the builder.

use std::io::{BufRead, BufReader};
use std::process::{Child, ExitCode, Stdio};
use std::time::{Duration, Instant};

use ktrust_sandbox::{Error, Output};
use rustix::process::{Pid, Signal, kill_process};

use crate::Test;
use crate::base::{Bench, prints, run, shell};

pub(crate) const TESTS: &[Test] = &[
    ("a_daemon_does_not_outlive_the_command", a_daemon_does_not_outlive_the_command),
    ("cancelling_kills", cancelling_kills),
    ("a_killed_builder_takes_its_steps_along", a_killed_builder_takes_its_steps_along),
    ("leftovers_that_fork_are_killed", leftovers_that_fork_are_killed),
];

/// Argument that makes this program a builder with a step that does not end.
pub(crate) const HOLD: &str = "hold";

fn a_daemon_does_not_outlive_the_command() {
    let bench = Bench::new();
    let mut workspace = bench.workspace();
    let start = Instant::now();
    let script = "(setsid sh -c 'trap \"\" TERM HUP; sleep 600; echo late') & \
                  setsid setsid sleep 601 & echo done";
    assert_eq!(prints(&mut *workspace, script), "done");
    assert!(start.elapsed() < Duration::from_secs(20));
    assert!(!runs("sleep 600") && !runs("sleep 601"), "a process was left");
}

fn leftovers_that_fork_are_killed() {
    let bench = Bench::new();
    let mut workspace = bench.workspace();
    let script = "i=0; while [ $i -lt 30 ]; do (trap '' TERM; while :; do sleep 0.60604; done) & i=$((i+1)); done; echo go";
    assert_eq!(prints(&mut *workspace, script), "go");
    assert!(!runs("sleep 0.60604"));
}

fn cancelling_kills() {
    let bench = Bench::new();
    let mut workspace = bench.workspace();
    let cancel = bench.cancel.clone();
    let pull = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(400));
        cancel.cancel();
    });
    let start = Instant::now();
    let (exit, ..) = run(&mut *workspace, &shell("trap '' TERM INT; yes & sleep 602"));
    assert!(matches!(exit, Err(Error::Cancelled)), "{exit:?}");
    assert!(start.elapsed() < Duration::from_secs(20));
    pull.join().unwrap();
    assert!(!runs("sleep 602"));
    assert!(matches!(run(&mut *workspace, &shell("true")).0, Err(Error::Cancelled)));
}

fn a_killed_builder_takes_its_steps_along() {
    for signal in [Signal::TERM, Signal::INT, Signal::KILL] {
        let mut builder = builder();
        let mut line = String::new();
        BufReader::new(builder.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "started\n");
        assert!(runs("sleep 603"));
        kill_process(Pid::from_child(&builder), signal).unwrap();
        builder.wait().unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        while runs("sleep 603") {
            assert!(Instant::now() < deadline, "the step outlived a builder that got {signal:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn builder() -> Child {
    let mut command = std::process::Command::new("/proc/self/exe");
    command.arg(HOLD).stdout(Stdio::piped()).spawn().unwrap()
}

/// The builder: one step, which starts something that will not end.
pub(crate) fn hold() -> ExitCode {
    struct Show;
    impl Output for Show {
        fn stdout(&mut self, bytes: &[u8]) {
            print!("{}", String::from_utf8_lossy(bytes));
        }
        fn stderr(&mut self, _: &[u8]) {}
    }
    let bench = Bench::new();
    let script = "trap '' TERM INT HUP; setsid sleep 603 & sleep 0.1; echo started; sleep 603";
    let ended = bench.workspace().run(&shell(script), &mut Show);
    unreachable!("{ended:?}")
}

/// Whether a process of the machine has a command line that starts so.
fn runs(text: &str) -> bool {
    let line = |path: std::path::PathBuf| std::fs::read(path.join("cmdline")).unwrap_or_default();
    let entries = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    entries
        .map(|entry| line(entry.path()))
        .any(|line| String::from_utf8_lossy(&line).replace('\0', " ").starts_with(text))
}
