//! The step: takes the command's identity and becomes its program.

use std::ffi::{OsStr, OsString};
use std::io::{Error as IoError, PipeReader, PipeWriter, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rustix::fs::Mode;
use rustix::io::Errno;
use rustix::thread::{CapabilitySet, CapabilitySets, Gid, Uid};
use secrecy::ExposeSecret;

use crate::error::{CHANGE_DIRECTORY, Error, Result};
use crate::message::{Report, Task};
use crate::syscalls;

/// Where programs are when the environment has no `PATH`: Docker's default.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What Docker and BuildKit leave to a build step's root.
const CAPABILITIES: CapabilitySet = CapabilitySet::CHOWN
    .union(CapabilitySet::DAC_OVERRIDE)
    .union(CapabilitySet::FSETID)
    .union(CapabilitySet::FOWNER)
    .union(CapabilitySet::MKNOD)
    .union(CapabilitySet::NET_RAW)
    .union(CapabilitySet::SETGID)
    .union(CapabilitySet::SETUID)
    .union(CapabilitySet::SETFCAP)
    .union(CapabilitySet::SETPCAP)
    .union(CapabilitySet::NET_BIND_SERVICE)
    .union(CapabilitySet::SYS_CHROOT)
    .union(CapabilitySet::KILL)
    .union(CapabilitySet::AUDIT_WRITE);

/// Becomes the program; comes back only when that failed, which it has told through the pipe by then.
pub(super) fn start(task: &Task, mut failure: PipeWriter) {
    let error = prepare(task).and_then(|()| exec(task)).err();
    if let Some(text) = error.and_then(|error| serde_json::to_vec(&Report::from(error)).ok()) {
        // The reader is the init, which waits for this; without it there is nobody to tell.
        let _ = failure.write_all(&text);
    }
}

/// What went wrong before the program was started; the pipe closes without a word when it was.
pub(super) fn failure(pipe: &mut PipeReader) -> Option<Error> {
    let mut text = Vec::new();
    let read = pipe.read_to_end(&mut text).ok().filter(|count| *count > 0);
    let report: Option<Report> = read.and_then(|_| serde_json::from_slice(&text).ok());
    report.and_then(|report| report.into_exit().err())
}

fn prepare(task: &Task) -> Result<()> {
    syscalls::close_inherited_on_exec().map_err(Error::system("close descriptors"))?;
    rustix::process::umask(Mode::from_raw_mode(0o022));
    let cwd = Path::new(&task.cwd);
    rustix::process::chdir(cwd).map_err(Error::path(CHANGE_DIRECTORY, cwd))?;
    for limit in &task.limits {
        let name = limit.resource.name();
        limit.apply().map_err(|error| Error::Path {
            operation: "set the limit".into(),
            path: name.into(),
            source: error.into(),
        })?;
    }
    let allowed = limit_capabilities()?;
    take_identity(task)?;
    // A change away from uid 0 has cleared the sets; root keeps what is allowed.
    let kept = if task.uid == 0 { allowed } else { CapabilitySet::empty() };
    let sets = CapabilitySets { effective: kept, permitted: kept, inheritable: CapabilitySet::empty() };
    rustix::thread::set_capabilities(None, sets).map_err(Error::system("set capabilities"))
}

/// Takes everything else out of the bounding set; yields what of ours this process has.
fn limit_capabilities() -> Result<CapabilitySet> {
    let own = rustix::thread::capabilities(None).map_err(Error::system("read capabilities"))?.permitted;
    let allowed = CAPABILITIES & own;
    for number in 0..64 {
        let capability = CapabilitySet::from_bits_retain(1 << number);
        if allowed.contains(capability) {
            continue;
        }
        match rustix::thread::remove_capability_from_bounding_set(capability) {
            // The kernel has no capability with this number.
            Ok(()) | Err(Errno::INVAL) => {}
            Err(error) => return Err(Error::system("drop a capability")(error)),
        }
    }
    rustix::thread::clear_ambient_capability_set().map_err(Error::system("drop ambient capabilities"))?;
    Ok(allowed)
}

fn take_identity(task: &Task) -> Result<()> {
    let groups: Vec<Gid> = task.groups.iter().map(|gid| Gid::from_raw(*gid)).collect();
    let (uid, gid) = (Uid::from_raw(task.uid), Gid::from_raw(task.gid));
    rustix::thread::set_thread_groups(&groups).map_err(Error::system("set supplementary groups"))?;
    rustix::thread::set_thread_res_gid(gid, gid, gid).map_err(Error::system("set the group"))?;
    rustix::thread::set_thread_res_uid(uid, uid, uid).map_err(Error::system("set the user"))
}

/// Replaces this process; yields why that was not possible.
fn exec(task: &Task) -> Result<()> {
    let program = task.args.first().ok_or(Error::EmptyCommand)?;
    let path = find(program, task)?;
    let source = syscalls::execute(&path, &task.args, &environment(task));
    Err(Error::Exec { program: path.display().to_string(), source })
}

/// `NAME=VALUE` in order, each name once: where it came first, with the value that came last.
fn environment(task: &Task) -> Vec<OsString> {
    let plain = task.env.iter().map(|(name, value)| (name, value.as_bytes()));
    let secret = task.secrets.iter().map(|(name, value)| (name, value.0.expose_secret()));
    let mut entries: Vec<(&OsString, &[u8])> = Vec::new();
    for (name, value) in plain.chain(secret) {
        match entries.iter_mut().find(|(known, _)| *known == name) {
            Some(entry) => entry.1 = value,
            None => entries.push((name, value)),
        }
    }
    let join =
        |(name, value): (&OsString, &[u8])| OsString::from_vec([name.as_bytes(), b"=", value].concat());
    entries.into_iter().map(join).collect()
}

/// The program's file: the first in `PATH` that may be executed.
fn find(program: &OsStr, task: &Task) -> Result<PathBuf> {
    if program.as_bytes().contains(&b'/') {
        return Ok(program.into());
    }
    let path = task.env.iter().rev().find(|(name, _)| name == "PATH").map(|(_, value)| value.as_os_str());
    let path = path.unwrap_or(OsStr::new(DEFAULT_PATH)).as_bytes();
    let mut denied = None;
    for directory in path.split(|byte| *byte == b':').filter(|directory| !directory.is_empty()) {
        let candidate = Path::new(OsStr::from_bytes(directory)).join(program);
        match rustix::fs::access(&candidate, rustix::fs::Access::EXEC_OK) {
            Ok(()) if candidate.is_file() => return Ok(candidate),
            Err(Errno::ACCESS) => denied = Some(candidate),
            _ => {}
        }
    }
    let program = program.to_string_lossy().into_owned();
    Err(match denied {
        Some(path) => {
            Error::Exec { program: path.display().to_string(), source: IoError::from(Errno::ACCESS) }
        }
        None => Error::ProgramNotFound { program },
    })
}
