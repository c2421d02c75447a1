//! Whether text can be the name of an image: `[host[:port]/]path[:tag][@digest]`.

/// Longest name without tag and digest, in bytes.
const LONGEST: usize = 255;

/// Whether the text names an image. Only its form is looked at.
pub(super) fn is_valid(text: &str) -> bool {
    let (name, digest) = text.split_once('@').map_or((text, None), |(name, digest)| (name, Some(digest)));
    let (name, tag) = split_tag(name);
    is_name(name, text) && tag.is_none_or(is_tag) && digest.is_none_or(is_digest)
}

/// A colon behind the last slash begins a tag.
fn split_tag(name: &str) -> (&str, Option<&str>) {
    let path = name.rfind('/').map_or(0, |slash| slash + 1);
    match name[path..].rfind(':') {
        Some(colon) => (&name[..path + colon], Some(&name[path + colon + 1..])),
        None => (name, None),
    }
}

fn is_name(name: &str, whole: &str) -> bool {
    let (host, path) = match name.split_once('/') {
        Some((first, rest)) if is_host(first) => (Some(first), rest),
        _ => (None, name),
    };
    let bare_id = whole.len() == 64 && whole.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
    name.len() <= LONGEST && !bare_id && host.is_none_or(is_domain) && path.split('/').all(is_component)
}

/// The first part is a host if it could be nothing else.
fn is_host(part: &str) -> bool {
    part.contains(['.', ':']) || part == "localhost" || part.to_lowercase() != part
}

fn is_domain(host: &str) -> bool {
    let address = host.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    if let Some((address, port)) = address {
        let hex = |c: char| c.is_ascii_hexdigit() || c == ':';
        return !address.is_empty() && address.chars().all(hex) && is_port_or_nothing(port);
    }
    let name = host.split(':').next().unwrap_or_default();
    let label = |label: &str| {
        !label.is_empty()
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.split('.').all(label) && is_port_or_nothing(&host[name.len()..])
}

fn is_port_or_nothing(text: &str) -> bool {
    let digits = |port: &str| !port.is_empty() && port.chars().all(|c| c.is_ascii_digit());
    text.is_empty() || text.strip_prefix(':').is_some_and(digits)
}

/// Lower-case letters and digits, parted by `.`, `_`, `__` or any number of `-`.
fn is_component(part: &str) -> bool {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let mut separator = String::new();
    let ends_well = part.starts_with(word) && part.ends_with(word);
    ends_well
        && part.chars().all(|c| {
            if !word(c) {
                separator.push(c);
                return matches!(separator.as_str(), "." | "_" | "__") || separator.chars().all(|c| c == '-');
            }
            separator.clear();
            true
        })
}

fn is_tag(tag: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    tag.len() <= 128 && tag.starts_with(word) && tag.chars().all(|c| word(c) || matches!(c, '.' | '-'))
}

fn is_digest(digest: &str) -> bool {
    let Some((algorithm, hex)) = digest.split_once(':') else { return false };
    let length = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ => return false,
    };
    hex.len() == length && hex.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'))
}

#[cfg(test)]
mod tests {
    use super::is_valid;

    #[test]
    fn names() {
        let digest = "0".repeat(64);
        for good in [
            "busybox",
            "busybox:1.36",
            "library/busybox",
            "localhost/x",
            "localhost:5000/a/b:c",
            "Registry/a",
            "[::1]:5000/a",
            "a.b.c/d__e/f--g.h",
            "a:_x.-Y",
            "scratch",
            &format!("busybox@sha256:{digest}"),
            &format!("busybox:1@sha256:{digest}"),
        ] {
            assert!(is_valid(good), "{good}");
        }
        for bad in [
            "",
            ":latest",
            "busybox:",
            "Busybox",
            "a//b",
            "a/",
            "/a",
            "a_-b",
            "a___b",
            "a..b",
            "-a",
            "a-",
            "busybox@sha256:0",
            "busybox@",
            "host:port/x",
            "a b",
            &digest,
        ] {
            assert!(!is_valid(bad), "{bad}");
        }
    }
}
