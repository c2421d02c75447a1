//! What this version of the engine does not do yet. It is refused before anything runs: a builder that
//! silently does something else is worse than one that refuses.

use ktrust_dockerfile::{Add, Command, Run, Security};

use crate::error::Error;

/// Refuses an instruction that we would not do right.
pub(crate) fn check(command: &Command) -> Result<(), Error> {
    match command {
        Command::Run(run) => check_run(run),
        Command::Add(add) => check_add(add),
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

fn check_add(add: &Add) -> Result<(), Error> {
    let given = [("--checksum", add.checksum.is_some()), ("--keep-git-dir", add.keep_git_dir.is_some())];
    refuse("ADD", &given)?;
    match add.sources.paths.iter().find(|path| is_remote(path)) {
        Some(path) => Err(Error::unsupported(format!("`ADD {path}`: a source that is not a file"))),
        None => Ok(()),
    }
}

fn refuse(keyword: &str, given: &[(&str, bool)]) -> Result<(), Error> {
    match given.iter().find(|(_, given)| *given) {
        Some((flag, _)) => Err(Error::unsupported(format!("`{keyword} {flag}`"))),
        None => Ok(()),
    }
}

/// Whether ADD would fetch this. Variables may still hide one, so it is asked again after expansion.
pub(crate) fn is_remote(source: &str) -> bool {
    let schemes = ["http://", "https://", "git://", "ssh://", "git@"];
    schemes.iter().any(|scheme| source.to_lowercase().starts_with(scheme))
}
