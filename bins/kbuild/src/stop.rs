//! SIGINT, SIGTERM and the failure of a stage beside others: whatever is being waited for ends, everything that was begun is taken back.

use std::future::Future;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use ktrust_sandbox::Cancel;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tokio_util::sync::CancellationToken;

use crate::error::Error;

/// Tells whether the build is to end.
#[derive(Clone)]
pub(crate) struct Stop {
    token: CancellationToken,
    cancel: Cancel,
    signal: Arc<AtomicI32>,
    aborted: Arc<AtomicBool>,
}

impl Stop {
    /// Listens from now on. A second signal of the same kind changes nothing: clean-up is short.
    pub(crate) fn listen() -> Result<Self, Error> {
        let stop = Self {
            token: CancellationToken::new(),
            cancel: Cancel::new()?,
            signal: Arc::default(),
            aborted: Arc::default(),
        };
        let fault = |source| Error::Read { path: "signals".into(), source };
        let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(fault)?;
        let told = stop.clone();
        std::thread::Builder::new()
            .name("signals".into())
            .spawn(move || {
                for signal in signals.forever() {
                    told.signal.store(signal, Ordering::SeqCst);
                    told.token.cancel();
                    told.cancel.cancel();
                }
            })
            .map_err(fault)?;
        Ok(stop)
    }

    /// The switch that ends commands of RUN.
    pub(crate) fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// Ends what is being done, because a part of it has failed.
    pub(crate) fn abort(&self) {
        self.aborted.store(true, Ordering::SeqCst);
        self.token.cancel();
        self.cancel.cancel();
    }

    /// An error once a signal has come or a part has failed.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match (self.signal.load(Ordering::SeqCst), self.aborted.load(Ordering::SeqCst)) {
            (0, false) => Ok(()),
            (0, true) => Err(Error::Aborted),
            (signal, _) => Err(Error::Signal { signal }),
        }
    }

    /// Why something failed: because everything ends, or for its own reason.
    pub(crate) fn reason(&self, error: Error) -> Error {
        self.check().err().unwrap_or(error)
    }

    /// Waits for `work` or for the end of everything.
    pub(crate) async fn race<T, E: Into<Error>>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Error> {
        match self.token.run_until_cancelled(work).await {
            Some(result) => result.map_err(Into::into),
            None => Err(self.reason(Error::Aborted)),
        }
    }

    /// Lets nothing be read any more once the build is to stop.
    pub(crate) fn reader<R>(&self, inner: R) -> Stoppable<'_, R> {
        Stoppable { stop: self, inner }
    }
}

/// A reader that fails after a signal.
pub(crate) struct Stoppable<'a, R> {
    stop: &'a Stop,
    inner: R,
}

impl<R: Read> Read for Stoppable<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.stop.check().map_err(std::io::Error::other)?;
        self.inner.read(buffer)
    }
}
