//! The mistakes themselves.

use thiserror::Error;

use crate::duration::DurationError;
use crate::error::Kind;
use crate::expand::ExpandError;
use crate::instruction::MountError;
use crate::lint::ConfigurationError;
use crate::mode::ModeError;
use crate::port::PortError;

/// A mistake in a Dockerfile.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields are what the message beside them shows")]
pub enum Problem {
    /// Bytes that are not UTF-8, outside comments.
    #[error("line is not valid UTF-8")]
    NotUtf8,
    /// BuildKit's limit, kept so that a file that we accept is one that it accepts.
    #[error("dockerfile line greater than max allowed size of {limit}")]
    LineTooLong { limit: usize },
    /// Only blank lines and comments.
    #[error("file with no instructions")]
    NoInstructions,
    /// No FROM.
    #[error("dockerfile contains no stages to build")]
    NoStages,
    /// Something else than ARG before the first FROM.
    #[error("no build stage in current context: {keyword} stands before the first FROM")]
    BeforeFrom { keyword: String },
    /// A directive that appears twice.
    #[error("only one {name} parser directive can be used")]
    DuplicateDirective { name: String },
    /// An escape directive with another character than `\` and the backtick.
    #[error("invalid escape token '{value}' does not match ` or \\")]
    BadEscape { value: String },
    /// A `check` directive that cannot be read.
    #[error("in the check directive: {0}")]
    Check(#[from] ConfigurationError),
    /// A `syntax` directive that names a frontend other than Docker's.
    #[error("unsupported frontend `{reference}` in the syntax directive")]
    UnknownFrontend { reference: String },

    /// An instruction that does not exist.
    #[error("unknown instruction: {keyword}{}", did_you_mean(suggestion.as_ref()))]
    UnknownInstruction { keyword: String, suggestion: Option<String> },
    /// The file ends inside a heredoc.
    #[error("unterminated heredoc: no line `{name}`")]
    UnterminatedHeredoc { name: String },
    /// A heredoc as the destination of COPY or ADD.
    #[error("{keyword} cannot accept a heredoc as a destination")]
    HeredocDestination { keyword: &'static str },
    /// A JSON array with something else than strings.
    #[error("when using JSON array syntax, arrays must be comprised of strings only")]
    JsonNotStrings,
    /// SHELL without a JSON array.
    #[error("{keyword} requires the arguments to be in JSON form")]
    JsonRequired { keyword: &'static str },
    /// Nothing behind the keyword.
    #[error("{keyword} requires at least one argument")]
    MissingArgument { keyword: &'static str },
    /// None or several where there must be one.
    #[error("{keyword} requires exactly one argument")]
    OneArgument { keyword: &'static str },
    /// COPY or ADD with one path.
    #[error(
        "{keyword} requires at least two arguments, but only one was provided. Destination could not be determined"
    )]
    NoDestination { keyword: &'static str },
    /// `FROM` with two words, or more than three.
    #[error("FROM requires either one or three arguments")]
    FromArguments,
    /// A stage's name that is not a name.
    #[error("invalid name for build stage: {name:?}, name can't start with a number or contain symbols")]
    StageName { name: String },
    /// A FROM whose image is empty once the variables are expanded.
    #[error("base name ({expression}) should not be blank")]
    BlankBase { expression: String },
    /// A platform that is empty once the variables are expanded.
    #[error("empty platform value from expression {expression}")]
    BlankPlatform { expression: String },
    /// `ENV =value`.
    #[error("{keyword} names can not be blank")]
    BlankName { keyword: &'static str },
    /// `ENV NAME`.
    #[error("{keyword} must have two arguments")]
    NoValue { keyword: &'static str },
    /// `ENV A=1 B`.
    #[error("Syntax error - can't find = in {word:?}. Must be of the form: name=value")]
    NoEquals { word: String },

    /// A flag that the instruction does not have.
    #[error("unknown flag: --{flag}{}", did_you_mean(suggestion.as_ref()))]
    UnknownFlag { keyword: &'static str, flag: String, suggestion: Option<String>, known: Vec<&'static str> },
    /// A flag given twice.
    #[error("duplicate flag specified: --{flag}")]
    DuplicateFlag { flag: String },
    /// A flag without its value.
    #[error("missing a value on flag: --{flag}")]
    FlagWithoutValue { flag: String },
    /// A switch with something else than `true` or `false`.
    #[error("expecting boolean value for flag --{flag}, not: {value}")]
    FlagNotBoolean { flag: String, value: String },
    /// A flag with a value that it does not know.
    #[error("invalid value {value:?} for flag --{flag}, known are {}", known.join(", "))]
    FlagValue { flag: &'static str, value: String, known: &'static [&'static str] },
    /// `COPY --from=$NAME`.
    #[error("variable expansion is not supported for --from")]
    FromVariable,
    /// `COPY --from=7` in a file with fewer stages.
    #[error("invalid stage index {index}")]
    StageIndex { index: i64 },
    /// A `--mount` that cannot be read.
    #[error(transparent)]
    Mount(#[from] MountError),
    /// `RUN []`.
    #[error("RUN with an empty list of arguments")]
    EmptyCommand,

    /// `HEALTHCHECK something`.
    #[error("unknown type {given:?} in HEALTHCHECK (try CMD)")]
    HealthcheckType { given: String },
    /// `HEALTHCHECK NONE something`.
    #[error("HEALTHCHECK NONE takes no arguments")]
    HealthcheckNone,
    /// `HEALTHCHECK CMD` alone.
    #[error("missing command after HEALTHCHECK CMD")]
    HealthcheckCommand,
    /// A duration that cannot be read.
    #[error("invalid value for flag --{flag}: {source}")]
    Interval { flag: &'static str, source: DurationError },
    /// A duration below a millisecond.
    #[error("interval {flag:?} cannot be less than 1ms")]
    ShortInterval { flag: &'static str },
    /// A number of retries that is not one.
    #[error("invalid value for flag --retries: {value}")]
    Retries { value: String },
    /// A volume without a name.
    #[error("VOLUME specified can not be an empty string")]
    EmptyVolume,
    /// A port that cannot be read.
    #[error(transparent)]
    Port(#[from] PortError),
    /// A `--chmod` that cannot be read.
    #[error(transparent)]
    Mode(#[from] ModeError),
    /// A signal that does not exist.
    #[error("STOPSIGNAL names no signal: {name}")]
    StopSignal { name: String },
    /// ONBUILD under ONBUILD.
    #[error("chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed")]
    OnbuildChained,
    /// FROM or MAINTAINER under ONBUILD.
    #[error("{keyword} isn't allowed as an ONBUILD trigger")]
    OnbuildForbidden { keyword: String },
    /// A trigger of a base image that is not one instruction.
    #[error("onbuild trigger should be a single expression")]
    TriggerNotSingle,

    /// A word that cannot be expanded.
    #[error(transparent)]
    Expand(#[from] ExpandError),
}

impl Problem {
    /// The class of the mistake.
    pub fn kind(&self) -> Kind {
        match self {
            Self::UnknownFrontend { .. } => Kind::Unsupported,
            Self::Expand(_) | Self::BlankBase { .. } | Self::BlankPlatform { .. } => Kind::Expansion,
            Self::NotUtf8
            | Self::LineTooLong { .. }
            | Self::NoInstructions
            | Self::DuplicateDirective { .. }
            | Self::BadEscape { .. }
            | Self::UnterminatedHeredoc { .. }
            | Self::JsonNotStrings
            | Self::NoValue { .. }
            | Self::NoEquals { .. } => Kind::Syntax,
            _ => Kind::Invalid,
        }
    }

    /// What the author of the file can do, if that is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Expand(error) => Some(error.fault.hint()),
            Self::UnknownInstruction { suggestion: Some(known), .. } => Some(format!("write `{known}`")),
            Self::UnknownFlag { suggestion: Some(known), .. } => Some(format!("write `--{known}`")),
            Self::UnknownFlag { keyword, known, .. } => Some(flags_of(keyword, known)),
            Self::UnterminatedHeredoc { name } => {
                Some(format!("end it with a line that holds `{name}` and nothing else, not even blanks"))
            }
            other => other.fixed_hint().map(str::to_owned),
        }
    }

    fn fixed_hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::NotUtf8 => "save the file as UTF-8",
            Self::NoInstructions | Self::NoStages => "begin with `FROM image`",
            Self::BeforeFrom { .. } => "move it below a FROM; only ARG may stand above the first one",
            Self::BadEscape { .. } => "write `# escape=\\` or, for Windows paths, a backtick",
            Self::Check(_) => "write `# check=skip=RULE,RULE;error=true;experimental=all`, any of the three",
            Self::UnknownFrontend { .. } => {
                "use `docker/dockerfile:1` or drop the line; ktrust runs no frontend images"
            }
            Self::JsonNotStrings => "put every element in double quotes",
            Self::JsonRequired { .. } => "write it as `[\"program\", \"argument\"]`",
            Self::FromArguments => "write `FROM image` or `FROM image AS name`; comments need their own line",
            Self::NoEquals { .. } => "put a value that holds blanks in quotes",
            Self::FromVariable => "name a stage with `FROM $NAME AS stage` and copy from that",
            Self::BlankBase { .. } | Self::BlankPlatform { .. } => {
                "give the ARG above the first FROM a default, or set it with `--build-arg`"
            }
            Self::StageName { .. } => "use letters, digits, `-`, `_` and `.`, a letter first",
            _ => return None,
        })
    }
}

fn flags_of(keyword: &str, known: &[&str]) -> String {
    if known.is_empty() {
        return format!("{keyword} has no flags");
    }
    format!("{keyword} has the flags --{}", known.join(", --"))
}

fn did_you_mean(suggestion: Option<&String>) -> String {
    suggestion.map(|known| format!(" (did you mean {known}?)")).unwrap_or_default()
}
