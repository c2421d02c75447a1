//! Whether this machine can run the programs of a platform.

use std::path::Path;

use ktrust_oci::Platform;

use crate::error::Error;

/// Where the kernel lists its handlers for foreign programs.
const HANDLERS: &str = "/proc/sys/fs/binfmt_misc";

/// Refuses what could only fail with "exec format error".
pub(super) fn check(platform: &Platform) -> Result<(), Error> {
    let host = Platform::host();
    if platform.os == "linux"
        && (is_native(&platform.architecture, &host.architecture) || is_handled(platform))
    {
        return Ok(());
    }
    Err(Error::Instruction {
        message: format!("RUN on {platform}: this machine is {host} and has no handler for it"),
        hint: Some(
            "register QEMU with the flag F (`docker run --privileged tonistiigi/binfmt --install all` on the node), \
             build on a runner of that platform and join the images with `kbuild index`, or COPY what was built \
             elsewhere"
                .into(),
        ),
    })
}

/// Its own programs, and those of its 32-bit ancestor.
fn is_native(wanted: &str, host: &str) -> bool {
    wanted == host || matches!((host, wanted), ("amd64", "386") | ("arm64", "arm"))
}

fn is_handled(platform: &Platform) -> bool {
    let Some(machine) = machine(&platform.architecture) else { return false };
    let entries = std::fs::read_dir(Path::new(HANDLERS)).into_iter().flatten().flatten();
    let mut texts = entries.filter_map(|entry| std::fs::read_to_string(entry.path()).ok());
    texts.any(|text| handles(&text, machine))
}

/// Class (32 bit: 1, 64 bit: 2), byte order (little: 1, big: 2) and machine of an ELF header.
type Machine = (u8, u8, u16);

fn machine(architecture: &str) -> Option<Machine> {
    Some(match architecture {
        "amd64" => (2, 1, 62),
        "386" => (1, 1, 3),
        "arm64" => (2, 1, 183),
        "arm" => (1, 1, 40),
        "riscv64" => (2, 1, 243),
        "ppc64le" => (2, 1, 21),
        "s390x" => (2, 2, 22),
        "loong64" => (2, 1, 258),
        "mips64le" => (2, 1, 8),
        "mips64" => (2, 2, 8),
        _ => return None,
    })
}

/// Whether a handler, as the kernel shows it, is switched on, takes the machine's programs, and works in
/// another root: with the flag F its interpreter is open already.
fn handles(text: &str, (class, order, machine): Machine) -> bool {
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    if text.lines().next() != Some("enabled") || !field("flags:").is_some_and(|flags| flags.contains('F')) {
        return false;
    }
    let Some(magic) = field("magic ").and_then(bytes) else { return false };
    let number = |at: usize| match magic.get(at..at + 2) {
        Some([first, second]) if order == 1 => Some(u16::from_le_bytes([*first, *second])),
        Some([first, second]) => Some(u16::from_be_bytes([*first, *second])),
        _ => None,
    };
    magic.starts_with(&[0x7f, b'E', b'L', b'F', class, order]) && number(18) == Some(machine)
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let pair = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
    (0..hex.len()).step_by(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handlers() {
        let arm64 = "enabled\ninterpreter /usr/bin/qemu-aarch64\nflags: POCF\noffset 0\n\
                     magic 7f454c460201010000000000000000000200b700\nmask ffffffffffffff00fffffffffffffffffeffffff\n";
        let of = |name| machine(name).unwrap();
        assert!(handles(arm64, of("arm64")));
        assert!(!handles(arm64, of("amd64")) && !handles(arm64, of("arm")));
        assert!(!handles(&arm64.replace("enabled", "disabled"), of("arm64")));
        assert!(!handles(&arm64.replace("POCF", "POC"), of("arm64")));
        let s390x = arm64.replace("0201010000000000000000000200b700", "02020100000000000000000000020016");
        assert!(handles(&s390x, of("s390x")), "{s390x}");
        assert!(!handles("enabled\nflags: F\nextension .exe\n", of("arm64")));
    }

    #[test]
    fn ancestors_run_natively() {
        assert!(is_native("386", "amd64") && is_native("arm", "arm64") && is_native("s390x", "s390x"));
        assert!(!is_native("amd64", "386") && !is_native("arm64", "amd64"));
    }
}
