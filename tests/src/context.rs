//! A place of its own for each test, with an environment of its own.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::invocation::Invocation;
use crate::place;

/// The system's programs and nothing of the developer's.
const SEARCH_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A temporary directory with `home`, `work` and `tmp` in it, and the environment that programs get:
/// `PATH`, `HOME`, `TMPDIR`, `LANG` and what [`Context::set`] adds; nothing of the caller's reaches
/// them, neither CI's variables nor a developer's registry credentials.
///
/// Dropped, it is removed; when the test is failing it is kept and its path printed.
#[derive(Debug)]
pub struct Context {
    directory: Option<TempDir>,
    root: PathBuf,
    environment: Vec<(OsString, OsString)>,
}

impl Default for Context {
    fn default() -> Self {
        Self::new()
    }
}

impl Context {
    /// A fresh context.
    pub fn new() -> Self {
        let directory =
            tempfile::Builder::new().prefix("ktrust-test-").tempdir().expect("a temporary directory");
        let root = directory.path().canonicalize().expect("the temporary directory exists");
        for name in ["home", "work", "tmp"] {
            std::fs::create_dir(root.join(name)).expect("an empty temporary directory");
        }
        let environment = [
            ("PATH", SEARCH_PATH.into()),
            ("HOME", root.join("home").into_os_string()),
            ("TMPDIR", root.join("tmp").into_os_string()),
            ("LANG", "C.UTF-8".into()),
        ];
        let environment = environment.map(|(name, value)| (name.into(), value)).to_vec();
        Self { directory: Some(directory), root, environment }
    }

    /// Adds a variable to the environment of every program that is started from here on.
    pub fn set(&mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> &mut Self {
        self.environment.push((name.as_ref().into(), value.as_ref().into()));
        self
    }

    /// The home directory of the programs.
    pub fn home(&self) -> PathBuf {
        self.root.join("home")
    }

    /// The working directory of the programs.
    pub fn work(&self) -> PathBuf {
        self.root.join("work")
    }

    /// `relative` below the working directory.
    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.work().join(relative)
    }

    /// Writes a file below the working directory, with the directories that lead there.
    pub fn write(&self, relative: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(relative);
        std::fs::create_dir_all(path.parent().expect("a file lies in a directory")).expect("its directory");
        std::fs::write(&path, contents).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        path
    }

    /// Reads a text file below the working directory.
    pub fn read(&self, relative: impl AsRef<Path>) -> String {
        let path = self.path(relative);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// A program with this context's environment, started in its working directory.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Invocation {
        Invocation::new(program.as_ref(), &self.work(), &self.environment)
    }

    /// `kbuild`.
    pub fn kbuild(&self) -> Invocation {
        self.command(place::program("kbuild"))
    }

    /// `ksign`.
    pub fn ksign(&self) -> Invocation {
        self.command(place::program("ksign"))
    }

    /// `kdeploy`.
    pub fn kdeploy(&self) -> Invocation {
        self.command(place::program("kdeploy"))
    }

    /// A tool of somebody else, see [`crate::tools::tool`].
    pub fn tool(&self, name: &str) -> Invocation {
        self.command(crate::tools::tool(name))
    }
}

impl Drop for Context {
    #[expect(clippy::print_stdout, reason = "the test runner shows it with the failure")]
    fn drop(&mut self) {
        if std::thread::panicking()
            && let Some(directory) = self.directory.take()
        {
            println!("kept for a look: {}", directory.keep().display());
        }
    }
}
