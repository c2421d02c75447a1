//! The rules: what they are called, what they are about, how bad it is.

use std::fmt;

/// How bad a finding is, in the words of GitLab's Code Quality reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// A matter of taste.
    Info,
    /// It works today.
    Minor,
    /// It hardly does what was meant.
    Major,
    /// It gives something away.
    Critical,
}

impl Severity {
    /// The name in a report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Critical => "critical",
        }
    }
}

/// Declares the rules once: variant, severity, summary, advice.
macro_rules! rules {
    ($($rule:ident, $severity:ident, $summary:literal, $advice:literal;)*) => {
        /// A rule, by BuildKit's name for it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $(#[doc = $summary] $rule,)*
        }

        impl Rule {
            /// Every rule.
            pub const ALL: [Self; [$(Self::$rule),*].len()] = [$(Self::$rule),*];

            /// The name, as `# check=skip=…` takes it.
            pub fn name(self) -> &'static str {
                match self { $(Self::$rule => stringify!($rule),)* }
            }

            /// What the rule is about, in a line.
            pub fn summary(self) -> &'static str {
                match self { $(Self::$rule => $summary,)* }
            }

            /// Why it matters and what to write instead.
            pub fn advice(self) -> &'static str {
                match self { $(Self::$rule => $advice,)* }
            }

            /// How bad a finding is.
            pub fn severity(self) -> Severity {
                match self { $(Self::$rule => Severity::$severity,)* }
            }
        }
    };
}

rules! {
    StageNameCasing, Info,
    "A stage's name has capital letters",
    "Stage names are compared without regard to case in some places and with it in others. Write them in lower case.";

    FromAsCasing, Info,
    "AS is written in another case than its FROM",
    "Write `FROM … AS …` or `from … as …`.";

    NoEmptyContinuation, Minor,
    "A blank line stands inside a continued instruction",
    "It is skipped today and announced to become an error. Remove it, or put a `#` on it.";

    ConsistentInstructionCasing, Info,
    "A keyword is written in another case than most",
    "Write all keywords in capitals, or all in lower case.";

    DuplicateStageName, Major,
    "Two stages have one name",
    "The name means the last of them; the others have their numbers alone. Rename one.";

    ReservedStageName, Major,
    "A stage is called `scratch` or `context`",
    "Both names mean something else already: no files, and the build context. Rename it.";

    JSONArgsRecommended, Minor,
    "CMD or ENTRYPOINT is in shell form",
    "Process 1 of the container is then a shell, which passes no signals on: the program is killed instead of \
     stopped. Write `[\"program\", \"argument\"]`, or set the shell with SHELL to say that it is wanted.";

    MaintainerDeprecated, Minor,
    "MAINTAINER is used",
    "Write `LABEL org.opencontainers.image.authors=\"…\"`.";

    UndefinedArgInFrom, Major,
    "FROM uses a variable that no ARG declares",
    "It is empty. Declare it by ARG above the first FROM: those inside of stages are not visible there.";

    WorkdirRelativePath, Minor,
    "The first WORKDIR is relative",
    "It depends on the working directory of the base image. Begin with an absolute one.";

    UndefinedVar, Major,
    "An instruction uses a variable that is not set",
    "It is empty. Set it by ARG or ENV above the line, or escape the `$`.";

    MultipleInstructionsDisallowed, Major,
    "CMD, ENTRYPOINT or HEALTHCHECK is given twice in a stage",
    "Only the last one counts. Remove the others.";

    LegacyKeyValueFormat, Minor,
    "ENV or LABEL is written without `=`",
    "Write `NAME=value`.";

    InvalidBaseImagePlatform, Major,
    "The base image is for another platform",
    "Its programs may not run. Take an image for the platform, or ask for the image's platform by `--platform`.";

    RedundantTargetPlatform, Info,
    "FROM asks for the platform that it gets anyway",
    "Leave `--platform=$TARGETPLATFORM` out.";

    SecretsUsedInArgOrEnv, Critical,
    "ARG or ENV has a name like a secret's",
    "Values of both stay readable in the image. Hand it to RUN by `--mount=type=secret`.";

    InvalidDefaultArgInFrom, Minor,
    "Without build arguments FROM names no image",
    "Give the ARG above the first FROM a default that works.";

    FromPlatformFlagConstDisallowed, Minor,
    "FROM is tied to one platform",
    "The image can then be built for no other. Use a variable, or a stage name that says it (`build-amd64`).";

    CopyIgnoredFile, Major,
    "COPY or ADD reads a file that .dockerignore leaves out",
    "It is not there. Copy something else, or change .dockerignore.";

    InvalidDefinitionDescription, Info,
    "The comment above ARG or FROM does not begin with its name",
    "`# NAME text` right above is shown by `--call outline` and `--call targets`. Begin it with the name, or put a \
     blank comment between. (Experimental: only on demand.)";

    ExposeProtoCasing, Info,
    "The protocol of EXPOSE has capital letters",
    "Write `80/tcp`.";

    ExposeInvalidFormat, Minor,
    "EXPOSE names an address or a port of the host",
    "Only the container's port counts; the rest is announced to become an error. Write `80` or `80/tcp`.";
}

impl Rule {
    /// Whether the rule is off unless `experimental=` asks for it.
    pub fn is_experimental(self) -> bool {
        self == Self::InvalidDefinitionDescription
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}
