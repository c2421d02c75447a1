//! The mechanism for machines and pods that allow mounts: an overlay per workspace, namespaces per command.

mod overlay;
mod stubs;
mod supervise;
mod task;

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};

use ktrust_rootfs::{Owner, Root, changes_of_upper};

use crate::cancel::Cancel;
use crate::child;
use crate::command::{Command, Exit, Output};
use crate::enter;
use crate::error::{Error, Result};
use crate::workspace::{Finished, Sandbox, Workspace};
use overlay::Overlay;

/// Runs commands in namespaces on overlays. Needs [`crate::enter`] first.
#[derive(Debug, Clone)]
pub struct Namespaces {
    cancel: Cancel,
    own_pids: bool,
}

impl Namespaces {
    /// Finds out what this environment allows. Fails where mounts are not allowed at all.
    pub fn new(cancel: Cancel) -> Result<Self> {
        if !enter::has(rustix::thread::CapabilitySet::SYS_ADMIN) {
            let denied = std::io::Error::from(rustix::io::Errno::PERM);
            return Err(Error::NamespacesForbidden(denied));
        }
        let probe = supervise::helper(child::PROBE).status();
        let own_pids = probe.map_err(Error::system("start the helper"))?.success();
        Ok(Self { cancel, own_pids })
    }

    /// Whether commands get a PID namespace of their own. Without one they can see the builder's processes,
    /// but not their memory or environment.
    pub fn has_own_pids(&self) -> bool {
        self.own_pids
    }
}

impl Sandbox for Namespaces {
    fn workspace(&self, lower: &[PathBuf], scratch: &Path) -> Result<Box<dyn Workspace>> {
        let directories = Directories::create(scratch, lower.last().map(PathBuf::as_path))?;
        let lowers = if lower.is_empty() { vec![directories.empty.clone()] } else { lower.to_vec() };
        let overlay = Overlay::mount(&lowers, &directories)?;
        let root = Root::open(&directories.merged)?;
        Ok(Box::new(OverlayWorkspace {
            sandbox: self.clone(),
            root: Some(root),
            lowers,
            overlay,
            directories,
        }))
    }

    fn name(&self) -> &'static str {
        "namespaces"
    }
}

/// What lies in the scratch directory.
#[derive(Debug)]
struct Directories {
    scratch: PathBuf,
    /// Takes the changes.
    upper: PathBuf,
    /// Overlayfs's own.
    work: PathBuf,
    /// Where the tree is mounted.
    merged: PathBuf,
    /// The bottom of a tree without lower directories; always empty.
    empty: PathBuf,
    /// A place for helpers to mount memory on.
    memory: PathBuf,
}

impl Directories {
    /// Makes them; the upper one looks like the topmost lower one, because it is the tree's `/`.
    fn create(scratch: &Path, top: Option<&Path>) -> Result<Self> {
        let create = |name: &str| {
            let path = scratch.join(name);
            fs::create_dir(&path)
                .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(0o755)))
                .map_err(Error::path("create", &path))?;
            Ok::<_, Error>(path)
        };
        let directories = Self {
            scratch: scratch.to_owned(),
            upper: create("upper")?,
            work: create("work")?,
            merged: create("merged")?,
            empty: create("empty")?,
            memory: create("memory")?,
        };
        top.map_or(Ok(()), |top| directories.look_like(top))?;
        Ok(directories)
    }

    fn look_like(&self, top: &Path) -> Result<()> {
        let (like, upper) = (Root::open(top)?, Root::open(&self.upper)?);
        let here = Path::new("");
        let Some(metadata) = like.metadata(here)? else {
            return Ok(());
        };
        chown(&self.upper, Some(metadata.owner.uid), Some(metadata.owner.gid))
            .map_err(Error::path("own", &self.upper))?;
        upper.set_mode(here, metadata.mode)?;
        upper.set_xattrs(here, &like.xattrs(here)?)?;
        Ok(upper.set_modified(here, metadata.modified)?)
    }
}

struct OverlayWorkspace {
    sandbox: Namespaces,
    /// Closed before the overlay is unmounted.
    root: Option<Root>,
    lowers: Vec<PathBuf>,
    overlay: Overlay,
    directories: Directories,
}

impl Workspace for OverlayWorkspace {
    fn root(&self) -> &Root {
        self.root.as_ref().expect("the root is open until the workspace is finished")
    }

    fn run(&mut self, command: &Command, output: &mut dyn Output) -> Result<Exit> {
        if self.sandbox.cancel.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let mut task = task::of(command, &self.directories, self.sandbox.own_pids)?;
        let root = self.root();
        let stubs = stubs::create(root, &mut task.mounts)?;
        let owner = Owner::new(command.user.uid, command.user.gid);
        let exit = root
            .create_dir_all(&command.cwd, owner, 0o755)
            .map_err(Error::from)
            .and_then(|_| supervise::run(&task, &self.sandbox.cancel, output));
        stubs.remove(root)?;
        exit
    }

    fn finish(mut self: Box<Self>) -> Result<Finished> {
        self.root = None;
        self.overlay.unmount()?;
        let changes = changes_of_upper(&Root::open(&self.directories.upper)?, &self.lowers)?;
        self.directories.remove_all_but_upper()?;
        Ok(Finished { layer_dir: self.directories.upper.clone(), changes })
    }
}

impl Directories {
    fn remove_all_but_upper(&self) -> Result<()> {
        let root = Root::open(&self.scratch)?;
        ["work", "merged", "empty", "memory"]
            .iter()
            .try_for_each(|name| Ok(root.remove_all(Path::new(name))?))
    }
}
