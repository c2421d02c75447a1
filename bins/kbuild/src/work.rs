//! The work directory: the only place, besides the outputs that are named, where kbuild writes.
//!
//! ```text
//! .ktrust/
//!   .gitignore CACHEDIR.TAG   so that neither git nor backups take it
//!   store/                    an OCI layout: downloaded and built blobs, by digest
//!   builds/XXXXXX/            one build in progress, with a lock that dies with its process
//! ```
//!
//! A build that was killed leaves its folder behind, unlocked; the next start removes it.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ktrust_oci::{Descriptor, Digest, Layout};
use ktrust_registry::Repository;

use crate::error::Error;

/// One build's place in the work directory; removed when dropped.
pub(crate) struct Work {
    home: PathBuf,
    build: PathBuf,
    store: Layout,
    counter: AtomicU32,
    /// One for each blob that was asked for, held while it is downloaded.
    gates: Mutex<BTreeMap<Digest, Arc<tokio::sync::Mutex<()>>>>,
    /// Holding it says that the build is alive.
    _lock: File,
}

impl Work {
    /// Makes the directory where needed, removes what dead builds left, and opens a new build.
    pub(crate) fn open(home: &Path) -> Result<Self, Error> {
        let local = |source| Error::Work { path: home.into(), source };
        let builds = home.join("builds");
        std::fs::create_dir_all(&builds).map_err(local)?;
        let home = home.canonicalize().map_err(local)?;
        // Held while builds are swept and opened, so that nobody sweeps a folder that has no lock yet.
        let gate = File::create(home.join(LOCK)).map_err(local)?;
        gate.lock().map_err(local)?;
        mark(&home).map_err(local)?;
        sweep(&builds).map_err(local)?;
        let store = Layout::create(home.join("store"))?;
        let (build, lock) = fresh(&home.join("builds")).map_err(local)?;
        Ok(Self { home, build, store, counter: AtomicU32::new(0), gates: Mutex::default(), _lock: lock })
    }

    /// The absolute path of the work directory, to be left out of every build context.
    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    /// Blobs by digest.
    pub(crate) fn store(&self) -> &Layout {
        &self.store
    }

    fn gate(&self, digest: &Digest) -> Arc<tokio::sync::Mutex<()>> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        gates.entry(digest.clone()).or_default().clone()
    }

    /// Downloads a blob unless the store has it. Who asks while it is on its way waits for it.
    pub(crate) async fn fetch(
        &self,
        from: &Repository,
        blob: &Descriptor,
    ) -> Result<(), ktrust_registry::Error> {
        let gate = self.gate(&blob.digest);
        let _held = gate.lock().await;
        if self.store.has_blob(&blob.digest) {
            return Ok(());
        }
        from.fetch_blob(blob, &self.store.blob_path(&blob.digest)).await
    }

    /// A new, empty directory of this build. Names are short because overlayfs' options are.
    pub(crate) fn directory(&self) -> Result<PathBuf, Error> {
        let path = self.file();
        std::fs::create_dir(&path).map_err(|source| Error::Work { path: path.clone(), source })?;
        Ok(path)
    }

    /// A new name in this build's directory.
    pub(crate) fn file(&self) -> PathBuf {
        let number = self.counter.fetch_add(1, Ordering::Relaxed) + 1;
        self.build.join(number.to_string())
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the next start.
        let _ = std::fs::remove_dir_all(&self.build);
    }
}

fn mark(home: &Path) -> std::io::Result<()> {
    let tag = "Signature: 8a477f597d28d172789f06886806bc55\n# Work directory of kbuild\n";
    for (name, text) in [(".gitignore", "*\n"), ("CACHEDIR.TAG", tag)] {
        let path = home.join(name);
        if !path.exists() {
            std::fs::write(path, text)?;
        }
    }
    Ok(())
}

/// Removes builds whose process is gone. A living one holds its lock.
fn sweep(builds: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(builds)? {
        let path = entry?.path();
        let Ok(lock) = File::open(path.join(LOCK)) else {
            // Killed between the folder and its lock, or not ours: only an empty one is surely nobody's.
            let _ = std::fs::remove_dir(&path);
            continue;
        };
        match lock.try_lock() {
            Ok(()) => std::fs::remove_dir_all(&path)?,
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(())
}

const LOCK: &str = "lock";

/// A new folder under a name that nobody has.
fn fresh(builds: &Path) -> std::io::Result<(PathBuf, File)> {
    for number in std::process::id().. {
        let path = builds.join(format!("{number:x}"));
        match std::fs::create_dir(&path) {
            Ok(()) => {
                let lock = File::create(path.join(LOCK))?;
                lock.lock()?;
                return Ok((path, lock));
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(std::io::Error::other("no free name"))
}

#[cfg(test)]
mod tests {
    use super::Work;

    #[test]
    fn a_dead_build_is_swept_and_a_living_one_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("work");
        let dead = home.join("builds/dead");
        std::fs::create_dir_all(dead.join("1")).unwrap();
        std::fs::write(dead.join("lock"), "").unwrap();
        let living = Work::open(&home).unwrap();
        assert!(!dead.exists());
        let kept = living.directory().unwrap();
        let other = Work::open(&home).unwrap();
        assert!(kept.exists());
        drop(other);
        drop(living);
        assert!(!kept.exists());
        assert_eq!(std::fs::read_dir(home.join("builds")).unwrap().count(), 0);
    }
}
