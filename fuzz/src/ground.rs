//! A tree in a directory with something beside it that must stay as it is.

use std::path::{Path, PathBuf};

use ktrust_rootfs::{Change, LayerOptions, Result, Root, UnpackOptions, Unpacked, unpack, write_layer};
use tempfile::TempDir;

const PRECIOUS: &str = "mine";

/// A directory with two trees, and `outside` with one file.
pub struct Ground(TempDir);

impl Default for Ground {
    fn default() -> Self {
        let directory = tempfile::Builder::new().prefix("ktrust-fuzz-").tempdir().expect("a directory");
        for name in ["root", "again", "outside"] {
            std::fs::create_dir(directory.path().join(name)).expect("a directory");
        }
        std::fs::write(directory.path().join("outside/precious"), PRECIOUS).expect("a file");
        Self(directory)
    }
}

impl Ground {
    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// One of the trees: `root` or `again`.
    pub fn tree(&self, name: &str) -> Root {
        Root::open(&self.path(name)).expect("an open directory")
    }

    /// Unpacks into a tree.
    pub fn unpack(&self, name: &str, archive: &[u8], options: &UnpackOptions) -> Result<Unpacked> {
        unpack(archive, &self.tree(name), options)
    }

    /// Everything in a tree as a layer.
    pub fn pack(&self, name: &str) -> Result<Vec<u8>> {
        let root = self.tree(name);
        let mut changes = Vec::new();
        everything(&root, Path::new(""), &mut changes)?;
        let mut layer = Vec::new();
        write_layer(&root, &changes, &LayerOptions::default(), &mut layer)?;
        Ok(layer)
    }

    /// Nothing but the trees was touched.
    pub fn assert_whole(&self) {
        let names = |path: &Path| {
            let entries = std::fs::read_dir(path).expect("the directory is still there");
            let mut names: Vec<_> = entries.map(|entry| entry.expect("a name").file_name()).collect();
            names.sort();
            names
        };
        assert_eq!(names(self.0.path()), ["again", "outside", "root"], "something is beside the tree");
        assert_eq!(names(&self.path("outside")), ["precious"], "something is outside");
        let precious = std::fs::read_to_string(self.path("outside/precious"));
        assert_eq!(precious.expect("the file outside is still there"), PRECIOUS);
    }
}

fn everything(root: &Root, path: &Path, changes: &mut Vec<Change>) -> Result<()> {
    for entry in root.read_dir(path)? {
        changes.push(Change::Upsert(entry.path.clone()));
        if entry.metadata.is_dir() {
            everything(root, &entry.path, changes)?;
        }
    }
    Ok(())
}
