//! Which frontends' language we speak.
//!
//! BuildKit runs the image that `# syntax=` names and lets it read the file. We run no foreign code for that:
//! Docker's own frontends are what this crate implements, every other one is refused rather than misread.

/// Whether a file that asks for the frontend `reference` can be read by us: `docker/dockerfile` and
/// `docker/dockerfile-upstream` with a version 1 tag, a tag without number, or any digest; and the same
/// under another registry's name, for mirrors.
pub fn is_supported(reference: &str) -> bool {
    let name = reference.split('@').next().unwrap_or_default();
    let (path, tag) = match name.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => (path, Some(tag)),
        _ => (name, None),
    };
    let Some(upstream) = docker_frontend(path) else { return false };
    tag.is_none_or(|tag| upstream || supported_tag(tag))
}

/// `Some(true)` for the upstream channel, `Some(false)` for the released one.
fn docker_frontend(path: &str) -> Option<bool> {
    let (parent, image) = path.rsplit_once('/')?;
    let host = parent.split('/').next().unwrap_or_default();
    // On Docker Hub, which is what no host means, other people's `dockerfile` images are other frontends.
    let hub = !host.contains(['.', ':']) && host != "localhost" || host.ends_with("docker.io");
    let owner = parent.rsplit('/').next().unwrap_or_default();
    if hub && owner != "docker" {
        return None;
    }
    match image {
        "dockerfile" => Some(false),
        "dockerfile-upstream" => Some(true),
        _ => None,
    }
}

fn supported_tag(tag: &str) -> bool {
    let version = tag.strip_prefix('1').is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()));
    version || matches!(tag, "latest" | "labs" | "experimental")
}

#[cfg(test)]
mod tests {
    use super::is_supported;

    #[test]
    fn frontends() {
        let digest = format!("docker/dockerfile@sha256:{}", "a".repeat(64));
        for accepted in [
            "docker/dockerfile",
            "docker/dockerfile:1",
            "docker/dockerfile:1.26.0-labs",
            "docker/dockerfile:1-labs",
            "docker/dockerfile:labs",
            "docker.io/docker/dockerfile:1.4",
            "docker/dockerfile-upstream:master",
            "mirror.example.com:5000/hub/docker/dockerfile:1",
            "registry.example.com/tools/dockerfile:1.7",
            digest.as_str(),
        ] {
            assert!(is_supported(accepted), "{accepted}");
        }
        for refused in [
            "",
            "dockerfile",
            "docker/dockerfile:2",
            "docker/dockerfile:10",
            "someone/dockerfile:1",
            "docker.io/someone/dockerfile:1",
            "crazymax/buildkit-frontend",
            "docker/buildx",
            "registry.example.com/frontend:1",
        ] {
            assert!(!is_supported(refused), "{refused}");
        }
    }
}
