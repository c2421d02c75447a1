//! From credentials to the value of `Authorization`.
//!
//! Sources: <https://distribution.github.io/distribution/spec/auth/token/> (GET) and
//! <https://distribution.github.io/distribution/spec/auth/oauth/> (POST, for identity tokens).

use std::time::{Duration, Instant};

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::Scope;
use crate::error::{Error, Request, Result, Violation, is_transient};
use crate::keychain::{Credential, Secret};
use crate::transport::challenge::Challenge;
use crate::transport::failure::{self, Failure};
use crate::transport::scheme::is_loopback;
use crate::transport::{ERROR_BODY, Transport};

/// The largest answer of a token server, in bytes.
const MAX_ANSWER: u64 = 1 << 20;
/// Tokens live at least this many seconds, says the specification; servers that promise less are not believed.
const MIN_LIFE: u64 = 60;
/// Tokens are renewed this many seconds before they end.
const MARGIN: u64 = 10;

/// What became of a set of credentials.
pub(super) enum Answer {
    /// What to send, and until when.
    Header(HeaderValue, Option<Instant>),
    /// The registry wants another kind of credentials.
    Unusable(&'static str),
    /// The token server says no.
    Refused(Failure),
}

#[derive(Deserialize)]
struct TokenAnswer {
    #[serde(default)]
    token: SecretString,
    #[serde(default)]
    access_token: SecretString,
    expires_in: Option<u64>,
}

pub(super) async fn obtain(
    transport: &Transport,
    challenge: &Challenge,
    scope: &Scope,
    named_scope: Option<&str>,
    credential: &Credential,
) -> Result<Answer> {
    if let Secret::RegistryToken(token) = &credential.secret {
        return Ok(header(&format!("Bearer {}", token.expose_secret()), None));
    }
    match challenge {
        Challenge::Basic => Ok(match credential.basic() {
            Some(basic) => Answer::Header(basic, None),
            None => Answer::Unusable("the registry wants a name and a password"),
        }),
        Challenge::Bearer { realm, service, .. } => {
            let words = merge(scope.words(), named_scope);
            fetch(transport, scope, realm, service.as_deref(), &words, credential).await
        }
    }
}

fn header(value: &str, expires: Option<Instant>) -> Answer {
    match HeaderValue::from_str(value) {
        Ok(mut value) => {
            value.set_sensitive(true);
            Answer::Header(value, expires)
        }
        Err(_) => Answer::Unusable("not a text that can be sent"),
    }
}

/// Adds what the registry asks for beyond our own wishes.
fn merge(mut words: Vec<String>, named: Option<&str>) -> Vec<String> {
    let resource = |word: &str| word.rsplit_once(':').map(|(resource, _)| resource.to_owned());
    for word in named.into_iter().flat_map(str::split_whitespace) {
        if !words.iter().any(|own| resource(own) == resource(word)) {
            words.push(word.to_owned());
        }
    }
    words
}

async fn fetch(
    transport: &Transport,
    scope: &Scope,
    realm: &str,
    service: Option<&str>,
    words: &[String],
    credential: &Credential,
) -> Result<Answer> {
    let mut url = scope.base.join(realm).map_err(|_| Error::Protocol {
        request: Request::new(&Method::GET, &scope.base),
        violation: Violation::Header("WWW-Authenticate"),
    })?;
    refuse_leak(transport, &url, credential)?;
    let pairs = |url: &mut Url, scopes: &[&str]| {
        let mut query = url.query_pairs_mut();
        query.extend_pairs(service.map(|service| ("service", service)));
        query.extend_pairs(scopes.iter().map(|word| ("scope", word)));
    };
    let request = if let Secret::IdentityToken(token) = &credential.secret {
        // A form is written as a query is; this URL is never requested.
        let mut form = scope.base.clone();
        pairs(&mut form, &[&words.join(" ")]);
        form.query_pairs_mut().extend_pairs([
            ("grant_type", "refresh_token"),
            ("client_id", "ktrust"),
            ("refresh_token", token.expose_secret()),
        ]);
        let body = form.query().unwrap_or_default().to_owned();
        transport
            .http(&url)
            .post(url.clone())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body)
    } else {
        pairs(&mut url, &words.iter().map(String::as_str).collect::<Vec<_>>());
        let request = transport.http(&url).get(url.clone());
        match credential.basic() {
            Some(basic) => request.header(AUTHORIZATION, basic),
            None => request,
        }
    };
    send(transport, Request::new(&Method::GET, &url), request).await
}

async fn send(transport: &Transport, shown: Request, request: reqwest::RequestBuilder) -> Result<Answer> {
    let after = transport.settings.read_timeout;
    let response = match tokio::time::timeout(after, request.send()).await {
        Err(_) => return Err(Error::Timeout { request: shown, after }),
        Ok(Err(error)) => return Err(failure::of_reqwest(shown, error)),
        Ok(Ok(response)) => response,
    };
    let status = response.status();
    if !status.is_success() {
        let body = transport.read_capped(response, ERROR_BODY).await;
        let failure = Failure { request: shown, status, retry_after: None, body };
        return if is_transient(status) { Err(failure.into_error()) } else { Ok(Answer::Refused(failure)) };
    }
    let body = SecretString::from(
        String::from_utf8(transport.read_all(shown.clone(), response, MAX_ANSWER).await?).unwrap_or_default(),
    );
    let malformed = || Error::Protocol { request: shown.clone(), violation: Violation::Json("token") };
    let answer: TokenAnswer = serde_json::from_str(body.expose_secret()).map_err(|_| malformed())?;
    let token =
        [&answer.token, &answer.access_token].into_iter().find(|token| !token.expose_secret().is_empty());
    let token = token.ok_or_else(malformed)?;
    let life = answer.expires_in.unwrap_or(MIN_LIFE).max(MIN_LIFE) - MARGIN;
    let life = Duration::from_secs(life);
    Ok(header(&format!("Bearer {}", token.expose_secret()), Instant::now().checked_add(life)))
}

/// A registry names its token server freely; credentials go there in the clear only where the user has
/// allowed it for that host.
fn refuse_leak(transport: &Transport, realm: &Url, credential: &Credential) -> Result<()> {
    let host = realm.host_str().unwrap_or_default();
    let allowed = realm.scheme() == "https"
        || matches!(credential.secret, Secret::Anonymous)
        || is_loopback(host)
        || transport.is_plain(realm);
    if allowed {
        return Ok(());
    }
    let request = Request::new(&Method::GET, realm);
    Err(Error::Protocol { request, violation: Violation::InsecureRealm(host.to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::merge;

    #[test]
    fn the_registry_s_scope_is_added() {
        let own = || vec!["repository:a:pull,push".to_owned()];
        assert_eq!(merge(own(), None), own());
        assert_eq!(merge(own(), Some("repository:a:push,pull")), own());
        assert_eq!(merge(own(), Some("registry:catalog:* repository:a:pull")).len(), 2);
    }
}
