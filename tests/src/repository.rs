//! Repositories of git, made on the spot.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tools::tool;

/// A repository with a working tree, and a bare one that servers show.
#[derive(Debug)]
pub struct Repository {
    tree: PathBuf,
    bare: PathBuf,
}

impl Repository {
    /// An empty repository `ROOT/NAME.git`.
    pub fn new(root: &Path, name: &str) -> Self {
        Self::with_format(root, name, "sha1")
    }

    /// The same with another hash: `sha256`.
    pub fn with_format(root: &Path, name: &str, format: &str) -> Self {
        let repository =
            Self { tree: root.join(format!("{name}-tree")), bare: root.join(format!("{name}.git")) };
        std::fs::create_dir_all(&repository.tree).expect("a directory for a repository");
        let format = format!("--object-format={format}");
        repository.git(&["init", "--quiet", "--initial-branch=main", &format]);
        let bare = repository.bare.display().to_string();
        repository.git(&["init", "--quiet", "--bare", "--initial-branch=main", &format, &bare]);
        repository.git(&["remote", "add", "origin", &bare]);
        repository
    }

    /// Writes a file and commits it with everything else that changed; yields the commit.
    pub fn commit(&self, path: &str, content: &str) -> String {
        let file = self.tree.join(path);
        std::fs::create_dir_all(file.parent().expect("a file lies in a directory")).expect("its directory");
        std::fs::write(&file, content).expect("a file of a repository");
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", path]);
        self.push();
        self.git(&["rev-parse", "HEAD"])
    }

    /// Shows everything to the servers.
    pub fn push(&self) {
        self.git(&["push", "--quiet", "--force", "origin", "--all"]);
        self.git(&["push", "--quiet", "--force", "origin", "--tags"]);
    }

    /// The working tree.
    pub fn tree(&self) -> &Path {
        &self.tree
    }

    /// Runs git in the working tree; yields what it printed.
    pub fn git(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(tool("git"));
        command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", "/nonexistent");
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "test").env(format!("GIT_{who}_EMAIL"), "test@example");
            command.env(format!("GIT_{who}_DATE"), "@1500000000 +0000");
        }
        // Submodules of the tests may be directories of this machine.
        let allow = ["-c", "protocol.file.allow=always", "-c", "safe.directory=*"];
        let output =
            command.args(allow).args(arguments).current_dir(&self.tree).output().expect("git starts");
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}
