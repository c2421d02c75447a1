//! Paths as text, cleaned as Go's `path` package does it: no file system is asked.

/// The shortest equal path: no `.`, no `//`, no `..` but at the beginning of a relative path. Nothing
/// becomes `.`.
pub fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

/// Joins and cleans; empty parts count for nothing. Nothing but empty parts gives nothing.
pub fn join<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { String::new() } else { clean(&parts.join("/")) }
}

/// `path` seen from `directory`, which is absolute; an absolute path stays. The result is clean.
///
/// This is WORKDIR's rule, and that of relative destinations of COPY but for a trailing slash.
pub fn resolve(directory: &str, path: &str) -> String {
    if path.starts_with('/') { clean(path) } else { join([directory, path]) }
}

/// The last element; `.` for nothing, `/` for slashes only.
pub fn base(path: &str) -> &str {
    if path.is_empty() {
        return ".";
    }
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() {
        return "/";
    }
    trimmed.rsplit('/').next().unwrap_or(trimmed)
}

#[cfg(test)]
mod tests {
    use super::{base, clean, join, resolve};

    #[test]
    fn cleaned() {
        let rows = [
            ("", "."),
            (".", "."),
            ("a/b", "a/b"),
            ("a//b/./c/", "a/b/c"),
            ("a/../b", "b"),
            ("a/..", "."),
            ("../a", "../a"),
            ("../../a/../b", "../../b"),
            ("/..", "/"),
            ("/../a", "/a"),
            ("//a", "/a"),
            ("/", "/"),
            ("a/../../b", "../b"),
        ];
        for (path, expected) in rows {
            assert_eq!(clean(path), expected, "{path}");
            assert_eq!(clean(expected), expected, "{expected}");
        }
    }

    #[test]
    fn joined() {
        assert_eq!(join(["/a", "", "b/../c"]), "/a/c");
        assert_eq!(join(["", ""]), "");
        assert_eq!(resolve("/a/b", "../c"), "/a/c");
        assert_eq!(resolve("/a", "/b/"), "/b");
        assert_eq!(resolve("/a", ""), "/a");
        assert_eq!([base(""), base("//"), base("/a/b/"), base("a")], [".", "/", "b", "a"]);
    }
}
