//! Just enough of platforms to see which system and architecture one means.

use crate::expand::{Environment as _, Variables};

/// Systems that Go knows; one word that is none of them is an architecture.
const SYSTEMS: [&str; 17] = [
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "js",
    "linux",
    "nacl",
    "netbsd",
    "openbsd",
    "plan9",
    "solaris",
    "windows",
    "zos",
];

/// Architectures that Go knows.
const ARCHITECTURES: [&str; 27] = [
    "386",
    "amd64",
    "amd64p32",
    "arm",
    "armbe",
    "arm64",
    "arm64be",
    "loong64",
    "mips",
    "mipsle",
    "mips64",
    "mips64le",
    "mips64p32",
    "mips64p32le",
    "ppc",
    "ppc64",
    "ppc64le",
    "riscv",
    "riscv64",
    "s390",
    "s390x",
    "sparc",
    "sparc64",
    "wasm",
    "i386",
    "x86_64",
    "aarch64",
];

/// System and architecture of `os`, `arch`, `os/arch` or `os/arch/variant`; what is missing is that of the
/// machine that builds. `None`: not a platform, which the build reports by itself.
pub(super) fn parse(text: &str, globals: &Variables) -> Option<(String, String)> {
    let own = |name| globals.get(name).unwrap_or_default().to_owned();
    let parts: Vec<&str> = text.split('/').collect();
    let system = |part: &str| normal_system(part.split('(').next().unwrap_or_default());
    let plain = |part: &&str| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        !part.is_empty() && part.chars().all(allowed)
    };
    if !parts.iter().skip(usize::from(parts[0].contains('('))).all(plain) {
        return None;
    }
    match parts.as_slice() {
        [one] if SYSTEMS.contains(&system(one).as_str()) => Some((system(one), own("BUILDARCH"))),
        [one] => {
            let architecture = normal_architecture(one);
            ARCHITECTURES.contains(&architecture.as_str()).then(|| (own("BUILDOS"), architecture))
        }
        [os, architecture] | [os, architecture, _] => Some((system(os), normal_architecture(architecture))),
        _ => None,
    }
}

fn normal_system(name: &str) -> String {
    let lower = name.to_lowercase();
    if lower == "macos" { "darwin".into() } else { lower }
}

fn normal_architecture(name: &str) -> String {
    match name.to_lowercase().as_str() {
        "i386" => "386".into(),
        "x86_64" | "x86-64" => "amd64".into(),
        "aarch64" => "arm64".into(),
        "armhf" | "armel" => "arm".into(),
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::expand::Variables;

    #[test]
    fn forms() {
        let globals = Variables::from_pairs(["BUILDOS=linux", "BUILDARCH=riscv64"]);
        let rows = [
            ("linux/amd64", Some(("linux", "amd64"))),
            ("Linux/x86_64", Some(("linux", "amd64"))),
            ("linux/arm/v7", Some(("linux", "arm"))),
            ("windows(10.0.17763)/amd64", Some(("windows", "amd64"))),
            ("linux", Some(("linux", "riscv64"))),
            ("aarch64", Some(("linux", "arm64"))),
            ("amd64", Some(("linux", "amd64"))),
            ("strange", None),
            ("linux/", None),
            ("a/b/c/d", None),
            ("", None),
        ];
        for (text, expected) in rows {
            let expected = expected.map(|(os, architecture)| (os.to_owned(), architecture.to_owned()));
            assert_eq!(parse(text, &globals), expected, "{text}");
        }
    }
}
