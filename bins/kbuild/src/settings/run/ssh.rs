//! `--ssh`, as buildx writes it.

use std::path::PathBuf;

use ktrust_pipeline::{Environment, variables as var};

use crate::error::Error;

/// An agent's name, and where it listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SshSetting {
    pub(crate) id: String,
    /// A socket, or files with keys.
    pub(crate) paths: Vec<PathBuf>,
}

/// Reads `ID[=PATH[,PATH…]]`. Without a path it is the agent that `SSH_AUTH_SOCK` names. Of two with one name
/// the later one counts.
pub(super) fn agents(given: &[String], environment: &dyn Environment) -> Result<Vec<SshSetting>, Error> {
    let mut agents: Vec<SshSetting> = Vec::new();
    for spec in given.iter().filter(|spec| !spec.is_empty()) {
        let agent = agent(spec, environment)?;
        match agents.iter_mut().find(|known| known.id == agent.id) {
            Some(known) => *known = agent,
            None => agents.push(agent),
        }
    }
    Ok(agents)
}

fn agent(spec: &str, environment: &dyn Environment) -> Result<SshSetting, Error> {
    let (id, paths) = spec.split_once('=').unwrap_or((spec, ""));
    let id = if id.is_empty() { "default" } else { id }.to_owned();
    if !paths.is_empty() {
        return Ok(SshSetting { id, paths: paths.split(',').map(PathBuf::from).collect() });
    }
    let Some(socket) = environment.non_empty(var::SSH_AUTH_SOCK) else {
        let message = format!("`--ssh {spec}` needs an agent, and {} is not set", var::SSH_AUTH_SOCK);
        return Err(Error::usage(
            message,
            "start one (`eval $(ssh-agent)`; `ssh-add KEY`), or name its socket",
        ));
    };
    Ok(SshSetting { id, paths: vec![socket.into()] })
}
