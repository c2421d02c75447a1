//! A small image, and helpers to run commands in it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use ktrust_sandbox::{Cancel, Command, Exit, Namespaces, Output, Result, Sandbox, Workspace};

/// A directory that is removed with everything in it, and a base tree in it.
pub(crate) struct Bench {
    pub(crate) directory: tempfile::TempDir,
    pub(crate) base: PathBuf,
    pub(crate) cancel: Cancel,
    pub(crate) sandbox: Namespaces,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let directory = tempfile::Builder::new().prefix("ktrust-sandbox-").tempdir().unwrap();
        let base = directory.path().join("base");
        busybox(&base);
        let cancel = Cancel::new().unwrap();
        let sandbox = Namespaces::new(cancel.clone()).unwrap();
        Self { directory, base, cancel, sandbox }
    }

    /// A new directory in the bench.
    pub(crate) fn dir(&self, name: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        fs::create_dir_all(&path).unwrap();
        path
    }

    pub(crate) fn workspace(&self) -> Box<dyn Workspace> {
        let scratch =
            tempfile::Builder::new().prefix("scratch").tempdir_in(self.directory.path()).unwrap().keep();
        self.sandbox.workspace(std::slice::from_ref(&self.base), &scratch).unwrap()
    }
}

/// `/bin` with busybox and its applets, `/etc` with users, `/tmp`.
pub(crate) fn busybox(base: &Path) {
    let source = ["/bin/busybox", "/usr/bin/busybox"].into_iter().find(|path| Path::new(path).exists());
    let source = source.expect("these tests need a static busybox: apt-get install busybox-static");
    for directory in ["bin", "etc", "tmp", "root"] {
        fs::create_dir_all(base.join(directory)).unwrap();
    }
    fs::set_permissions(base, fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(base.join("tmp"), fs::Permissions::from_mode(0o1777)).unwrap();
    fs::copy(source, base.join("bin/busybox")).unwrap();
    let list = std::process::Command::new(source).arg("--list").output().unwrap().stdout;
    for applet in String::from_utf8(list).unwrap().lines().filter(|applet| *applet != "busybox") {
        symlink("busybox", base.join("bin").join(applet)).unwrap();
    }
    fs::write(base.join("etc/passwd"), "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/:/bin/sh\n")
        .unwrap();
    fs::write(base.join("etc/group"), "root:x:0:\napp:x:1000:\n").unwrap();
}

/// Keeps both streams.
#[derive(Default, Debug)]
pub(crate) struct Kept {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

impl Output for Kept {
    fn stdout(&mut self, bytes: &[u8]) {
        self.stdout.extend_from_slice(bytes);
    }
    fn stderr(&mut self, bytes: &[u8]) {
        self.stderr.extend_from_slice(bytes);
    }
}

/// A shell command with Docker's PATH.
pub(crate) fn shell(script: &str) -> Command {
    Command { env: vec![("PATH".into(), "/usr/bin:/bin".into())], ..Command::new(["/bin/sh", "-c", script]) }
}

/// Runs a command and keeps what it prints.
pub(crate) fn run(workspace: &mut dyn Workspace, command: &Command) -> (Result<Exit>, String, String) {
    let mut kept = Kept::default();
    let exit = workspace.run(command, &mut kept);
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (exit, text(kept.stdout), text(kept.stderr))
}

/// What a shell command prints; it has to succeed.
pub(crate) fn prints(workspace: &mut dyn Workspace, script: &str) -> String {
    let (exit, stdout, stderr) = run(workspace, &shell(script));
    assert!(matches!(exit, Ok(Exit::Code(0))), "{script}: {exit:?}\n{stdout}\n{stderr}");
    stdout.trim().to_owned()
}

/// The capabilities that this process has, a bit for each.
pub(crate) fn own_capabilities() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:\t")).unwrap();
    u64::from_str_radix(line, 16).unwrap()
}
