//! A command runs until it is done or until somebody has had enough of it.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// Why a command did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum Interruption {
    /// The event loop or a signal's listener is not to be had.
    #[error("cannot start")]
    Start(#[from] io::Error),
    /// SIGINT (2) or SIGTERM (15) came.
    #[error("stopped by {}", if *.0 == 2 { "SIGINT" } else { "SIGTERM" })]
    Signal(i32),
}

/// Runs `work` on an event loop of its own. A signal drops it: unfinished files go with it, and what is
/// stored is whole at any moment.
///
/// # Errors
/// Those of `work`, and [`Interruption`].
pub fn until_signal<T, E: From<Interruption>>(work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Interruption::from)?;
    let result = runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate()).map_err(Interruption::from)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(Interruption::from)?;
        tokio::select! {
            result = work => result,
            _ = terminate.recv() => Err(Interruption::Signal(15).into()),
            _ = interrupt.recv() => Err(Interruption::Signal(2).into()),
        }
    });
    runtime.shutdown_background();
    result
}
