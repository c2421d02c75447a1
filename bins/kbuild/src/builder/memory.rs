//! What a build has found and made, so that nothing is done twice.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ktrust_oci::Digest;
use ktrust_pipeline::{BaseImage, StepRecord};

use super::Stage;
use crate::base::{Base, BaseKey};
use crate::context::Context;
use crate::error::Error;
use crate::remote::Fetched;

/// Everything that several stages may ask for. Each thing is made once, by the first that asks.
#[derive(Default)]
pub(crate) struct Memory {
    /// By the name on the command line.
    pub(super) contexts: Cells<String, Arc<Context>>,
    /// Stages made of a context's files, by its name and the platform.
    pub(super) files: Cells<(String, String), Stage>,
    pub(super) stages: Cells<usize, Stage>,
    pub(super) bases: Cells<BaseKey, Arc<Base>>,
    /// What ADD fetched, by everything that decides on it.
    pub(super) fetched: Cells<String, Fetched>,
    /// Directories with a base image's files, by its layers.
    pub(super) roots: Cells<Vec<Digest>, PathBuf>,
    /// What the Dockerfile calls base images, and their digests.
    names: Mutex<BTreeSet<(String, Digest)>>,
    /// Copies of a context, by its name and the path in it.
    pub(super) snapshots: Cells<(String, PathBuf), PathBuf>,
    /// By stage, so that their order does not depend on which of two stages was faster.
    steps: Mutex<BTreeMap<usize, Vec<StepRecord>>>,
}

impl Memory {
    /// Keeps what is told about a step of a stage.
    pub(super) fn tell(&self, stage: usize, step: StepRecord) {
        lock(&self.steps).entry(stage).or_default().push(step);
    }

    /// Base images that were resolved before the build.
    pub(crate) fn know_bases(&self, bases: BTreeMap<BaseKey, Arc<Base>>) {
        for (key, base) in bases {
            self.bases.put(key, base);
        }
    }

    /// Keeps what a name of an image turned out to be.
    pub(super) fn tell_base(&self, name: &str, digest: &Digest) {
        lock(&self.names).insert((name.to_owned(), digest.clone()));
    }

    /// All names of base images, sorted, with what they are.
    pub(super) fn base_images(&self) -> Vec<BaseImage> {
        let image =
            |(name, digest): &(String, Digest)| BaseImage { name: name.clone(), digest: digest.clone() };
        lock(&self.names).iter().map(image).collect()
    }

    /// What may be kept for the build of another platform: everything but the stages that are not `same`.
    pub(crate) fn for_another(self, same: impl Fn(&Stage) -> bool) -> Self {
        self.stages.retain(same);
        self
    }

    /// Whether a base image brings triggers, whose needs nobody could foresee.
    pub(crate) fn has_triggers(&self) -> bool {
        self.bases.any(|base| !base.config.config.on_build.is_empty())
    }

    /// All steps in the order of the file.
    pub(super) fn steps(&self) -> Vec<StepRecord> {
        lock(&self.steps).values().flatten().cloned().collect()
    }
}

/// Values that are made at the first need. Who asks for one that is being made waits for it; who asks for
/// another one does not.
pub(super) struct Cells<K, V>(Mutex<BTreeMap<K, Arc<Mutex<Cell<V>>>>>);

enum Cell<V> {
    Empty,
    Made(V),
    /// The one that tried has the reason, and tells it.
    Failed,
}

impl<K, V> Default for Cells<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Ord, V: Clone> Cells<K, V> {
    /// The value of `key`, made now if nobody has. After a failure, the first one's error ends the build.
    pub(super) fn get(&self, key: K, make: impl FnOnce() -> Result<V, Error>) -> Result<V, Error> {
        let empty = || Arc::new(Mutex::new(Cell::Empty));
        let cell = lock(&self.0).entry(key).or_insert_with(empty).clone();
        let mut cell = lock(&cell);
        match &*cell {
            Cell::Made(known) => return Ok(known.clone()),
            Cell::Failed => return Err(Error::Aborted),
            Cell::Empty => {}
        }
        let result = make();
        *cell = result.as_ref().map_or(Cell::Failed, |value| Cell::Made(value.clone()));
        result
    }

    /// A value that was made elsewhere.
    fn put(&self, key: K, value: V) {
        lock(&self.0).insert(key, Arc::new(Mutex::new(Cell::Made(value))));
    }

    /// Forgets what is not to be kept; for when nobody makes anything.
    fn retain(&self, keep: impl Fn(&V) -> bool) {
        lock(&self.0).retain(|_, cell| matches!(&*lock(cell), Cell::Made(value) if keep(value)));
    }

    /// Whether one is such; for when nobody makes anything.
    fn any(&self, such: impl Fn(&V) -> bool) -> bool {
        lock(&self.0).values().any(|cell| matches!(&*lock(cell), Cell::Made(value) if such(value)))
    }
}

/// A thread that panicked ends the build anyway; what it left is whole, because values are set at once.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::Cells;
    use crate::error::Error;

    #[test]
    fn made_once_although_many_ask() {
        let (cells, made) = (Cells::<u8, usize>::default(), AtomicUsize::new(0));
        let count = || {
            std::thread::sleep(std::time::Duration::from_millis(10));
            Ok(made.fetch_add(1, Ordering::SeqCst))
        };
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| assert_eq!(cells.get(1, count).unwrap(), 0));
            }
        });
        assert_eq!(cells.get(2, count).unwrap(), 1);
    }

    #[test]
    fn a_failure_has_one_owner() {
        let cells = Cells::<u8, ()>::default();
        let fail = || Err(Error::instruction("first"));
        assert!(matches!(cells.get(1, fail), Err(Error::Instruction { .. })));
        assert!(matches!(cells.get(1, || Ok(())), Err(Error::Aborted)));
    }
}
