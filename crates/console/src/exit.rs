//! The table of exit codes. It is interface: GitLab's `allow_failure:exit_codes` and `retry:exit_codes`
//! are written against these numbers, so a number is never reused for another meaning.

use std::process::ExitCode;

/// How a program ended. The numbers are the same for all three programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Exit {
    /// All that was asked is done.
    Ok = 0,
    /// A defect of ktrust.
    Internal = 1,
    /// The command line, the configuration or the Dockerfile is wrong.
    Usage = 2,
    /// A step of the build failed; `RUN`'s own code is in the message and in `build.json`.
    BuildStep = 10,
    /// A base image or another source does not exist.
    SourceNotFound = 11,
    /// Something local is missing: disk space, a permission.
    LocalResource = 12,
    /// The registry does not accept the credentials.
    RegistryAuth = 20,
    /// The registry knows the user and says no.
    RegistryForbidden = 21,
    /// The hand-off is broken: file, variable and registry disagree.
    HandoffBroken = 22,
    /// A signature is missing, invalid or malformed.
    SignatureInvalid = 30,
    /// A valid signature by somebody else.
    IdentityMismatch = 31,
    /// An admission policy denies.
    PolicyDenied = 40,
    /// An admission policy warns.
    PolicyWarning = 41,
    /// The proof of refusal could not be made.
    ProofInconclusive = 42,
    /// Lint findings.
    LintFindings = 43,
    /// The rollout failed.
    RolloutFailed = 50,
    /// A field is owned by somebody else.
    ApplyConflict = 51,
    /// A passing fault: worth a retry.
    Transient = 75,
    /// Our own deadline, some time before the job's.
    Deadline = 124,
    /// SIGINT.
    Interrupted = 130,
    /// SIGTERM.
    Terminated = 143,
}

impl Exit {
    /// Every code, in the order of the numbers.
    pub const ALL: [Self; 21] = [
        Self::Ok,
        Self::Internal,
        Self::Usage,
        Self::BuildStep,
        Self::SourceNotFound,
        Self::LocalResource,
        Self::RegistryAuth,
        Self::RegistryForbidden,
        Self::HandoffBroken,
        Self::SignatureInvalid,
        Self::IdentityMismatch,
        Self::PolicyDenied,
        Self::PolicyWarning,
        Self::ProofInconclusive,
        Self::LintFindings,
        Self::RolloutFailed,
        Self::ApplyConflict,
        Self::Transient,
        Self::Deadline,
        Self::Interrupted,
        Self::Terminated,
    ];

    /// The number that the shell sees.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// What the number means, as in the reference page.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Internal => "internal error: a defect of ktrust",
            Self::Usage => "usage, configuration or Dockerfile syntax",
            Self::BuildStep => "a build step failed",
            Self::SourceNotFound => "base image or source not found",
            Self::LocalResource => "local resource: disk full, permission",
            Self::RegistryAuth => "registry authentication",
            Self::RegistryForbidden => "forbidden by the registry",
            Self::HandoffBroken => "hand-off broken: file, variable and registry disagree",
            Self::SignatureInvalid => "signature missing, invalid or malformed",
            Self::IdentityMismatch => "signed by another identity",
            Self::PolicyDenied => "policy denied",
            Self::PolicyWarning => "policy warning",
            Self::ProofInconclusive => "proof inconclusive",
            Self::LintFindings => "lint findings",
            Self::RolloutFailed => "rollout failed",
            Self::ApplyConflict => "apply conflict",
            Self::Transient => "transient: worth a retry",
            Self::Deadline => "own deadline",
            Self::Interrupted => "interrupted (SIGINT)",
            Self::Terminated => "terminated (SIGTERM)",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn the_table_is_sorted_and_whole() {
        assert!(Exit::ALL.windows(2).all(|pair| pair[0].code() < pair[1].code()));
        assert!(Exit::ALL.iter().all(|exit| !exit.meaning().is_empty()));
    }
}
