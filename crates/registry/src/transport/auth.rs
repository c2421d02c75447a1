//! Logging in: one session for each registry and set of rights.
//!
//! A session tries the candidates of the keychain in order, keeps the first that works, and renews it
//! when its token ends in the middle of a long push. Sessions are locked while they log in, so that many
//! parallel transfers ask the token server once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use reqwest::header::HeaderValue;
use reqwest::{StatusCode, Url};

use super::Transport;
use super::challenge::Challenge;
use super::failure::Failure;
use crate::error::{Attempt, Outcome, Result};
use crate::keychain::Credential;

mod token;

use token::Answer;

/// What a request needs to be allowed to.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    /// The root of the registry's API.
    pub(crate) base: Url,
    /// The registry's name in configurations.
    pub(crate) registry: String,
    pub(crate) repository: String,
    pub(crate) right: Right,
    /// Another repository of the registry to read from.
    pub(crate) mount_from: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Right {
    Pull,
    Push,
    Delete,
}

/// What a successful login gives.
#[derive(Clone)]
pub(crate) struct Grant {
    pub(crate) header: HeaderValue,
    origin: String,
    /// The candidate's place in the order.
    candidate: usize,
    generation: u64,
    expires: Option<Instant>,
}

#[derive(Default)]
pub(crate) struct Auth {
    /// How each registry wants to be asked, by the root of its API.
    challenges: Mutex<HashMap<Url, Challenge>>,
    sessions: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Session>>>>,
}

#[derive(Default)]
struct Session {
    grant: Option<Grant>,
    /// Whether the grant was good for at least one request: what fails later has expired.
    worked: bool,
    generation: u64,
    /// The scope that the registry itself named.
    named_scope: Option<String>,
    refusals: Vec<Refusal>,
}

/// A candidate that did not help.
struct Refusal {
    attempt: Attempt,
    failure: Option<Failure>,
}

impl Scope {
    /// In the words of token servers, one entry a repository.
    fn words(&self) -> Vec<String> {
        let actions = match self.right {
            Right::Pull => "pull",
            Right::Push => "pull,push",
            Right::Delete => "pull,delete",
        };
        let own = format!("repository:{}:{actions}", self.repository);
        let other = self.mount_from.as_ref().map(|name| format!("repository:{name}:pull"));
        std::iter::once(own).chain(other).collect()
    }
}

impl Auth {
    /// The grant to send along, if a login is known to be needed.
    pub(crate) async fn current(&self, transport: &Transport, scope: &Scope) -> Result<Option<Grant>> {
        let session = self.session(scope);
        let mut session = session.lock().await;
        let start = match &session.grant {
            Some(grant) if grant.expires.is_none_or(|end| Instant::now() < end) => {
                return Ok(Some(grant.clone()));
            }
            Some(grant) => grant.candidate,
            None => 0,
        };
        let Some(challenge) = self.challenge(scope) else { return Ok(None) };
        session.refusals.clear();
        // When all fail, the request goes without and fails with the registry's own words.
        session.advance(transport, scope, &challenge, start).await?;
        Ok(session.grant.clone())
    }

    /// Remembers that a grant is good.
    pub(crate) async fn worked(&self, scope: &Scope, grant: &Grant) {
        let session = self.session(scope);
        let mut session = session.lock().await;
        session.worked |= session.generation == grant.generation;
    }

