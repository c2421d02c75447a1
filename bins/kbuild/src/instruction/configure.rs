//! Instructions that change the configuration alone.

use ktrust_dockerfile::{Arg, Command, CommandLine, Flag, Healthcheck, Pair, Ports, Variables, parse_signal};
use ktrust_oci as oci;

use super::quoted;
use crate::builder::{Builder, Stage};
use crate::error::Error;
use crate::settings::Given;

/// The shell of shell forms where SHELL says nothing else.
const DEFAULT_SHELL: [&str; 2] = ["/bin/sh", "-c"];

/// Applies an instruction that needs no files. ARG, RUN, COPY, ADD and WORKDIR have functions of their own.
pub(crate) fn configure(stage: &mut Stage, command: Command) -> Result<(), Error> {
    let history = match command {
        Command::Env(pairs) => env(stage, &pairs),
        Command::Label(pairs) => label(stage, pairs),
        Command::Cmd(line) => cmd(stage, &line),
        Command::Entrypoint(line) => entrypoint(stage, &line),
        Command::Expose(expose) => self::expose(stage, &expose.ports)?,
        Command::Healthcheck(check) => healthcheck(stage, &check),
        Command::Maintainer(author) => maintainer(stage, author),
        Command::Shell(shell) => self::shell(stage, shell),
        Command::Stopsignal(signal) => stopsignal(stage, signal)?,
        Command::User(user) => self::user(stage, user),
        Command::Volume(volume) => self::volume(stage, &volume.paths),
        Command::Onbuild(trigger) => {
            // Kept as text for builds on top; docker writes no history for it.
            stage.draft.config.config.on_build.push(trigger.text);
            return Ok(());
        }
        Command::Add(_) | Command::Arg(_) | Command::Copy(_) | Command::Run(_) | Command::Workdir(_) => {
            return Err(Error::instruction("this instruction is executed elsewhere"));
        }
    };
    stage.draft.add_empty(history);
    Ok(())
}

/// ARG: a value from the command line, from the default, or from before the first FROM.
pub(crate) fn arg(builder: &Builder<'_>, stage: &mut Stage, arg: &Arg) -> Result<(), Error> {
    let escape = builder.source.file.directives.escape;
    let given = Given(&builder.settings.build_args);
    let environment = stage.scope.variables().clone();
    let resolved = arg.resolve(escape, &environment, &given, &builder.names.globals);
    let mut history = vec!["ARG".to_owned()];
    for argument in resolved.map_err(|error| builder.source.broken(error))? {
        history.push(match &argument.value {
            Some(value) => format!("{}={value}", argument.name),
            None => argument.name.clone(),
        });
        stage.scope.declare(&argument.name, argument.value);
    }
    stage.draft.add_empty(history.join(" "));
    Ok(())
}

/// The words that a shell form is run with.
pub(crate) fn shell_of(stage: &Stage) -> Vec<String> {
    match &stage.draft.config.config.shell {
        Some(shell) if !shell.is_empty() => shell.clone(),
        _ => DEFAULT_SHELL.map(str::to_owned).to_vec(),
    }
}

fn env(stage: &mut Stage, pairs: &[Pair]) -> String {
    let mut variables = Variables::from_pairs(stage.draft.config.config.env.iter().map(String::as_str));
    for pair in pairs {
        variables.set(&pair.name, &pair.value);
        stage.scope.set(&pair.name, &pair.value);
    }
    stage.draft.config.config.env = variables.to_pairs();
    pairs_history("ENV", pairs)
}

fn label(stage: &mut Stage, pairs: Vec<Pair>) -> String {
    let history = pairs_history("LABEL", &pairs);
    stage.draft.config.config.labels.extend(pairs.into_iter().map(|pair| (pair.name, pair.value)));
    history
}

fn pairs_history(keyword: &str, pairs: &[Pair]) -> String {
    let pair = |pair: &Pair| format!(" {}={}", pair.name, pair.value);
    keyword.to_owned() + &pairs.iter().map(pair).collect::<String>()
}

