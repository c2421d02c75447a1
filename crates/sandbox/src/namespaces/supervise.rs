//! The builder's side of a command: starts the helper, passes on what it prints, waits.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use zeroize::Zeroizing;

use crate::cancel::Cancel;
use crate::child;
use crate::command::{Exit, Output};
use crate::error::{Error, Result};
use crate::message::{Report, Task};

/// This program as a helper: without environment, which may hold credentials, and without input.
pub(super) fn helper(what: &str) -> Command {
    let mut command = Command::new("/proc/self/exe");
    command.arg0("sandbox").args([child::ARGUMENT, what]).env_clear().current_dir("/");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Runs the task to its end.
pub(super) fn run(task: &Task, cancel: &Cancel, output: &mut dyn Output) -> Result<Exit> {
    let (socket, theirs) = UnixStream::pair().map_err(Error::system("create a socket"))?;
    let mut helper = helper(child::RUN);
    helper.stdin(std::os::fd::OwnedFd::from(theirs)).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = helper.spawn().map_err(Error::system("start the helper"))?;
    // The command holds the helper's end of the socket too.
    drop(helper);
    let followed = Follow::new(&mut running, socket, cancel)?.follow(task, output);
    // The hang-up has ended it by now, or will: the socket is closed.
    running.wait().map_err(Error::system("wait for the helper"))?;
    followed?.into_exit()
}

/// What is listened to.
struct Follow<'a> {
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    socket: UnixStream,
    cancel: &'a Cancel,
    /// What the helper reported so far.
    report: Vec<u8>,
    buffer: Vec<u8>,
}

/// Which of the descriptors is ready.
#[derive(Debug, Default, Clone, Copy)]
struct Ready {
    stdout: bool,
    stderr: bool,
    socket: bool,
    cancel: bool,
}

impl<'a> Follow<'a> {
    fn new(helper: &mut Child, socket: UnixStream, cancel: &'a Cancel) -> Result<Self> {
        let (stdout, stderr) = (helper.stdout.take(), helper.stderr.take());
        for pipe in [stdout.as_ref().map(AsFd::as_fd), stderr.as_ref().map(AsFd::as_fd)].into_iter().flatten()
        {
            rustix::io::ioctl_fionbio(pipe, true).map_err(Error::system("prepare a pipe"))?;
        }
        Ok(Self { stdout, stderr, socket, cancel, report: Vec::new(), buffer: vec![0; 64 * 1024] })
    }

    /// Gives the task and passes output on until the helper has closed its socket: then nothing runs any
    /// more, and what is left in the pipes is all there will be.
    fn follow(mut self, task: &Task, output: &mut dyn Output) -> Result<Report> {
        self.give(task)?;
        loop {
            let ready = self.wait()?;
            if ready.cancel {
                return Err(Error::Cancelled);
            }
            self.pass_on(ready, output)?;
            if ready.socket && self.hear()? {
                break;
            }
        }
        let rest = Ready { stdout: true, stderr: true, ..Ready::default() };
        while self.pass_on(rest, output)? {}
        let first = self.report.split(|byte| *byte == b'\n').next().unwrap_or_default();
        serde_json::from_slice(first).map_err(|_| Error::HelperLost)
    }

    fn give(&mut self, task: &Task) -> Result<()> {
        let text = serde_json::to_vec(task).map(Zeroizing::new);
        let text = text.map_err(io::Error::from).map_err(Error::system("write the task"))?;
        self.socket.write_all(&text).map_err(|_| Error::HelperLost)?;
        self.socket.shutdown(Shutdown::Write).map_err(|_| Error::HelperLost)
    }

    fn wait(&self) -> Result<Ready> {
        let none = self.cancel.as_fd();
        let input =
            |fd: Option<BorrowedFd<'_>>| if fd.is_some() { PollFlags::IN } else { PollFlags::empty() };
        let (stdout, stderr) = (self.stdout.as_ref().map(AsFd::as_fd), self.stderr.as_ref().map(AsFd::as_fd));
        let mut fds = [
            PollFd::from_borrowed_fd(stdout.unwrap_or(none), input(stdout)),
            PollFd::from_borrowed_fd(stderr.unwrap_or(none), input(stderr)),
            PollFd::new(&self.socket, PollFlags::IN),
            PollFd::from_borrowed_fd(none, PollFlags::IN),
        ];
        while let Err(error) = poll(&mut fds, None) {
            if error != Errno::INTR {
                return Err(Error::system("wait for output")(error));
            }
        }
        let ready = |at: usize| !fds[at].revents().is_empty();
        Ok(Ready {
            stdout: stdout.is_some() && ready(0),
            stderr: stderr.is_some() && ready(1),
            socket: ready(2),
            cancel: ready(3),
        })
    }

    /// Passes on one piece of each ready pipe, so that a command that never stops printing cannot keep the
    /// switch from being seen. False when there was nothing.
    fn pass_on(&mut self, ready: Ready, output: &mut dyn Output) -> Result<bool> {
        let mut some = false;
        if ready.stdout {
            some |= piece(&mut self.stdout, &mut self.buffer, |bytes| output.stdout(bytes))?;
        }
        if ready.stderr {
            some |= piece(&mut self.stderr, &mut self.buffer, |bytes| output.stderr(bytes))?;
        }
        Ok(some)
    }

    /// Reads the report; true at its end.
    fn hear(&mut self) -> Result<bool> {
        match self.socket.read(&mut self.buffer) {
            Ok(0) => Ok(true),
            Ok(count) => {
                self.report.extend_from_slice(&self.buffer[..count]);
                Ok(false)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(false),
            // The helper was killed with unread data in its end.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ok(true),
            Err(error) => Err(Error::system("read the report")(error)),
        }
    }
}

/// Reads once; forgets the pipe at its end. False when nothing was there.
fn piece<R: Read>(pipe: &mut Option<R>, buffer: &mut [u8], take: impl FnOnce(&[u8])) -> Result<bool> {
    let Some(reader) = pipe else {
        return Ok(false);
    };
    match reader.read(buffer) {
        Ok(0) => *pipe = None,
        Ok(count) => take(&buffer[..count]),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
        Err(error) => return Err(Error::system("read output")(error)),
    }
    Ok(true)
}
