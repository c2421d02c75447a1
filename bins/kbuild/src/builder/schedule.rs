//! Which stage is built when: each as soon as those that it waits for are there.
//!
//! The calling thread and a few more take ready stages one after the other. Nobody waits for a stage that
//! nobody builds: a stage that a trigger names and the plan did not foresee is built by who asks for it, and
//! since stages need only earlier ones, those who wait for each other never form a circle.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Condvar, Mutex, PoisonError};

use super::Builder;
use super::memory::lock;
use crate::error::Error;
use crate::plan::Plan;

/// Stages in work at once, at most: more than there are processors, because stages also wait for networks.
const STAGES: usize = 16;

/// The stack of a stage's thread, as much as the first thread has: trees may be deep.
const STACK: usize = 8 << 20;

/// The state of a plan in work.
pub(super) struct Schedule {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// Stages that nobody has begun, with what they still wait for.
    waiting: BTreeMap<usize, BTreeSet<usize>>,
    /// The first failure that is not the consequence of another one.
    failure: Option<Error>,
    /// Nothing begins any more.
    stopped: bool,
}

impl Schedule {
    /// Builds all stages of the plan. The first failure stops the others, and is the one that is returned.
    pub(super) fn run(builder: &Builder<'_>, plan: &Plan) -> Result<(), Error> {
        let state = State { waiting: plan.needs.clone(), failure: None, stopped: false };
        let schedule = Self { state: Mutex::new(state), changed: Condvar::new() };
        let helpers = builder.slots.helpers(plan.needs.len().min(STAGES));
        std::thread::scope(|scope| {
            for number in 1..=helpers {
                let thread = std::thread::Builder::new().name(format!("stages-{number}")).stack_size(STACK);
                // Where no more threads are to be had, the others do the work.
                let _ = thread.spawn_scoped(scope, || schedule.work(builder));
            }
            schedule.work(builder);
        });
        let state = schedule.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        match (state.failure, state.stopped) {
            (Some(failure), _) => Err(failure),
            (None, true) => Err(Error::Aborted),
            (None, false) => Ok(()),
        }
    }

    /// Takes stages until none is left to begin.
    fn work(&self, builder: &Builder<'_>) {
        while let Some(index) = self.next() {
            let built = builder.stage(index);
            self.finish(builder, index, built.err());
        }
    }

    /// The first stage that can begin, waited for where necessary.
    fn next(&self) -> Option<usize> {
        let mut state = lock(&self.state);
        while !state.stopped && !state.waiting.is_empty() {
            let ready = state.waiting.iter().find(|(_, needs)| needs.is_empty()).map(|(index, _)| *index);
            if let Some(index) = ready {
                state.waiting.remove(&index);
                return Some(index);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        None
    }

    fn finish(&self, builder: &Builder<'_>, index: usize, error: Option<Error>) {
        let mut state = lock(&self.state);
        match error {
            None => state.waiting.values_mut().for_each(|needs| {
                needs.remove(&index);
            }),
            // Who was stopped by the failure of another one may be done before that one is.
            Some(Error::Aborted) => state.stopped = true,
            Some(error) => {
                state.stopped = true;
                state.failure.get_or_insert(error);
                builder.stop.abort();
            }
        }
        self.changed.notify_all();
    }
}
