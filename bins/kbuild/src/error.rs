//! What can end a build, with its exit code and its cure.

use std::path::PathBuf;

use ktrust_console::{Diagnose, Exit};
use ktrust_pipeline::exit;

use crate::check::counted;

/// Why a command of kbuild failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The command line or a variable is wrong.
    #[error("{message}")]
    Usage { message: String, hint: String },
    #[error("`{text}` is not an image reference")]
    Reference { text: String, source: ktrust_oci::Error },
    #[error("cannot read `{path}`")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("cannot write `{path}`")]
    Write { path: PathBuf, source: std::io::Error },
    #[error("cannot use the work directory `{path}`")]
    Work { path: PathBuf, source: std::io::Error },
    #[error("cannot read the secret `{id}` from `{path}`")]
    Secret { id: String, path: PathBuf, source: std::io::Error },
    /// The Dockerfile is not one.
    #[error("{place}: {source}")]
    Dockerfile {
        place: String,
        excerpt: String,
        source: Box<ktrust_dockerfile::Error>,
        /// Name and text, for the checks: they have something to say about what stands before the mistake.
        whole: Option<Box<(String, String)>>,
    },
    /// The checks found something.
    #[error("{}{}", counted(*.count), if *.built { ", and `error=true` forbids the build" } else { "" })]
    Findings { count: usize, built: bool },
    #[error("cannot write JSON")]
    Serialize(#[source] serde_json::Error),
    /// A step failed; the place is the Dockerfile's line.
    #[error("{place}: `{instruction}` failed")]
    Step { place: String, excerpt: String, instruction: String, source: Box<Error> },
    /// RUN's command ended badly.
    #[error("the command ended with {how}")]
    Command { how: String, code: i32 },
    /// The Dockerfile asks for what kbuild does not do yet.
    #[error("{what} is not supported yet")]
    Unsupported { what: String },
    /// The Dockerfile asks for what cannot be.
    #[error("{message}")]
    Instruction { message: String, hint: Option<String> },
    #[error("`{path}` is not in the {place}")]
    SourceMissing { path: String, place: String, hint: Option<String> },
    #[error("no base image `{name}`")]
    Base { name: String, source: ktrust_registry::Error },
    #[error("base image `{name}` has no image for {platform}")]
    BasePlatform { name: String, platform: String, has: Vec<String> },
    #[error("base image `{name}` is broken: {why}")]
    BaseBroken { name: String, why: String },
    /// A source on another machine.
    #[error(transparent)]
    Remote(#[from] crate::remote::Failure),
    #[error(transparent)]
    Registry(#[from] ktrust_registry::Error),
    #[error(transparent)]
    Oci(#[from] ktrust_oci::Error),
    #[error(transparent)]
    Rootfs(#[from] ktrust_rootfs::Error),
    #[error(transparent)]
    Sandbox(#[from] ktrust_sandbox::Error),
    #[error(transparent)]
    Pipeline(#[from] ktrust_pipeline::Error),
    /// Another stage failed, and its error is the one to show.
    #[error("stopped, because another stage failed")]
    Aborted,
    /// SIGINT or SIGTERM.
    #[error("stopped by {}", if *.signal == 2 { "SIGINT" } else { "SIGTERM" })]
    Signal { signal: i32 },
}

impl Error {
    /// A mistake on the command line, with its cure.
    pub(crate) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: hint.into() }
    }

    /// A mistake in an instruction.
    pub(crate) fn instruction(message: impl Into<String>) -> Self {
        Self::Instruction { message: message.into(), hint: None }
    }

    /// Something that a later version will do.
    pub(crate) fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported { what: what.into() }
    }
}

impl Diagnose for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Usage { .. }
            | Self::Reference { .. }
            | Self::Dockerfile { .. }
            | Self::Unsupported { .. }
            | Self::Instruction { .. } => Exit::Usage,
            Self::Read { source, .. } | Self::Secret { source, .. } => read_exit(source),
            Self::Findings { .. } => Exit::LintFindings,
            Self::Write { .. } | Self::Work { .. } => Exit::LocalResource,
            Self::Step { source, .. } => source.exit(),
            Self::Command { .. } | Self::Aborted => Exit::BuildStep,
            Self::SourceMissing { .. } | Self::BasePlatform { .. } | Self::BaseBroken { .. } => {
                Exit::SourceNotFound
            }
            Self::Base { source, .. } => match exit::registry(source) {
                Exit::Usage => Exit::SourceNotFound,
                other => other,
            },
            Self::Remote(failure) => failure.exit(),
            Self::Registry(source) => exit::registry(source),
            Self::Oci(error) => exit::oci(error),
            Self::Rootfs(error) => rootfs_exit(error),
            Self::Sandbox(error) => sandbox_exit(error),
            Self::Pipeline(error) => exit::pipeline(error),
            Self::Serialize(_) => Exit::Internal,
            Self::Signal { signal: 2 } => Exit::Interrupted,
            Self::Signal { .. } => Exit::Terminated,
        }
    }

    fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Usage { hint, .. } => Some(hint.clone()),
            Self::Instruction { hint, .. } | Self::SourceMissing { hint, .. } => hint.clone(),
            Self::Step { source, .. } => return source.hints(),
            Self::Dockerfile { source, .. } => source.hint(),
            Self::BasePlatform { has, .. } => Some(format!("it has {}", has.join(", "))),
            Self::Base { source, .. } | Self::Registry(source) => source.hint(),
            Self::Remote(failure) => failure.hint(),
            Self::Oci(error) => error.hint(),
            Self::Rootfs(error) => error.hint(),
            Self::Sandbox(error) => error.hint(),
            Self::Pipeline(error) => error.hint(),
            Self::Findings { .. } => Some(
                "docs/checks.md says what each rule is about; a comment `# check=skip=RULE` above the \
                 instruction leaves it out there, at the top of the file everywhere"
                    .into(),
            ),
            Self::Work { .. } => Some("name another directory with `--work-dir`".into()),
            _ => None,
        };
        hint.into_iter().collect()
    }

    fn excerpt(&self) -> Option<String> {
        match self {
            Self::Dockerfile { excerpt, .. } | Self::Step { excerpt, .. } => Some(excerpt.clone()),
            _ => None,
        }
    }
}

/// A file of the user's that is not there is a mistake on the command line; one that cannot be read is not.
fn read_exit(source: &std::io::Error) -> Exit {
    match source.kind() {
        std::io::ErrorKind::NotFound => Exit::Usage,
        _ => Exit::LocalResource,
    }
}

fn rootfs_exit(error: &ktrust_rootfs::Error) -> Exit {
    use ktrust_rootfs::ErrorKind;
    match error.kind() {
        ErrorKind::Input => Exit::Usage,
        ErrorKind::NotFound => Exit::SourceNotFound,
        ErrorKind::Local => Exit::LocalResource,
        _ => Exit::Internal,
    }
}

fn sandbox_exit(error: &ktrust_sandbox::Error) -> Exit {
    use ktrust_sandbox::ErrorKind;
    match error.kind() {
        ErrorKind::Step => Exit::BuildStep,
        ErrorKind::Unsupported | ErrorKind::Local => Exit::LocalResource,
        ErrorKind::Cancelled => Exit::Terminated,
        _ => Exit::Internal,
    }
}
