//! What is asked about a Dockerfile, and how the answer is written.

use std::path::PathBuf;

use crate::cli::{CallArguments, CheckArguments, CheckFormat};
use crate::error::Error;

/// A question about a Dockerfile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) format: CheckFormat,
    /// The file for the answer; standard output if not given.
    pub(crate) output: Option<PathBuf>,
    /// Registries are not asked.
    pub(crate) offline: bool,
    /// Findings are no failure.
    pub(crate) ignore_status: bool,
}

/// What is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Method {
    /// What in the file is hardly meant.
    #[default]
    Check,
    /// What the target can be given.
    Outline,
    /// Which stages there are.
    Targets,
}

impl Call {
    /// The question of `kbuild check`.
    pub(crate) fn of_check(arguments: &CheckArguments) -> Self {
        Self {
            format: arguments.format,
            output: arguments.output.clone(),
            offline: arguments.offline,
            ..Self::default()
        }
    }

    /// The question of `kbuild build`; `None`: it is to build.
    pub(crate) fn of_build(arguments: &CallArguments) -> Result<Option<Self>, Error> {
        match &arguments.call {
            Some(text) => parse(text),
            None => Ok(arguments.check.then(Self::default)),
        }
    }
}

/// `check,format=json,ignorestatus=true`.
fn parse(text: &str) -> Result<Option<Call>, Error> {
    let mistake = |what: &str| {
        let message = format!("`--call {text}`: `{what}` is not known");
        Error::usage(message, "write `build`, `check`, `outline` or `targets`, then maybe `,format=json`")
    };
    let mut fields = text.split(',').map(str::trim);
    let name = fields.next().unwrap_or_default();
    let method = match name {
        "build" | "" => None,
        "check" | "lint" => Some(Method::Check),
        "outline" => Some(Method::Outline),
        "targets" => Some(Method::Targets),
        other => return Err(mistake(other)),
    };
    let mut call = Call { method: method.unwrap_or_default(), ..Call::default() };
    for field in fields {
        match field.split_once('=').unwrap_or((field, "")) {
            ("format", "json") => call.format = CheckFormat::Json,
            ("format", "text") => call.format = CheckFormat::Text,
            ("ignorestatus", value) => {
                let value = if value.is_empty() { "true" } else { value };
                call.ignore_status = ktrust_dockerfile::parse_bool(value).ok_or_else(|| mistake(field))?;
            }
            _ => return Err(mistake(field)),
        }
    }
    Ok(method.map(|_| call))
}

#[cfg(test)]
mod tests {
    use super::{Call, Method, parse};
    use crate::cli::CheckFormat::{Json, Text};

    #[test]
    fn methods() {
        for (text, method, format, ignore_status) in [
            ("check", Method::Check, Text, false),
            ("lint,format=json", Method::Check, Json, false),
            ("check,format=text,ignorestatus=true", Method::Check, Text, true),
            ("outline,ignorestatus", Method::Outline, Text, true),
            ("targets, format=json", Method::Targets, Json, false),
        ] {
            let expected = Call { method, format, ignore_status, ..Call::default() };
            assert_eq!(parse(text).unwrap(), Some(expected), "{text}");
        }
        assert_eq!(parse("build").unwrap(), None);
        for bad in ["checks", "check,format=xml", "check,format", "check,ignorestatus=maybe", "check,x=y"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
