//! One run of a program: how it is started, and what came of it.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long a program may run unless a test says otherwise.
const DEADLINE: Duration = Duration::from_mins(5);

/// A program about to be started.
#[derive(Debug)]
pub struct Invocation {
    command: Command,
    input: Vec<u8>,
    deadline: Duration,
}

impl Invocation {
    pub(crate) fn new(program: &OsStr, directory: &Path, environment: &[(OsString, OsString)]) -> Self {
        let mut command = Command::new(program);
        command.env_clear().envs(environment.iter().cloned()).current_dir(directory);
        Self { command, input: Vec::new(), deadline: DEADLINE }
    }

    /// Adds one argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.command.args(arguments);
        self
    }

    /// Sets a variable for this run alone.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Starts the program in another directory.
    #[must_use]
    pub fn current_dir(mut self, directory: impl AsRef<Path>) -> Self {
        self.command.current_dir(directory);
        self
    }

    /// What the program reads on its standard input; nothing unless given.
    #[must_use]
    pub fn stdin(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// How long the program may run before it is killed and the test fails.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Runs the program to its end.
    #[must_use = "a run says nothing until its exit code is looked at"]
    pub fn run(self) -> Run {
        self.start().wait()
    }

    /// Starts the program, for a test that disturbs it.
    pub fn start(mut self) -> Running {
        let shown = format!("{:?}", Shown(&self.command));
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().unwrap_or_else(|error| panic!("{shown}: {error}"));
        let mut stdin = child.stdin.take().expect("standard input is piped");
        let input = self.input;
        // A program that does not read its input closes it: that is its right.
        std::thread::spawn(move || drop(stdin.write_all(&input)));
        let stdout = collect(child.stdout.take().expect("standard output is piped"));
        let stderr = collect(child.stderr.take().expect("standard error is piped"));
        let started = Instant::now();
        Running { child, shown, stdout: Some(stdout), stderr: Some(stderr), started, deadline: self.deadline }
    }
}

/// Program and arguments, without the environment, for messages.
struct Shown<'a>(&'a Command);

impl std::fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", PathBuf::from(self.0.get_program()).display())?;
        self.0.get_args().try_for_each(|argument| write!(f, " {}", argument.to_string_lossy()))
    }
}

fn collect(mut stream: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("a pipe can be read");
        bytes
    })
}

/// A program that runs. Dropped, it is killed.
#[derive(Debug)]
pub struct Running {
    child: Child,
    shown: String,
    stdout: Option<JoinHandle<Vec<u8>>>,
    stderr: Option<JoinHandle<Vec<u8>>>,
    started: Instant,
    deadline: Duration,
}

impl Running {
    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether the program has not ended yet.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a child can be asked for").is_none()
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Sends SIGKILL.
    pub fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        let id = Pid::from_raw(self.id().cast_signed()).expect("a process id is not zero");
        kill_process(id, signal).expect("a child that was not waited for can be signalled");
    }

    /// Waits for the end.
    pub fn wait(mut self) -> Run {
        while self.is_running() {
            if self.started.elapsed() > self.deadline {
                self.kill();
                let run = self.finish();
                panic!("still running after {:?}: {run}", self.deadline);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        self.finish()
    }

    fn finish(&mut self) -> Run {
        let status = self.child.wait().expect("a child can be waited for");
        let text = |stream: Option<JoinHandle<Vec<u8>>>| {
            let bytes = stream.expect("a program ends once").join().expect("the reader does not panic");
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let (stdout, stderr) = (text(self.stdout.take()), text(self.stderr.take()));
        Run { shown: self.shown.clone(), status, stdout, stderr, elapsed: self.started.elapsed() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.stdout.is_some() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// What came of a run. The assertions return it, so that they can be chained.
#[derive(Debug)]
pub struct Run {
    shown: String,
    status: ExitStatus,
    /// All of standard output; bytes that are no UTF-8 are replaced.
    pub stdout: String,
    /// All of standard error; bytes that are no UTF-8 are replaced.
    pub stderr: String,
    /// From start to end.
    pub elapsed: Duration,
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}\n{} after {:?}", self.shown, self.status, self.elapsed)?;
        write!(f, "--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr)
    }
}

#[expect(clippy::return_self_not_must_use, reason = "an assertion has done its work when it returns")]
impl Run {
    /// The exit code, or none when a signal ended the program.
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// The signal that ended the program.
    pub fn signal(&self) -> Option<i32> {
        self.status.signal()
    }

    /// Demands exit code 0.
    pub fn success(self) -> Self {
        self.fails_with(0)
    }

    /// Demands this exit code.
    pub fn fails_with(self, code: i32) -> Self {
        assert_eq!(self.code(), Some(code), "exit code of {self}");
        self
    }

    /// Demands that standard output contains `part`.
    pub fn stdout_has(self, part: &str) -> Self {
        assert!(self.stdout.contains(part), "`{part}` is not on standard output of {self}");
        self
    }

    /// Demands that standard error contains `part`.
    pub fn stderr_has(self, part: &str) -> Self {
        assert!(self.stderr.contains(part), "`{part}` is not on standard error of {self}");
        self
    }

    /// Demands that neither stream contains `part`: a secret, for example.
    pub fn nowhere_has(self, part: &str) -> Self {
        assert!(!self.stdout.contains(part) && !self.stderr.contains(part), "`{part}` leaked: {self}");
        self
    }

    /// Standard output as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("no JSON ({error}): {self}"))
    }
}
