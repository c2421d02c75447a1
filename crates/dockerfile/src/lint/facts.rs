//! What the checks must be told: nothing of it stands in the Dockerfile.

use std::collections::{BTreeMap, BTreeSet};

use crate::dockerignore::Matcher;
use crate::expand::Variables;

/// The surroundings of a build.
#[derive(Clone, Debug, Default)]
pub struct Facts<'a> {
    /// `--build-arg`.
    pub build_args: Variables,
    /// `TARGETARCH` and the like, as FROM sees them.
    pub platform: Variables,
    /// The stages that are built; `None` for all.
    pub stages: Option<BTreeSet<usize>>,
    /// Stages that the command line replaces by something else.
    pub replaced: BTreeSet<usize>,
    /// The images of the FROM lines, by the stage's index. A stage that is on an image and is not listed has
    /// a base that is not known: its variables may be set for all that the checks can say.
    pub bases: BTreeMap<usize, BaseImage>,
    /// The patterns of `.dockerignore`.
    pub ignored: Option<&'a Matcher>,
}

/// What a base image brings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BaseImage {
    /// `NAME=value`.
    pub env: Vec<String>,
    /// Whether it has a SHELL of its own.
    pub has_shell: bool,
    /// The texts of its ONBUILD triggers.
    pub triggers: Vec<String>,
    /// Where it is for another platform: the one that was asked for, then its own.
    pub mismatch: Option<(String, String)>,
}

impl Facts<'_> {
    /// Whether the instructions of a stage are looked at.
    pub(super) fn is_built(&self, stage: usize) -> bool {
        !self.replaced.contains(&stage) && self.stages.as_ref().is_none_or(|stages| stages.contains(&stage))
    }
}
