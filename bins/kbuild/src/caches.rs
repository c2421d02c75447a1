//! Directories of `RUN --mount=type=cache`: they outlive builds, and several builds may want one at once.
//!
//! ```text
//! caches/KEY/gate       held while slots are looked through and made
//! caches/KEY/0 1 2 …    slots: directories
//! caches/KEY/0.lock …   held while a slot is in use: by one, or by all that share it
//! ```
//!
//! Who shares takes the first slot that nobody has alone; who wants one alone takes the first that nobody
//! has; and both make a new one otherwise, except for `locked`, which waits. So does BuildKit.

use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ktrust_dockerfile::Sharing;
use ktrust_oci::Digest;

use crate::error::Error;
use crate::stop::Stop;

/// The place of all caches.
pub(crate) struct Caches(PathBuf);

/// What a new cache begins as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Beginning {
    /// An empty directory.
    Empty { mode: u32, uid: u32, gid: u32 },
    /// A copy of something, named by what decides on its content.
    Copy(Vec<String>),
}

/// A cache that is in use. Dropped, it is free.
pub(crate) struct Taken {
    /// The directory.
    pub(crate) path: PathBuf,
    _lock: File,
}

/// How often a slot that is in use is tried again.
const PATIENCE: Duration = Duration::from_millis(100);

impl Caches {
    /// The caches of a work directory.
    pub(crate) fn of(home: &Path) -> Self {
        Self(home.join("caches"))
    }

    /// The key of a cache: two with one name and different beginnings are two.
    pub(crate) fn key(name: &str, beginning: &Beginning) -> String {
        let parts = match beginning {
            Beginning::Empty { mode, uid, gid } => vec![format!("{mode:o} {uid} {gid}")],
            Beginning::Copy(parts) => parts.clone(),
        };
        let framed = |part: &str| format!("{}:{part}", part.len());
        let text: String =
            std::iter::once(framed(name)).chain(parts.iter().map(|part| framed(part))).collect();
        Digest::of(text).hex()[..32].to_owned()
    }

    /// Takes a cache, made by `fill` at a path that does not exist yet where there is none.
    pub(crate) fn take(
        &self,
        key: &str,
        sharing: Sharing,
        stop: &Stop,
        fill: &dyn Fn(&Path) -> Result<(), Error>,
    ) -> Result<Taken, Error> {
        let home = self.0.join(key);
        std::fs::create_dir_all(&home).map_err(fault(&home))?;
        loop {
            stop.check()?;
            if let Some(taken) = take(&home, sharing, fill)? {
                return Ok(taken);
            }
            std::thread::sleep(PATIENCE);
        }
    }
}

fn fault(path: &Path) -> impl Fn(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Work { path: path.clone(), source }
}

/// Takes a slot; `None` if all are in use and no new one may be made.
fn take(
    home: &Path,
    sharing: Sharing,
    fill: &dyn Fn(&Path) -> Result<(), Error>,
) -> Result<Option<Taken>, Error> {
    let gate = File::create(home.join("gate")).map_err(fault(home))?;
    gate.lock().map_err(fault(home))?;
    for number in 0.. {
        let path = home.join(number.to_string());
        let lock = path.with_extension("lock");
        if sharing == Sharing::Locked && number > 0 && !lock.exists() {
            return Ok(None);
        }
        let lock = File::create(&lock).map_err(fault(&lock))?;
        let tried = if sharing == Sharing::Shared { lock.try_lock_shared() } else { lock.try_lock() };
        match tried {
            Ok(()) => {
                begin(&path, fill)?;
                return Ok(Some(Taken { path, _lock: lock }));
            }
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(fault(&path)(error)),
        }
    }
    Ok(None)
}

/// Fills a new slot. What a build that died left half-filled is begun anew.
fn begin(path: &Path, fill: &dyn Fn(&Path) -> Result<(), Error>) -> Result<(), Error> {
    if path.symlink_metadata().is_ok() {
        return Ok(());
    }
    let fresh = path.with_extension("new");
    match std::fs::remove_dir_all(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(fault(&fresh)(error)),
        _ => {}
    }
    fill(&fresh)?;
    std::fs::rename(&fresh, path).map_err(fault(path))
}

/// Makes an empty directory.
pub(crate) fn make_empty(path: &Path, mode: u32, uid: u32, gid: u32) -> Result<(), Error> {
    std::fs::create_dir(path)
        .and_then(|()| chown(path, Some(uid), Some(gid)))
        .and_then(|()| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)))
        .map_err(fault(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn empty(path: &Path) -> Result<(), Error> {
        std::fs::create_dir(path).map_err(fault(path))
    }

    fn slot(taken: &Taken) -> &str {
        taken.path.file_name().unwrap().to_str().unwrap()
    }

    #[test]
    fn slots_are_shared_private_or_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let take = |sharing| take(dir.path(), sharing, &empty).unwrap();
        let first = take(Sharing::Shared).unwrap();
        let second = take(Sharing::Shared).unwrap();
        assert_eq!((slot(&first), slot(&second)), ("0", "0"));
        assert!(take(Sharing::Locked).is_none());
        let private = take(Sharing::Private).unwrap();
        assert_eq!(slot(&private), "1");
        assert!(take(Sharing::Locked).is_none());
        drop(private);
        let locked = take(Sharing::Locked).unwrap();
        assert_eq!(slot(&locked), "1");
        drop((first, second));
        assert_eq!(slot(&take(Sharing::Private).unwrap()), "0");
    }

    #[test]
    fn a_half_filled_slot_is_begun_anew() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("0.new/rest")).unwrap();
        let taken = take(dir.path(), Sharing::Locked, &empty).unwrap().unwrap();
        assert_eq!(std::fs::read_dir(taken.path).unwrap().count(), 0);
    }

    #[test]
    fn beginnings_make_caches_different() {
        let empty = |uid| Beginning::Empty { mode: 0o755, uid, gid: 0 };
        let copy = |parts: &[&str]| Beginning::Copy(parts.iter().map(ToString::to_string).collect());
        assert_eq!(Caches::key("a", &empty(0)), Caches::key("a", &empty(0)));
        let keys = [
            Caches::key("a", &empty(0)),
            Caches::key("a", &empty(10)),
            Caches::key("b", &empty(0)),
            Caches::key("a", &copy(&["x", "y"])),
            Caches::key("a", &copy(&["xy"])),
        ];
        let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
        assert_eq!(distinct.len(), keys.len());
    }
}
