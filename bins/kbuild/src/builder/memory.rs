//! What a build has found and made, so that nothing is done twice.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ktrust_oci::Digest;
use ktrust_pipeline::StepRecord;

use super::Stage;
use crate::base::Base;
use crate::context::Context;
use crate::error::Error;

/// Everything that several stages may ask for. Each thing is made once, by the first that asks.
#[derive(Default)]
pub(crate) struct Memory {
    /// By the name on the command line.
    pub(super) contexts: Cells<String, Arc<Context>>,
    /// Stages made of a context's files, by its name and the platform.
    pub(super) files: Cells<(String, String), Stage>,
    pub(super) stages: Cells<usize, Stage>,
    /// By reference and platform.
    pub(super) bases: Cells<(String, String), Arc<Base>>,
    /// Directories with a base image's files, by its layers.
    pub(super) roots: Cells<Vec<Digest>, PathBuf>,
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

    /// All steps in the order of the file.
    pub(super) fn steps(&self) -> Vec<StepRecord> {
        lock(&self.steps).values().flatten().cloned().collect()
    }
}

/// Values that are made at the first need. Who asks for one that is being made waits for it; who asks for
/// another one does not.
pub(super) struct Cells<K, V>(Mutex<BTreeMap<K, Cell<V>>>);

type Cell<V> = Arc<Mutex<Option<V>>>;

impl<K, V> Default for Cells<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Ord, V: Clone> Cells<K, V> {
    /// The value of `key`, made now if nobody has. After a failure the next one tries again.
    pub(super) fn get(&self, key: K, make: impl FnOnce() -> Result<V, Error>) -> Result<V, Error> {
        let cell = lock(&self.0).entry(key).or_default().clone();
        let mut value = lock(&cell);
        if let Some(known) = &*value {
            return Ok(known.clone());
        }
        let made = make()?;
        *value = Some(made.clone());
        Ok(made)
    }

    /// What is there, in the order of the keys; for when nobody makes anything any more.
    pub(super) fn values(&self) -> Vec<V> {
        let cells: Vec<_> = lock(&self.0).values().cloned().collect();
        cells.iter().filter_map(|cell| lock(cell).clone()).collect()
    }
}

/// A thread that panicked ends the build anyway; what it left is whole, because values are set at once.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
