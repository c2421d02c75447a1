//! SSH agents: those that the command line names, and their doors into build steps.
//!
//! A step never talks to the agent itself. It gets a socket whose other end passes on what a client may ask,
//! to list keys and to sign, and refuses the rest, as BuildKit does: a step must not add, remove or lock keys.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, chown};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use crate::error::Error;
use crate::settings::SshSetting;

/// Agents by name.
#[derive(Default)]
pub(crate) struct Agents(BTreeMap<String, PathBuf>);

impl Agents {
    /// Looks at what the command line names.
    pub(crate) fn find(settings: &[SshSetting]) -> Result<Self, Error> {
        let socket = |setting: &SshSetting| Ok((setting.id.clone(), socket(setting)?));
        settings.iter().map(socket).collect::<Result<_, _>>().map(Self)
    }

    /// The socket of an agent.
    pub(crate) fn get(&self, id: &str) -> Option<&Path> {
        self.0.get(id).map(PathBuf::as_path)
    }
}

fn socket(setting: &SshSetting) -> Result<PathBuf, Error> {
    for path in &setting.paths {
        let found = std::fs::metadata(path).map_err(|source| Error::Read { path: path.clone(), source })?;
        if !found.file_type().is_socket() {
            let message = format!("`--ssh {}={}` is no agent's socket", setting.id, path.display());
            let hint = "kbuild takes no key files: `eval $(ssh-agent)`, `ssh-add KEY`, then `--ssh default`";
            return Err(Error::usage(message, hint));
        }
    }
    match &setting.paths[..] {
        [path] => Ok(path.clone()),
        _ => Err(Error::usage(format!("`--ssh {}` names several sockets", setting.id), "an agent has one")),
    }
}

/// The name of a door in its directory.
pub(crate) const DOOR: &str = "agent";

/// A door to an agent, closed when dropped.
pub(crate) struct Door {
    directory: PathBuf,
    closed: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Door {
    /// Opens a door in the directory.
    pub(crate) fn open(agent: &Path, directory: &Path, mode: u32, owner: (u32, u32)) -> Result<Self, Error> {
        let fault = |source| Error::Work { path: directory.join(DOOR), source };
        let listener = with_short_path(directory, |path| {
            let listener = UnixListener::bind(path)?;
            chown(path, Some(owner.0), Some(owner.1))?;
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
            Ok(listener)
        });
        let (listener, closed) = (listener.map_err(fault)?, Arc::new(AtomicBool::new(false)));
        let (agent, told) = (agent.to_owned(), Arc::clone(&closed));
        let thread = std::thread::Builder::new().name("ssh".into());
        let thread = thread.spawn(move || listen(&listener, &agent, &told)).map_err(fault)?;
        Ok(Self { directory: directory.to_owned(), closed, thread: Some(thread) })
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::SeqCst);
        // Wakes the listener; where that fails there is none to wake.
        let woken = with_short_path(&self.directory, |path| UnixStream::connect(path));
        if let (Ok(_), Some(thread)) = (woken, self.thread.take()) {
            let _ = thread.join();
        }
    }
}

/// A socket's path may have 107 bytes only, and a work directory can lie deep.
fn with_short_path<T>(directory: &Path, work: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    let opened = std::fs::File::open(directory)?;
    work(&PathBuf::from(format!("/proc/self/fd/{}/{DOOR}", opened.as_raw_fd())))
}

fn listen(listener: &UnixListener, agent: &Path, closed: &AtomicBool) {
    while let Ok((client, _)) = listener.accept() {
        if closed.load(Ordering::SeqCst) {
            return;
        }
        let agent = agent.to_owned();
        // A client that cannot be served sees a closed connection, as from an agent that is gone.
        let _ = std::thread::Builder::new().name("ssh".into()).spawn(move || serve(client, &agent));
    }
}

/// The largest message that OpenSSH's agent takes.
const MESSAGE_LIMIT: usize = 256 << 10;
/// What a client may ask: to list keys, to sign (draft-miller-ssh-agent, section 5.1).
const ALLOWED: [u8; 2] = [11, 13];
/// The whole answer "no": its length, and its number.
const REFUSED: [u8; 5] = [0, 0, 0, 1, 5];

/// Serves one client until it hangs up.
fn serve(mut client: UnixStream, agent: &Path) -> io::Result<()> {
    let mut agent = UnixStream::connect(agent)?;
    while let Some(question) = message(&mut client)? {
        if ALLOWED.contains(&question[4]) {
            agent.write_all(&question)?;
            let answer = message(&mut agent)?.ok_or(io::ErrorKind::UnexpectedEof)?;
            client.write_all(&answer)?;
        } else {
            client.write_all(&REFUSED)?;
        }
    }
    Ok(())
}

/// One message with its length in front; `None` at the end.
fn message(stream: &mut UnixStream) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match stream.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let size = u32::from_be_bytes(length) as usize;
    if size == 0 || size > MESSAGE_LIMIT {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut message = length.to_vec();
    message.resize(4 + size, 0);
    stream.read_exact(&mut message[4..])?;
    Ok(Some(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_pass_and_orders_do_not() {
        let dir = tempfile::tempdir().unwrap();
        let agent = dir.path().join("real");
        let listener = UnixListener::bind(&agent).unwrap();
        let real = std::thread::spawn(move || {
            let mut stream = listener.accept().unwrap().0;
            let question = message(&mut stream).unwrap().unwrap();
            stream.write_all(&[0, 0, 0, 5, 12, 0, 0, 0, 0]).unwrap();
            question
        });
        let door = dir.path().join("door");
        std::fs::create_dir(&door).unwrap();
        let opened = Door::open(&agent, &door, 0o600, (0, 0)).unwrap();
        let mut client = UnixStream::connect(door.join(DOOR)).unwrap();
        for order in [17, 18, 19, 22, 25, 27] {
            client.write_all(&[0, 0, 0, 1, order]).unwrap();
            assert_eq!(message(&mut client).unwrap().unwrap(), REFUSED);
        }
        client.write_all(&[0, 0, 0, 1, 11]).unwrap();
        assert_eq!(message(&mut client).unwrap().unwrap(), [0, 0, 0, 5, 12, 0, 0, 0, 0]);
        assert_eq!(real.join().unwrap(), [0, 0, 0, 1, 11]);
        drop(opened);
    }
}
