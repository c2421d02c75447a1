//! How many commands of RUN run at once.

use std::num::NonZeroUsize;
use std::sync::{Condvar, Mutex, PoisonError};

use super::memory::lock;

/// Places for commands. Nothing is waited for while one is held, but the command itself.
pub(crate) struct Slots {
    all: NonZeroUsize,
    free: Mutex<usize>,
    changed: Condvar,
}

/// A place that is held until it is dropped.
pub(crate) struct Slot<'a>(&'a Slots);

impl Slots {
    /// This many places.
    pub(crate) fn new(all: NonZeroUsize) -> Self {
        Self { all, free: Mutex::new(all.get()), changed: Condvar::new() }
    }

    /// Waits for a place. Who stops the build makes that the commands which hold one end.
    pub(crate) fn take(&self) -> Slot<'_> {
        let free = lock(&self.free);
        let mut free =
            self.changed.wait_while(free, |free| *free == 0).unwrap_or_else(PoisonError::into_inner);
        *free -= 1;
        Slot(self)
    }

    /// How many threads besides the first may work on this many stages: none where there is one place, so
    /// that one thing is done after the other.
    pub(super) fn helpers(&self, stages: usize) -> usize {
        if self.all.get() == 1 { 0 } else { stages.saturating_sub(1) }
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        *lock(&self.0.free) += 1;
        self.0.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::Slots;

    #[test]
    fn never_more_than_there_are_places() {
        let slots = Slots::new(2.try_into().unwrap());
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let _slot = slots.take();
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::sleep(std::time::Duration::from_millis(5));
                    now.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        assert_eq!(most.into_inner(), 2);
    }
}
