//! Pods as GitLab's runners make them, imitated by podman and runc.
//!
//! What a job may do is decided by few things: user, capabilities, seccomp profile, and that its root
//! directory is an overlay. The classes are those that clusters have; the seccomp profile is Docker's
//! (`fixtures/docker-default-seccomp.json`, from moby's profiles, Apache-2.0).

use std::path::{Path, PathBuf};

use crate::context::Context;
use crate::invocation::Invocation;
use crate::place;
use crate::tools::tool;

/// What a cluster grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Docker, containerd, Pod Security "baseline": root with some capabilities; no namespaces, no mounts.
    Baseline,
    /// OpenShift's restricted-v2: a random user of group 0, nothing granted.
    OpenShift,
    /// Pod Security "restricted": an ordinary user, nothing granted.
    Restricted,
    /// Kubernetes without a default seccomp profile: root that may make user namespaces.
    UserNamespaces,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 4] = [Self::Baseline, Self::OpenShift, Self::Restricted, Self::UserNamespaces];

    fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Baseline | Self::UserNamespaces => &["--cap-add=mknod,audit_write,net_raw"],
            Self::OpenShift => &["--user=1000680000:0", "--cap-drop=all", "--security-opt=no-new-privileges"],
            Self::Restricted => &["--user=1000:1000", "--cap-drop=all", "--security-opt=no-new-privileges"],
        }
    }

    fn seccomp(self) -> String {
        let profile = place::repository().join("tests/fixtures/docker-default-seccomp.json");
        match self {
            Self::UserNamespaces => "unconfined".into(),
            _ => profile.display().to_string(),
        }
    }
}

/// A pod to be: a root directory, an environment, volumes.
#[derive(Clone, Debug)]
pub struct Pod {
    root: PathBuf,
    environment: Vec<String>,
    volumes: Vec<(PathBuf, String)>,
}

impl Pod {
    /// A pod whose root is an overlay over the directory `root`, which is never changed, with the
    /// environment of its image.
    pub fn new(root: &Path, environment: Vec<String>) -> Self {
        Self { root: root.into(), environment, volumes: Vec::new() }
    }

    /// Mounts a directory of this machine.
    #[must_use]
    pub fn volume(mut self, from: &Path, to: &str) -> Self {
        self.volumes.push((from.into(), to.into()));
        self
    }

    /// Sets a variable, as a job's.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push(format!("{name}={value}"));
        self
    }

    /// A shell in a pod of `class` that runs `script` in `directory`, about to be started.
    pub fn shell(&self, context: &Context, class: Class, directory: &str, script: &str) -> Invocation {
        let mut run = podman(context);
        run = run.args(["--runtime=runc", "--cgroup-manager=cgroupfs", "run", "--rm", "--network=host"]);
        run = run.args(["--ulimit=nofile=20000:20000", "--ulimit=nproc=10000:10000"]);
        run = run.arg(format!("--security-opt=seccomp={}", class.seccomp())).args(class.flags());
        run = run.args(["--workdir", directory]);
        for variable in &self.environment {
            run = run.args(["--env", variable]);
        }
        for (from, to) in &self.volumes {
            run = run.arg(format!("--volume={}:{to}", from.display()));
        }
        run.args(["--rootfs", &format!("{}:O", self.root.display()), "sh", "-c", script])
    }
}

/// podman as root, whose pods are those of a cluster.
fn podman(context: &Context) -> Invocation {
    if rustix::process::geteuid().is_root() {
        return context.command(tool("podman"));
    }
    context.command(tool("sudo")).args(["-n".as_ref(), tool("podman").as_os_str()])
}