fn cmd(stage: &mut Stage, line: &CommandLine) -> String {
    let words = line.words(&shell_of(stage));
    let history = format!("CMD {}", quoted(&words));
    stage.draft.config.config.cmd = Some(words);
    stage.draft.config.config.args_escaped = true;
    stage.has_cmd = true;
    history
}

/// An ENTRYPOINT drops the base's CMD, which was written for another program, but not this stage's own.
fn entrypoint(stage: &mut Stage, line: &CommandLine) -> String {
    let words = line.words(&shell_of(stage));
    let history = format!("ENTRYPOINT {}", quoted(&words));
    if !stage.has_cmd {
        stage.draft.config.config.cmd = None;
    }
    stage.draft.config.config.entrypoint = (!words.is_empty()).then_some(words);
    history
}

fn expose(stage: &mut Stage, ports: &[String]) -> Result<String, Error> {
    let mut keys = Vec::new();
    for port in ports {
        keys.extend(Ports::parse(port).map_err(|error| Error::instruction(error.to_string()))?.keys());
    }
    let history = format!("EXPOSE [{}]", keys.join(" "));
    stage.draft.config.config.exposed_ports.extend(keys);
    Ok(history)
}

fn healthcheck(stage: &mut Stage, check: &Healthcheck) -> String {
    let history = format!("HEALTHCHECK {}", quoted(&check.test()));
    stage.draft.config.config.healthcheck = Some(described(check));
    history
}

/// The whole inherited check is replaced, also the times that are not given.
fn described(check: &Healthcheck) -> oci::Healthcheck {
    let test = check.test();
    let Healthcheck::Check { interval, timeout, start_period, start_interval, retries, .. } = check else {
        return oci::Healthcheck { test, ..oci::Healthcheck::default() };
    };
    let time = |flag: &Option<Flag<i64>>| flag.as_ref().map_or(0, |flag| flag.value);
    oci::Healthcheck {
        test,
        interval: time(interval),
        timeout: time(timeout),
        start_period: time(start_period),
        start_interval: time(start_interval),
        retries: retries.as_ref().map_or(0, |flag| flag.value.into()),
        ..oci::Healthcheck::default()
    }
}

fn maintainer(stage: &mut Stage, author: String) -> String {
    let history = format!("MAINTAINER {author}");
    stage.draft.config.author = Some(author);
    history
}

fn shell(stage: &mut Stage, shell: Vec<String>) -> String {
    let history = format!("SHELL [{}]", shell.join(" "));
    stage.draft.config.config.shell = Some(shell);
    history
}

fn stopsignal(stage: &mut Stage, signal: String) -> Result<String, Error> {
    if !is_signal(&signal) {
        return Err(Error::instruction(format!("`{signal}` is not a signal")));
    }
    let history = format!("STOPSIGNAL {signal}");
    stage.draft.config.config.stop_signal = Some(signal);
    Ok(history)
}

/// A name that the language knows, or a number that Linux has.
fn is_signal(text: &str) -> bool {
    parse_signal(text).is_some_and(|number| (1..=64).contains(&number))
}

fn user(stage: &mut Stage, user: String) -> String {
    let history = format!("USER {user}");
    stage.draft.config.config.user = user;
    history
}

fn volume(stage: &mut Stage, paths: &[String]) -> String {
    stage.draft.config.config.volumes.extend(paths.iter().cloned());
    format!("VOLUME [{}]", paths.join(" "))
}

#[cfg(test)]
mod tests {
    use super::is_signal;

    #[test]
    fn signals_as_docker_knows_them() {
        for good in ["9", "TERM", "SIGTERM", "sigkill", "SIGRTMIN+3", "RTMAX-2"] {
            assert!(is_signal(good), "{good}");
        }
        for bad in ["0", "65", "", "SIG", "TERMINATE", "RTMIN+99"] {
            assert!(!is_signal(bad), "{bad}");
        }
    }
}
