//! From failed requests to errors.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use reqwest::StatusCode;

use crate::error::{Attempt, Error, Request, read_errors};

/// An answer that is not a success, read and ready to become an error.
pub(crate) struct Failure {
    pub(crate) request: Request,
    pub(crate) status: StatusCode,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Vec<u8>,
}

impl Failure {
    pub(crate) fn into_error(self) -> Error {
        self.with_attempts(Vec::new())
    }

    pub(crate) fn with_attempts(self, attempts: Vec<Attempt>) -> Error {
        let Self { request, status, retry_after, body } = self;
        let errors = read_errors(&body);
        match status {
            StatusCode::UNAUTHORIZED => Error::Unauthorized { request, errors, attempts },
            StatusCode::FORBIDDEN => Error::Forbidden { request, errors, attempts },
            StatusCode::NOT_FOUND => Error::NotFound { request, errors },
            _ => Error::Status { request, status, errors, retry_after },
        }
    }
}

/// A failed exchange: TLS trouble is told apart, because repeating does not cure it.
pub(crate) fn of_reqwest(request: Request, error: reqwest::Error) -> Error {
    match find_tls(&error) {
        Some(source) => Error::Tls { request, source },
        // The URL is in the request already, without secrets.
        None => Error::Transport { request, source: error.without_url() },
    }
}

/// The TLS error somewhere below, if any; `io::Error` hides its inner error from `source`.
fn find_tls(error: &(dyn StdError + 'static)) -> Option<rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Some(tls.clone());
        }
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}
