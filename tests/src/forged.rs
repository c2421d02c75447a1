//! Archives written byte by byte: also what no proper writer would write.

/// An archive in the making. All members are root's and of 2001.
#[derive(Clone, Debug, Default)]
pub struct Forged(Vec<u8>);

impl Forged {
    /// An empty archive.
    pub fn new() -> Self {
        Self::default()
    }

    /// A member of any type, with any name and link target of at most a hundred bytes.
    #[must_use]
    pub fn member(mut self, kind: u8, name: &str, link: &str, content: &[u8]) -> Self {
        let mut header = tar::Header::new_gnu();
        let old = header.as_old_mut();
        old.name[..name.len()].copy_from_slice(name.as_bytes());
        old.linkname[..link.len()].copy_from_slice(link.as_bytes());
        old.linkflag = [kind];
        header.set_mode(0o755);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(1_000_000_000);
        header.set_size(content.len() as u64);
        header.set_cksum();
        self.0.extend_from_slice(header.as_bytes());
        self.0.extend_from_slice(content);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    /// A file.
    #[must_use]
    pub fn file(self, name: &str, content: &str) -> Self {
        self.member(b'0', name, "", content.as_bytes())
    }

    /// A directory.
    #[must_use]
    pub fn dir(self, name: &str) -> Self {
        self.member(b'5', name, "", b"")
    }

    /// A symbolic link.
    #[must_use]
    pub fn symlink(self, name: &str, target: &str) -> Self {
        self.member(b'2', name, target, b"")
    }

    /// A hard link.
    #[must_use]
    pub fn hard_link(self, name: &str, target: &str) -> Self {
        self.member(b'1', name, target, b"")
    }

    /// The archive with its end.
    pub fn end(mut self) -> Vec<u8> {
        self.0.extend_from_slice(&[0; 1024]);
        self.0
    }
}