    /// After a refusal: logs in, again or as somebody else. `Ok` means: try again.
    pub(crate) async fn login(
        &self,
        transport: &Transport,
        scope: &Scope,
        used: Option<Grant>,
        challenge: Option<Challenge>,
        failure: Failure,
    ) -> Result<()> {
        let session = self.session(scope);
        let mut session = session.lock().await;
        let challenge = self.learn(scope, challenge, failure.status);
        let newest = session.grant.as_ref().map(|grant| grant.generation);
        if newest.is_some() && newest != used.as_ref().map(|grant| grant.generation) {
            return Ok(()); // another request has logged in meanwhile
        }
        let mut unauthenticated = None;
        let start = match used {
            None => {
                session.refusals.clear();
                unauthenticated = Some(failure);
                0
            }
            Some(grant) if session.worked && failure.status == StatusCode::UNAUTHORIZED => {
                session.refusals.clear();
                grant.candidate
            }
            Some(grant) => {
                let final_word = session.worked;
                let attempt =
                    Attempt { origin: grant.origin, outcome: Outcome::Refused(failure.status.as_u16()) };
                session.refusals.push(Refusal { attempt, failure: Some(failure) });
                if final_word { usize::MAX } else { grant.candidate + 1 }
            }
        };
        if let Some(challenge) = challenge {
            session.advance(transport, scope, &challenge, start).await?;
            if session.grant.is_some() {
                return Ok(());
            }
        }
        Err(session.give_up(unauthenticated))
    }

    /// The challenge in force, after what an answer said. Without any word, 401 means name and password.
    fn learn(&self, scope: &Scope, said: Option<Challenge>, status: StatusCode) -> Option<Challenge> {
        let said = said.or((status == StatusCode::UNAUTHORIZED).then_some(Challenge::Basic));
        let mut known = self.challenges.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(challenge) = &said {
            known.insert(scope.base.clone(), challenge.clone());
        }
        said.or_else(|| known.get(&scope.base).cloned())
    }

    fn challenge(&self, scope: &Scope) -> Option<Challenge> {
        self.challenges.lock().unwrap_or_else(PoisonError::into_inner).get(&scope.base).cloned()
    }

    fn session(&self, scope: &Scope) -> Arc<tokio::sync::Mutex<Session>> {
        let key = format!("{} {}", scope.base, scope.words().join(" "));
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(sessions.entry(key).or_default())
    }
}

impl Session {
    /// Logs in with the first candidate from `start` on that is accepted; without one there is no grant.
    async fn advance(
        &mut self,
        transport: &Transport,
        scope: &Scope,
        challenge: &Challenge,
        start: usize,
    ) -> Result<()> {
        self.grant = None;
        self.worked = false;
        if let Challenge::Bearer { scope: Some(named), .. } = challenge {
            self.named_scope = Some(named.clone());
        }
        let found = transport.settings.keychain.candidates(&scope.registry, &scope.repository).await?;
        if start == 0 {
            let unusable = found.unusable.into_iter();
            self.refusals.extend(unusable.map(|attempt| Refusal { attempt, failure: None }));
        }
        let mut candidates = found.credentials;
        if scope.right == Right::Pull {
            candidates.push(Credential::anonymous());
        }
        for (candidate, credential) in candidates.iter().enumerate().skip(start) {
            let named = self.named_scope.as_deref();
            let answer = token::obtain(transport, challenge, scope, named, credential).await?;
            let origin = credential.origin.clone();
            let outcome = match answer {
                Answer::Header(header, expires) => {
                    self.generation += 1;
                    let generation = self.generation;
                    self.grant = Some(Grant { header, origin, candidate, generation, expires });
                    return Ok(());
                }
                Answer::Unusable(why) => (Outcome::Unusable(why.into()), None),
                Answer::Refused(failure) => (Outcome::Refused(failure.status.as_u16()), Some(failure)),
            };
            let (outcome, failure) = outcome;
            self.refusals.push(Refusal { attempt: Attempt { origin, outcome }, failure });
        }
        Ok(())
    }

    /// The error for a request that nobody may make: the most telling answer, and all attempts. The next
    /// request begins anew.
    fn give_up(&mut self, unauthenticated: Option<Failure>) -> crate::Error {
        self.grant = None;
        let mut attempts = Vec::new();
        let mut failures = Vec::new();
        for refusal in self.refusals.drain(..) {
            attempts.push(refusal.attempt);
            failures.extend(refusal.failure);
        }
        failures.extend(unauthenticated);
        // "You may not" from somebody who knows us says more than "who are you".
        let denied = failures.iter().position(|failure| failure.status == StatusCode::FORBIDDEN);
        failures.swap_remove(denied.unwrap_or(0)).with_attempts(attempts)
    }
}
