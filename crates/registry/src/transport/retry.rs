//! Pauses between tries: exponential, random, and as long as the registry asks for.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use crate::{Error, Result, Retry, Settings};

/// Counts the tries of one operation.
pub(crate) struct Backoff<'a> {
    settings: &'a Settings,
    failures: u32,
}

impl<'a> Backoff<'a> {
    pub(crate) fn new(settings: &'a Settings) -> Self {
        Self { settings, failures: 0 }
    }

    /// Waits before the next try, or gives the error back when there is none.
    pub(crate) async fn pause(&mut self, error: Error) -> Result<()> {
        self.failures += 1;
        let pause = pause_for(&self.settings.retry, self.failures, &error);
        let Some(pause) = pause.filter(|_| error.is_transient()) else {
            return Err(error);
        };
        self.settings.reporter.retrying(&error, pause);
        tokio::time::sleep(pause).await;
        Ok(())
    }

    /// Progress was made: the next failure is the first again.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }
}

/// The pause after the n-th failure; `None` when it was the last or the registry asks for too much.
fn pause_for(retry: &Retry, failures: u32, error: &Error) -> Option<Duration> {
    if failures >= retry.attempts {
        return None;
    }
    let asked = error.retry_after().unwrap_or_default();
    if asked > retry.patience {
        return None;
    }
    let longest = retry.base.saturating_mul(1 << (failures - 1).min(16)).min(retry.cap);
    Some(asked + longest.mul_f64(random_fraction()))
}

/// A random number in 0..1, from the seed that every hash map gets; nothing here needs to be secret.
fn random_fraction() -> f64 {
    let random = RandomState::new().hash_one(0_u8) >> 32;
    f64::from(random as u32) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::{Method, StatusCode, Url};

    use super::pause_for;
    use crate::{Error, Request, Retry};

    fn error(retry_after: Option<u64>) -> Error {
        Error::Status {
            request: Request::new(&Method::GET, &Url::parse("http://a/").unwrap()),
            status: StatusCode::TOO_MANY_REQUESTS,
            errors: vec![],
            retry_after: retry_after.map(Duration::from_secs),
        }
    }

    #[test]
    fn pauses_grow_and_end() {
        let retry = Retry { attempts: 4, ..Retry::default() };
        assert!(pause_for(&retry, 1, &error(None)).unwrap() <= retry.base);
        assert!(pause_for(&retry, 3, &error(None)).unwrap() <= retry.base * 4);
        assert_eq!(pause_for(&retry, 4, &error(None)), None);
        assert!(pause_for(&Retry { attempts: 100, ..retry }, 90, &error(None)).unwrap() <= retry.cap);
        assert!(pause_for(&retry, 1, &error(Some(7))).unwrap() >= Duration::from_secs(7));
        assert_eq!(pause_for(&retry, 1, &error(Some(3600))), None);
    }
}
