//! Which credentials are for which repository.

/// The names under which Docker Hub appears in configurations.
const DOCKER_HUB: [&str; 4] =
    ["docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"];

/// The repository that needs credentials.
pub(super) struct Target<'a> {
    pub(super) host: String,
    pub(super) repository: &'a str,
}

impl<'a> Target<'a> {
    pub(super) fn new(registry: &str, repository: &'a str) -> Self {
        Self { host: normalize_host(registry), repository }
    }

    /// What credential helpers are asked for: Docker Hub has a name of its own there.
    pub(super) fn server(&self) -> &str {
        if self.host == "docker.io" { "https://index.docker.io/v1/" } else { &self.host }
    }
}

/// A key of a configuration: a host, with an optional path below which it holds.
pub(super) struct Location {
    host: String,
    path: String,
}

impl Location {
    /// Reads `https://index.docker.io/v1/`, `host:port`, `host/group/project`.
    pub(super) fn parse(key: &str) -> Self {
        let key = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
        let (host, path) = key.split_once('/').unwrap_or((key, ""));
        let path = path.trim_matches('/');
        // The paths of the API, which old versions of Docker wrote.
        let path = if matches!(path, "v1" | "v2") { "" } else { path };
        Self { host: normalize_host(host), path: path.to_owned() }
    }

    /// How much of the repository's path matches, in bytes; `None` when it is another place.
    pub(super) fn covers(&self, target: &Target<'_>) -> Option<usize> {
        let rest = target.repository.strip_prefix(self.path.as_str())?;
        let at_boundary = self.path.is_empty() || rest.is_empty() || rest.starts_with('/');
        (self.host == target.host && at_boundary).then_some(self.path.len())
    }
}

/// One name for each registry: lower case, Docker Hub's aliases, no default port.
pub(super) fn normalize_host(host: &str) -> String {
    let host = host.to_ascii_lowercase();
    let host = host.strip_suffix(":443").unwrap_or(&host);
    if DOCKER_HUB.contains(&host) { "docker.io".into() } else { host.into() }
}
