//! RUN: a command in the stage's tree.

use ktrust_dockerfile::{CommandLine, Network, Run, Script};
use ktrust_rootfs::Accounts;
use ktrust_sandbox as sandbox;

use super::configure::shell_of;
use super::directory;
use crate::builder::{Builder, Stage};
use crate::error::Error;
use crate::progress::{Shown, Stream};

/// Applies RUN.
pub(crate) fn run(
    builder: &Builder<'_>,
    stage: &mut Stage,
    run: &Run,
    shown: &mut Shown,
) -> Result<(), Error> {
    if stage.platform.normalized() != ktrust_oci::Platform::host().normalized() {
        return Err(Error::unsupported(format!(
            "RUN on {}: this machine is {}",
            stage.platform,
            ktrust_oci::Platform::host()
        )));
    }
    let args = words(run, &shell_of(stage));
    let history = stage.scope.run_history(&args);
    let env = stage.scope.run_environment(&builder.settings.build_args);
    let (cwd, user) = (directory(stage).to_owned(), stage.draft.config.config.user.clone());
    let network = match run.network.as_ref().map(|flag| flag.value) {
        Some(Network::None) => sandbox::Network::None,
        _ => sandbox::Network::Host,
    };
    builder.change(stage, history, |builder, workspace| {
        let accounts = Accounts::of(workspace.root())?;
        let user = accounts.identity(&user)?;
        let env = with_home(env, accounts.home(user.uid));
        let env = env.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        let command = sandbox::Command { env, cwd: cwd.into(), user, network, ..sandbox::Command::new(args) };
        let exit = workspace.run(&command, &mut Shower(shown));
        builder.stop.check()?;
        let exit = exit?;
        judge(exit)
    })
}

/// The shell form behind the shell's words; the exec form as it is.
fn words(run: &Run, shell: &[String]) -> Vec<String> {
    match run.script() {
        Script::Exec(words) => words,
        Script::Shell(text) | Script::File { name: text, .. } => CommandLine::Shell(text).words(shell),
    }
}

/// HOME comes from the image's accounts unless a variable says otherwise.
fn with_home(mut env: Vec<(String, String)>, home: &str) -> Vec<(String, String)> {
    if !env.iter().any(|(name, _)| name == "HOME") {
        env.push(("HOME".into(), home.into()));
    }
    env
}

fn judge(exit: sandbox::Exit) -> Result<(), Error> {
    if exit.success() {
        Ok(())
    } else {
        Err(Error::Command { how: exit.to_string(), code: exit.shell_code().into() })
    }
}

/// Shows what the command prints.
struct Shower<'a>(&'a mut Shown);

impl sandbox::Output for Shower<'_> {
    fn stdout(&mut self, bytes: &[u8]) {
        self.0.output(Stream::Out, bytes);
    }

    fn stderr(&mut self, bytes: &[u8]) {
        self.0.output(Stream::Err, bytes);
    }
}
