//! A command becomes a task for the helper: the usual mounts are added.

use std::fs;
use std::path::Path;

use super::Directories;
use crate::command::{Command, Mount, MountKind, Network};
use crate::error::{Error, Result};
use crate::message::{Hidden, MountTask, Source, Task};

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
        secrets: command.secrets.iter().map(|(name, value)| (name.clone(), Hidden(value.clone()))).collect(),
        cwd: command.cwd.clone().into(),
        uid: command.user.uid,
        gid: command.user.gid,
        groups: command.user.groups.clone(),
        hostname: command.hostname.clone(),
        own_network: command.network == Network::None,
        own_pids,
        limits: command.limits.clone(),
        mounts: usual.into_iter().chain(command.mounts.iter().map(mount)).collect(),
    })
}

fn memory_file(target: &str, content: Vec<u8>) -> MountTask {
    let content = Hidden(content.into());
    let source = Source::File { content, mode: 0o644, uid: 0, gid: 0 };
    MountTask { target: target.into(), source, is_stub: false }
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
        MountKind::Bind { source, path, writable } => {
            Source::Bind { source: source.clone().into(), path: path.clone().into(), writable: *writable }
        }
        MountKind::Tmpfs { size, writable } => Source::Tmpfs { size: *size, writable: *writable },
        MountKind::File { content, mode, uid, gid } => {
            Source::File { content: Hidden(content.clone()), mode: *mode, uid: *uid, gid: *gid }
        }
    };
    MountTask { target: mount.target.clone().into(), source, is_stub: false }
}
