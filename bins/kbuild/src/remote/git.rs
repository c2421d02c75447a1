//! The system's git, kept on a short lead.
//!
//! It gets an environment of its own, without the user's configuration, hooks, prompts and credential
//! helpers, and without the protocols that start programs. Credentials reach it as configuration in the
//! environment: command lines are readable by everybody on the machine.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::process::Command;

use super::failure::Failure;
use crate::error::Error;

/// How often a command that talks to a server is tried.
const ATTEMPTS: u32 = 3;

/// git as it is run for one repository.
pub(super) struct Git<'a> {
    /// The repository, for messages.
    pub(super) remote: &'a str,
    /// The whole environment but the configuration.
    pub(super) environment: Vec<(String, OsString)>,
    pub(super) configuration: Vec<(String, String)>,
}

/// What is always configured.
const FIXED: [(&str, &str); 14] = [
    ("core.hooksPath", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.attributesFile", "/dev/null"),
    ("core.excludesFile", "/dev/null"),
    ("core.autocrlf", "false"),
    ("core.symlinks", "true"),
    ("safe.directory", "*"),
    ("init.defaultBranch", "master"),
    ("init.templateDir", ""),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("protocol.ext.allow", "never"),
    // A repository must not name directories of this machine as its submodules.
    ("protocol.file.allow", "user"),
    ("credential.helper", ""),
];

/// A server that sends nothing for so many seconds is given up.
const PATIENCE: [(&str, &str); 2] = [("http.lowSpeedLimit", "1"), ("http.lowSpeedTime", "120")];

impl Git<'_> {
    /// Runs a command that talks to the server; weather is waited for.
    pub(super) async fn ask(&self, directory: &Path, arguments: &[&str]) -> Result<String, Error> {
        let mut attempt = 1;
        loop {
            match self.run(directory, arguments).await {
                Err(Error::Remote(Failure::Git { said, .. })) if attempt < ATTEMPTS && is_weather(&said) => {
                    tokio::time::sleep(Duration::from_secs(1 << attempt)).await;
                    attempt += 1;
                }
                other => return other,
            }
        }
    }

    /// Runs a command and yields what it printed.
    pub(super) async fn run(&self, directory: &Path, arguments: &[&str]) -> Result<String, Error> {
        let output = self.command(directory, arguments).output().await.map_err(|source| {
            let missing = source.kind() == std::io::ErrorKind::NotFound && directory.is_dir();
            if missing { Failure::GitMissing.into() } else { Error::Read { path: "git".into(), source } }
        })?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let (remote, command) = (self.remote.to_owned(), subcommand(arguments));
        Err(Failure::Git { remote, command, said: said(&output) }.into())
    }

    fn command(&self, directory: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        let own = self.configuration.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let all: Vec<_> = FIXED.into_iter().chain(PATIENCE).chain(own).collect();
        command.env("GIT_CONFIG_COUNT", all.len().to_string());
        for (number, (name, value)) in all.into_iter().enumerate() {
            command.env(format!("GIT_CONFIG_KEY_{number}"), name);
            command.env(format!("GIT_CONFIG_VALUE_{number}"), value);
        }
        command.args(arguments).current_dir(directory);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }
}

/// `fetch` of `--git-dir x fetch y`, for messages.
fn subcommand(arguments: &[&str]) -> String {
    let takes_value = |word: &str| word == "--git-dir" || word == "--work-tree";
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        if takes_value(word) {
            words.next();
        } else {
            return (*word).to_owned();
        }
    }
    String::new()
}

/// The end of what git complained about, without control characters, which could forge log lines.
fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let last = lines[lines.len().saturating_sub(6)..].join("; ");
    let clean: String = last.chars().map(|c| if c.is_control() { ' ' } else { c }).take(1000).collect();
    if clean.is_empty() { format!("it ended with {}", output.status) } else { clean }
}

/// Whether a failure may be gone in a moment.
pub(super) fn is_weather(said: &str) -> bool {
    const SIGNS: [&str; 12] = [
        "Failed to connect",
        "Could not resolve host",
        "Couldn't resolve host",
        "Connection refused",
        "Connection reset",
        "Connection timed out",
        "Operation timed out",
        "Operation too slow",
        "early EOF",
        "unexpected disconnect",
        "returned error: 5",
        "RPC failed",
    ];
    SIGNS.iter().any(|sign| said.contains(sign))
}

/// Whether git was refused for who we are.
pub(super) fn is_refusal(said: &str) -> bool {
    const SIGNS: [&str; 6] = [
        "Authentication failed",
        "could not read Username",
        "could not read Password",
        "Permission denied (",
        "returned error: 401",
        "returned error: 403",
    ];
    SIGNS.iter().any(|sign| said.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::{is_refusal, is_weather, subcommand};

    #[test]
    fn the_word_that_says_what_git_does() {
        assert_eq!(subcommand(&["--work-tree", "a", "--git-dir", "b", "fetch", "c"]), "fetch");
        assert_eq!(subcommand(&["--git-dir", "b"]), "");
    }

    #[test]
    fn what_git_says() {
        assert!(is_weather("fatal: unable to access 'x': The requested URL returned error: 503"));
        assert!(!is_weather("fatal: repository 'x' not found"));
        assert!(is_refusal("fatal: could not read Username for 'https://h': terminal prompts disabled"));
    }
}
