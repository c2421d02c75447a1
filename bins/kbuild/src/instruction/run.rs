//! RUN: a command in the stage's tree.

mod mounts;
mod platform;

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path};

use ktrust_dockerfile::{CommandLine, Mount, Network, Run, Script};
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
    mounts: &[Mount],
    shown: &mut Shown,
) -> Result<(), Error> {
    platform::check(&stage.platform)?;
    let script = run.script();
    let args = words(&script, &shell_of(stage));
    let history = stage.scope.run_history(&args);
    let (cwd, user) = (directory(stage), stage.draft.config.config.user.clone());
    let mut prepared = mounts::prepare(builder, &cwd, mounts)?;
    let mut env = stage.scope.run_environment(&builder.settings.build_args);
    if let Some(socket) = prepared.agent.take().filter(|_| env.iter().all(|(name, _)| name != AGENT)) {
        env.push((AGENT.into(), socket));
    }
    let settings = &builder.settings.run;
    let shared_memory = settings.shared_memory.map(shared_memory);
    let file = script_file(builder, &script)?;
    let usual = shared_memory.into_iter().chain(file);
    let command = sandbox::Command {
        secrets: prepared.variables.drain(..).map(|(name, value)| (OsString::from(name), value)).collect(),
        mounts: usual.chain(prepared.mounts.drain(..)).collect(),
        cwd: cwd.into(),
        network: network(run, settings.network),
        hostname: builder.hostname(),
        extra_hosts: settings
            .hosts
            .iter()
            .map(|(name, address)| (name.clone(), address.to_string()))
            .collect(),
        limits: settings.limits.clone(),
        ..sandbox::Command::new(args)
    };
    builder.change(stage, history, |builder, workspace| {
        let accounts = Accounts::of(workspace.root())?;
        let user = accounts.identity(&user)?;
        let env = with_home(env, accounts.home(user.uid));
        let env = env.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        let _slot = builder.slots.take();
        let exit = workspace.run(&sandbox::Command { env, user, ..command }, &mut Shower(shown))?;
        // Trees, sockets and caches are the command's until here, and others may wait for them.
        drop(prepared);
        judge(exit)
    })
}

const AGENT: &str = ktrust_pipeline::variables::SSH_AUTH_SOCK;

fn network(run: &Run, default: sandbox::Network) -> sandbox::Network {
    match run.network.as_ref().map(|flag| flag.value) {
        Some(Network::None) => sandbox::Network::None,
        Some(Network::Host) => sandbox::Network::Host,
        Some(Network::Default) | None => default,
    }
}

fn shared_memory(size: u64) -> sandbox::Mount {
    let kind = sandbox::MountKind::Tmpfs { size: Some(size), writable: true };
    sandbox::Mount { target: "/dev/shm".into(), kind }
}

/// Where a here document with an interpreter of its own is put.
const PIPES: &str = "/dev/pipes";

/// The here document as a file, where it is one.
fn script_file(builder: &Builder<'_>, script: &Script) -> Result<Option<sandbox::Mount>, Error> {
    let Script::File { name, content } = script else { return Ok(None) };
    if Path::new(name).components().map(|part| matches!(part, Component::Normal(_))).ne([true]) {
        return Err(Error::instruction(format!("the here document's name `{name}` is no name of a file")));
    }
    let source = builder.work.directory()?;
    let path = source.join(name);
    std::fs::write(&path, content)
        .and_then(|()| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)))
        .map_err(|source| Error::Work { path, source })?;
    let kind = sandbox::MountKind::Bind { source, path: "/".into(), writable: false };
    Ok(Some(sandbox::Mount { target: PIPES.into(), kind }))
}

/// The shell form behind the shell's words; the exec form as it is.
fn words(script: &Script, shell: &[String]) -> Vec<String> {
    match script {
        Script::Exec(words) => words.clone(),
        Script::Shell(text) => CommandLine::Shell(text.clone()).words(shell),
        Script::File { name, .. } => CommandLine::Shell(format!("{PIPES}/{name}")).words(shell),
    }
}

/// HOME comes from the image's accounts unless a variable says otherwise; an empty one does not.
fn with_home(mut env: Vec<(String, String)>, home: &str) -> Vec<(String, String)> {
    match env.iter_mut().find(|(name, _)| name == "HOME") {
        Some((_, value)) if value.is_empty() => home.clone_into(value),
        Some(_) => {}
        None => env.push(("HOME".into(), home.into())),
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
