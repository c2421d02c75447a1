//! Credential helpers: `docker-credential-NAME get`, the server's name on standard input.
//!
//! Source: <https://github.com/docker/docker-credential-helpers>.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::Secret;

/// Helpers of clouds ask the network.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "Username")]
    username: String,
    #[serde(rename = "Secret")]
    secret: SecretString,
}

/// Asks a helper; `None` when it knows nothing about the server, an explanation when it is of no use.
pub(super) async fn get(name: &str, server: &str) -> Result<Option<Secret>, String> {
    // The name becomes part of a program's name and must not become a path.
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) {
        return Err("its name is not a program's".into());
    }
    let output = match tokio::time::timeout(PATIENCE, run(name, server)).await {
        Ok(Ok(output)) => output,
        Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => return Err("it is not installed".into()),
        Ok(Err(error)) => return Err(error.to_string()),
        Err(_) => return Err(format!("no answer within {} seconds", PATIENCE.as_secs())),
    };
    if !output.status.success() {
        // Helpers say so on standard output, in these words.
        let said = String::from_utf8_lossy(&output.stdout);
        let nothing = said.contains("credentials not found") || said.contains("missing");
        return if nothing { Ok(None) } else { Err(format!("it failed ({})", output.status)) };
    }
    let answer: Answer =
        serde_json::from_slice(&output.stdout).map_err(|_| "its answer is malformed".to_owned())?;
    if answer.secret.expose_secret().is_empty() {
        return Ok(None);
    }
    Ok(Some(match answer.username.as_str() {
        "<token>" => Secret::IdentityToken(answer.secret),
        _ => Secret::Basic { username: answer.username, password: answer.secret },
    }))
}

async fn run(name: &str, server: &str) -> io::Result<std::process::Output> {
    let mut child = Command::new(format!("docker-credential-{name}"))
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut input) = child.stdin.take() {
        // A helper that does not read its input may still answer.
        let _ = input.write_all(server.as_bytes()).await;
    }
    child.wait_with_output().await
}
