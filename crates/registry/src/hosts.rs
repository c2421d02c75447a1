//! Which registries a permission holds for.

use crate::tls::host_name;

/// Some registries, or all save for some.
///
/// An entry is `host`, for all ports, or `host:port`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts {
    named: Vec<String>,
    /// Whether those that are not named belong to it, and which of them do not.
    others_but: Option<Vec<String>>,
}

impl Hosts {
    /// Adds all registries that are not among `exceptions`; those that were named stay.
    #[must_use]
    pub fn and_all_but(self, exceptions: Vec<String>) -> Self {
        Self { others_but: Some(exceptions), ..self }
    }

    /// Whether a server, `host` or `host:port`, belongs to it.
    pub(crate) fn has_server(&self, server: &str) -> bool {
        let is_among = |list: &[String]| list.iter().any(|entry| names(entry, server));
        is_among(&self.named) || self.others_but.as_ref().is_some_and(|exceptions| !is_among(exceptions))
    }

    /// Whether a host belongs to it, where ports are not known.
    pub(crate) fn has_host(&self, host: &str) -> bool {
        let is_among = |list: &[String]| list.iter().any(|entry| host_name(entry).eq_ignore_ascii_case(host));
        is_among(&self.named) || self.others_but.as_ref().is_some_and(|exceptions| !is_among(exceptions))
    }
}

impl From<Vec<String>> for Hosts {
    fn from(named: Vec<String>) -> Self {
        Self { named, others_but: None }
    }
}

/// Whether an entry means a server.
pub(crate) fn names(entry: &str, server: &str) -> bool {
    entry.eq_ignore_ascii_case(server) || entry.eq_ignore_ascii_case(host_name(server))
}

#[cfg(test)]
mod tests {
    use super::{Hosts, names};

    #[test]
    fn entries() {
        assert!(names("r.example", "r.example:5000"));
        assert!(names("r.example:5000", "R.example:5000"));
        assert!(!names("r.example:5000", "r.example:5001"));
        assert!(!names("r.example:5000", "r.example"));
    }

    #[test]
    fn some_and_all_but_some() {
        let some = Hosts::from(vec!["a.example:5000".into()]);
        assert!(some.has_server("a.example:5000") && !some.has_server("a.example"));
        assert!(some.has_host("A.example") && !some.has_host("b.example"));
        assert!(!Hosts::default().has_server("a.example"));
        let most = some.and_all_but(vec!["a.example".into(), "b.example".into()]);
        assert!(most.has_server("c.example:1") && !most.has_server("b.example:1"));
        assert!(most.has_server("a.example:5000") && !most.has_server("a.example:5001"));
    }
}
