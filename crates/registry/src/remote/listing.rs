//! Lists in a registry: tags, referrers. Both come in pages.

use ktrust_oci::{Descriptor, Digest, Index, media_type};
use reqwest::header::{CONTENT_TYPE, HeaderMap, LINK};
use reqwest::{Method, Url};
use serde::Deserialize;

use super::{Remote, manifest};
use crate::error::{Error, ErrorKind, Result};
use crate::transport::{Call, Right};

/// Pages that are read at most; the specification names no limit.
const MAX_PAGES: usize = 1000;

#[derive(Deserialize)]
struct Tags {
    tags: Option<Vec<String>>,
}

impl Remote {
    /// All tags, in the registry's order.
    pub async fn tags(&self) -> Result<Vec<String>> {
        let path = ["tags", "list"];
        let mut call = self.origin.call(&self.transport, Method::GET, Right::Pull, &path).await?;
        call.url.set_query(Some("n=1000"));
        let mut all = Vec::new();
        for _ in 0..MAX_PAGES {
            let (headers, page): (_, Tags) = manifest::json(&self.transport, &call, "list of tags").await?;
            all.extend(page.tags.unwrap_or_default());
            if !turn(&mut call, &headers) {
                break;
            }
        }
        Ok(all)
    }

    /// What the registry knows to refer to a manifest, by the referrers API; `None` when the registry
    /// does not have it, and the fallback tag `sha256-<hex>` is to be read. The filter by artifact type
    /// is applied here too, because registries may ignore it.
    pub async fn referrers(
        &self,
        digest: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Option<Vec<Descriptor>>> {
        let path = ["referrers", digest.as_str()];
        let mut call = self.origin.call(&self.transport, Method::GET, Right::Pull, &path).await?;
        if let Some(wanted) = artifact_type {
            call.url.query_pairs_mut().append_pair("artifactType", wanted);
        }
        let mut all = Vec::new();
        for _ in 0..MAX_PAGES {
            let page = manifest::json::<Index>(&self.transport, &call, "list of referrers").await;
            let (headers, page) = match page {
                Ok(page) => page,
                Err(error) if is_absent(&error) => return Ok(None),
                Err(error) => return Err(error),
            };
            // Some servers answer every unknown path with a page or an empty object.
            let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
            if media_type::essence(kind) != media_type::OCI_INDEX {
                return Ok(None);
            }
            all.extend(page.manifests);
            if !turn(&mut call, &headers) {
                break;
            }
        }
        all.retain(|found| artifact_type.is_none_or(|wanted| found.artifact_type.as_deref() == Some(wanted)));
        Ok(Some(all))
    }
}

/// 404 as specified, 400, 405 and 406 of older registries, pages of servers in between.
fn is_absent(error: &Error) -> bool {
    match error {
        Error::Protocol { .. } => true,
        Error::Status { status, .. } => matches!(status.as_u16(), 400 | 405 | 406 | 501),
        _ => error.kind() == ErrorKind::NotFound,
    }
}

/// Goes on to the next page, if there is one.
fn turn(call: &mut Call, headers: &HeaderMap) -> bool {
    let links = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
    let mut links = links;
    let next = links.find_map(|link| next_page(&call.url, link));
    // A page of another server would get no credentials, and a page that repeats would never end.
    match next.filter(|next| next.origin() == call.url.origin() && *next != call.url) {
        Some(next) => {
            call.url = next;
            true
        }
        None => false,
    }
}

/// `</v2/a/tags/list?last=x&n=2>; rel="next"`, RFC 8288.
fn next_page(current: &Url, link: &str) -> Option<Url> {
    let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
    let is_next = parameters.split(';').any(|parameter| {
        let parameter = parameter.trim().replace('"', "");
        parameter.eq_ignore_ascii_case("rel=next")
    });
    is_next.then(|| current.join(target).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use reqwest::Url;

    use super::next_page;

    #[test]
    fn links() {
        let current = Url::parse("https://r.example/v2/a/tags/list?n=1").unwrap();
        let next = |link: &str| next_page(&current, link).map(String::from);
        let expected = Some("https://r.example/v2/a/tags/list?last=b&n=1".to_owned());
        assert_eq!(next("</v2/a/tags/list?last=b&n=1>; rel=\"next\""), expected);
        assert_eq!(next("<https://r.example/v2/a/tags/list?last=b&n=1>; rel=next"), expected);
        assert_eq!(next("</v2/a/tags/list?last=b&n=1>; rel=\"prev\""), None);
        assert_eq!(next("nonsense"), None);
    }
}
