//! What this version of the engine does not do yet. It is refused before anything runs: a builder that
//! silently does something else is worse than one that refuses.

use ktrust_dockerfile::{Command, Run, Security};

use crate::error::Error;

/// Refuses an instruction that we would not do right.
pub(crate) fn check(command: &Command) -> Result<(), Error> {
    match command {
        Command::Run(run) => check_run(run),
        _ => Ok(()),
    }
}

fn check_run(run: &Run) -> Result<(), Error> {
    if run.security.as_ref().is_some_and(|flag| flag.value == Security::Insecure) {
        let message = "`RUN --security=insecure` wants privileges that kbuild gives to no step";
        let hint = "it is docker's entitlement `security.insecure`; do that work outside of the build";
        return Err(Error::Instruction { message: message.into(), hint: Some(hint.into()) });
    }
    if run.devices.is_empty() { Ok(()) } else { Err(Error::unsupported("`RUN --device`")) }
}
