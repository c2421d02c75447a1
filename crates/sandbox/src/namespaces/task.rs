//! A command becomes a task for the helper: the usual mounts are added.

use std::fs;
use std::path::Path;

use super::Directories;
use crate::command::{Command, Mount, MountKind, Network};
use crate::error::{Error, Result};
use crate::message::{MountTask, Source, Task};

pub(super) fn of(command: &Command, directories: &Directories, own_pids: bool) -> Result<Task> {
    if command.args.is_empty() {
        return Err(Error::EmptyCommand);
    }
    let usual = [memory_file("/etc/resolv.conf", resolver()), memory_file("/etc/hosts", hosts(command))];
    Ok(Task {
        root: directories.merged.clone().into(),
        memory: directories.memory.clone().into(),
        args: command.args.clone(),
        env: command.env.clone(),
        cwd: command.cwd.clone().into(),
        uid: command.user.uid,
        gid: command.user.gid,
        groups: command.user.groups.clone(),
        hostname: command.hostname.clone(),
        own_network: command.network == Network::None,
        own_pids,
        mounts: usual.into_iter().chain(command.mounts.iter().map(mount)).collect(),
    })
}

fn memory_file(target: &str, content: Vec<u8>) -> MountTask {
    MountTask { target: target.into(), source: Source::File { content, mode: 0o644, uid: 0, gid: 0 } }
}

/// The builder's resolver serves its steps too. Without a file there is none.
fn resolver() -> Vec<u8> {
    fs::read(Path::new("/etc/resolv.conf")).unwrap_or_default()
}

fn hosts(command: &Command) -> Vec<u8> {
    let own =
        format!("127.0.0.1\tlocalhost {}\n::1\tlocalhost ip6-localhost ip6-loopback\n", command.hostname);
    let extra = command.extra_hosts.iter().map(|(name, address)| format!("{address}\t{name}\n"));
    std::iter::once(own).chain(extra).collect::<String>().into_bytes()
}

fn mount(mount: &Mount) -> MountTask {
    let source = match &mount.kind {
        MountKind::Bind { source, writable } => {
            Source::Bind { path: source.clone().into(), writable: *writable }
        }
        MountKind::Tmpfs { size } => Source::Tmpfs { size: *size },
        MountKind::File { content, mode, uid, gid } => {
            Source::File { content: content.clone(), mode: *mode, uid: *uid, gid: *gid }
        }
    };
    MountTask { target: mount.target.clone().into(), source }
}
