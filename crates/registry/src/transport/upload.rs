//! Sending files, and noticing when nothing moves.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::TryStreamExt as _;
use ktrust_oci::Descriptor;
use tokio::io::AsyncReadExt as _;
use tokio_util::io::ReaderStream;

use crate::{Direction, Error, Reporter, Result};

/// Pieces in which files are sent, in bytes.
const PIECE: usize = 256 << 10;
/// Registries copy and hash what they received before they answer; for this many read timeouts they may.
const COMMIT_FACTOR: u32 = 5;

/// A file as the body of a request; opened anew for each try.
#[derive(Clone)]
pub(crate) struct FileBody {
    path: PathBuf,
    blob: Descriptor,
    reporter: Arc<dyn Reporter>,
}

/// How much of a body has been handed to the connection.
pub(crate) struct Progress {
    sent: Arc<AtomicU64>,
    size: u64,
}

impl FileBody {
    pub(crate) fn new(path: &Path, blob: &Descriptor, reporter: Arc<dyn Reporter>) -> Self {
        Self { path: path.to_owned(), blob: blob.clone(), reporter }
    }

    pub(crate) fn size(&self) -> u64 {
        self.blob.size
    }

    pub(crate) async fn open(&self) -> Result<(reqwest::Body, Progress)> {
        let failed = |source| Error::Io { action: "read", path: self.path.clone(), source };
        let file = tokio::fs::File::open(&self.path).await.map_err(failed)?;
        let actual = file.metadata().await.map_err(failed)?.len();
        if actual != self.blob.size {
            let path = self.path.clone();
            return Err(Error::FileSize { path, expected: self.blob.size, actual });
        }
        let sent = Arc::new(AtomicU64::new(0));
        let (counter, reporter, blob) = (Arc::clone(&sent), Arc::clone(&self.reporter), self.blob.clone());
        // A file that grows meanwhile must not break the request.
        let pieces = ReaderStream::with_capacity(file.take(actual), PIECE).inspect_ok(move |piece| {
            counter.fetch_add(piece.len() as u64, Ordering::Relaxed);
            reporter.transferred(Direction::Push, &blob, piece.len() as u64);
        });
        Ok((reqwest::Body::wrap_stream(pieces), Progress { sent, size: actual }))
    }
}

/// Awaits an answer. Fails with the time waited when for `timeout` nothing was sent and nothing came;
/// after the whole body was sent, the server may take longer.
pub(crate) async fn watch<T>(
    answer: impl Future<Output = T>,
    progress: Option<Progress>,
    timeout: Duration,
) -> Result<T, Duration> {
    let mut answer = std::pin::pin!(answer);
    let Some(progress) = progress else {
        return tokio::time::timeout(timeout, answer).await.map_err(|_| timeout);
    };
    loop {
        let before = progress.sent.load(Ordering::Relaxed);
        let patience = if before < progress.size { timeout } else { timeout * COMMIT_FACTOR };
        if let Ok(answer) = tokio::time::timeout(patience, &mut answer).await {
            return Ok(answer);
        }
        if progress.sent.load(Ordering::Relaxed) == before {
            return Err(patience);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    use super::{Progress, watch};

    #[tokio::test]
    async fn silence_ends_and_progress_continues() {
        let tick = Duration::from_millis(50);
        let silent = watch(std::future::pending::<()>(), None, tick).await;
        assert_eq!(silent, Err(tick));

        let sent = Arc::new(AtomicU64::new(0));
        let moving = async {
            for _ in 0..8 {
                tokio::time::sleep(tick / 2).await;
                sent.fetch_add(1, Ordering::Relaxed);
            }
        };
        let progress = Progress { sent: Arc::clone(&sent), size: 100 };
        assert_eq!(watch(moving, Some(progress), tick).await, Ok(()));

        let progress = Progress { sent: Arc::new(AtomicU64::new(0)), size: 100 };
        assert_eq!(watch(std::future::pending::<()>(), Some(progress), tick).await, Err(tick));
    }
}
