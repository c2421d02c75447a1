//! A place to work in, and archives made by hand.

use std::fs;
use std::path::{Path, PathBuf};

use ktrust_rootfs::{Result, Root, UnpackOptions, Unpacked, unpack};

/// A directory with a tree in it and something beside it that must stay as it is.
pub(crate) struct Ground {
    directory: tempfile::TempDir,
}

impl Ground {
    pub(crate) fn new() -> Self {
        assert!(
            rustix::process::geteuid().is_root(),
            "these tests set owners and make devices: run them as root"
        );
        let directory = tempfile::Builder::new().prefix("ktrust-rootfs-").tempdir().unwrap();
        let ground = Self { directory };
        fs::create_dir(ground.path("root")).unwrap();
        fs::create_dir(ground.path("outside")).unwrap();
        fs::write(ground.path("outside/precious"), "mine").unwrap();
        ground
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A new empty tree.
    pub(crate) fn tree(&self, name: &str) -> Root {
        fs::create_dir_all(self.path(name)).unwrap();
        Root::open(&self.path(name)).unwrap()
    }

    pub(crate) fn root(&self) -> Root {
        self.tree("root")
    }

    pub(crate) fn unpack(&self, archive: &[u8]) -> Result<Unpacked> {
        unpack(archive, &self.root(), &UnpackOptions::LAYER)
    }

    /// Nothing beside the tree was touched.
    pub(crate) fn assert_outside_is_whole(&self) {
        let names: Vec<_> =
            fs::read_dir(self.path("outside")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["precious"]);
        assert_eq!(fs::read_to_string(self.path("outside/precious")).unwrap(), "mine");
        let beside = fs::read_dir(self.directory.path()).unwrap().count();
        assert_eq!(beside, 2, "something was put beside the tree");
    }
}

/// An archive that is written byte by byte: also what no proper writer would write.
#[derive(Default, Clone)]
pub(crate) struct Forged(pub(crate) Vec<u8>);

impl Forged {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A member with any name, link target and type.
    pub(crate) fn member(
        mut self,
        kind: u8,
        name: impl AsRef<[u8]>,
        link: impl AsRef<[u8]>,
        content: &[u8],
    ) -> Self {
        let mut header = tar::Header::new_gnu();
        let old = header.as_old_mut();
        old.name[..name.as_ref().len()].copy_from_slice(name.as_ref());
        old.linkname[..link.as_ref().len()].copy_from_slice(link.as_ref());
        old.linkflag = [kind];
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(1_000_000_000);
        header.set_size(content.len() as u64);
        header.set_cksum();
        self.0.extend_from_slice(header.as_bytes());
        self.block(content)
    }

    /// A change of the last header, made good by its checksum; only of a member without content.
    pub(crate) fn edit(mut self, at: usize, bytes: &[u8]) -> Self {
        let start = self.0.len() - 512;
        let header = &mut self.0[start..];
        header[at..at + bytes.len()].copy_from_slice(bytes);
        header[148..156].copy_from_slice(b"        ");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        self
    }

    fn block(mut self, content: &[u8]) -> Self {
        self.0.extend_from_slice(content);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    pub(crate) fn file(self, name: impl AsRef<[u8]>, content: &str) -> Self {
        self.member(b'0', name, "", content.as_bytes())
    }

    pub(crate) fn dir(self, name: impl AsRef<[u8]>) -> Self {
        self.member(b'5', name, "", b"")
    }

    pub(crate) fn symlink(self, name: impl AsRef<[u8]>, target: impl AsRef<Path>) -> Self {
        let target = target.as_ref().to_str().unwrap().to_owned();
        self.member(b'2', name, target, b"")
    }

    pub(crate) fn hard_link(self, name: impl AsRef<[u8]>, target: impl AsRef<Path>) -> Self {
        let target = target.as_ref().to_str().unwrap().to_owned();
        self.member(b'1', name, target, b"")
    }

    /// Records for the next member.
    pub(crate) fn pax(self, records: &[(&str, &[u8])]) -> Self {
        let text: Vec<u8> = records.iter().flat_map(|(key, value)| record(key.as_bytes(), value)).collect();
        self.member(b'x', "pax", "", &text)
    }

    pub(crate) fn end(mut self) -> Vec<u8> {
        self.0.extend_from_slice(&[0; 1024]);
        self.0
    }
}

fn record(key: &[u8], value: &[u8]) -> Vec<u8> {
    let body = [b" ", key, b"=", value, b"\n"].concat();
    let mut lengths = body.len() + 1..body.len() + 10;
    let length = lengths.find(|length| length.to_string().len() + body.len() == *length).unwrap();
    [length.to_string().as_bytes(), &body].concat()
}

/// Runs a program of the machine; it has to succeed.
pub(crate) fn tool(program: &str, arguments: &[&str], directory: &Path) -> String {
    let output = std::process::Command::new(program)
        .args(arguments)
        .current_dir(directory)
        .env("LC_ALL", "C")
        .output();
    let output =
        output.unwrap_or_else(|error| panic!("these tests need {program} (tar, attr, libcap2-bin): {error}"));
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
