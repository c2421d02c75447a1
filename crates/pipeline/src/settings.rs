//! From variables and flags to values that libraries take.

use std::path::{Path, PathBuf};

use ktrust_console::Style;
use ktrust_registry::{Client, Keychain, Settings, Source};
use secrecy::SecretString;

use crate::{CommonArguments, Environment, Error, RegistryArguments, variables as var};

/// A list in a variable: one item a line, or a JSON array of strings (as GitLab renders array inputs), or,
/// where there is only one line, items separated by commas (as gitlab-ci-local renders them).
pub fn list(name: &str, environment: &dyn Environment) -> Result<Vec<String>, Error> {
    let Some(text) = environment.non_empty(name) else { return Ok(Vec::new()) };
    let text = text.trim();
    if text.starts_with('[') {
        return serde_json::from_str(text).map_err(|error| Error::Value {
            name: name.into(),
            value: text.into(),
            expected: format!("a JSON array of strings ({error})"),
        });
    }
    let separator = if text.contains('\n') { '\n' } else { ',' };
    Ok(text.split(separator).map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect())
}

/// A switch in a variable: `true`/`1`/`yes` or `false`/`0`/`no`, unset is `false`.
pub fn flag(name: &str, environment: &dyn Environment) -> Result<bool, Error> {
    let Some(value) = environment.non_empty(name) else { return Ok(false) };
    match value.as_str() {
        "true" | "1" | "yes" => Ok(true),
        "false" | "0" | "no" => Ok(false),
        _ => Err(Error::Value { name: name.into(), value, expected: "`true` or `false`".into() }),
    }
}

/// How messages look, by flags and variables.
pub fn style(arguments: &CommonArguments, environment: &dyn Environment) -> Style {
    // gitlab-ci-local sets GITLAB_CI=false and renders sections all the same.
    let gitlab = environment.non_empty(var::GITLAB_CI).is_some();
    Style::detect(arguments.quiet, gitlab, environment.non_empty(var::NO_COLOR).is_some())
}

/// The registry client of this run.
pub fn registry_client(
    environment: &dyn Environment,
    arguments: &RegistryArguments,
) -> Result<Client, Error> {
    Ok(Client::new(registry_settings(environment, arguments)?)?)
}

/// How registries are reached, by flags and variables.
pub fn registry_settings(
    environment: &dyn Environment,
    arguments: &RegistryArguments,
) -> Result<Settings, Error> {
    let mut plain_http = arguments.insecure_registries.clone();
    plain_http.extend(list(var::KTRUST_INSECURE_REGISTRIES, environment)?);
    Ok(Settings {
        keychain: keychain(environment),
        plain_http,
        skip_tls_verify: arguments.skip_tls_verify.clone().into(),
        extra_roots: authorities(environment, arguments)?,
        ..Settings::default()
    })
}

/// Credentials in the order in which they are tried.
pub fn keychain(environment: &dyn Environment) -> Keychain {
    let mut sources = configured_credentials(environment);
    sources.extend(gitlab_credentials(environment));
    Keychain::new(sources)
}

/// Credentials in docker's form: a variable, then files.
pub fn configured_credentials(environment: &dyn Environment) -> Vec<Source> {
    let mut sources = Vec::new();
    sources.extend(auth_config(environment));
    sources.extend(config_files(environment).into_iter().map(Source::DockerConfigFile));
    sources
}

/// `DOCKER_AUTH_CONFIG` holds the text itself, or the path of it where the variable is of type *file*.
fn auth_config(environment: &dyn Environment) -> Option<Source> {
    let value = environment.non_empty(var::DOCKER_AUTH_CONFIG)?;
    if value.trim_start().starts_with('{') {
        let text = SecretString::from(value);
        return Some(Source::DockerConfig { origin: var::DOCKER_AUTH_CONFIG.into(), text });
    }
    Some(Source::DockerConfigFile(value.into()))
}

/// Files that exist; `/kaniko/.docker` is where kaniko's users put theirs.
fn config_files(environment: &dyn Environment) -> Vec<PathBuf> {
    let within = |name: &str, rest: &str| environment.non_empty(name).map(|dir| Path::new(&dir).join(rest));
    let candidates = [
        within(var::DOCKER_CONFIG, "config.json"),
        environment.non_empty(var::REGISTRY_AUTH_FILE).map(PathBuf::from),
        within(var::XDG_RUNTIME_DIR, "containers/auth.json"),
        within(var::HOME, ".docker/config.json"),
        Some("/kaniko/.docker/config.json".into()),
    ];
    let mut files: Vec<PathBuf> = candidates.into_iter().flatten().filter(|path| path.is_file()).collect();
    files.dedup();
    files
}

/// Credentials that GitLab and the user's project give as pairs of variables.
pub fn gitlab_credentials(environment: &dyn Environment) -> Vec<Source> {
    let registry = environment.non_empty(var::CI_REGISTRY);
    let proxy = environment.non_empty(var::CI_DEPENDENCY_PROXY_SERVER);
    let pairs = [
        (registry.clone(), var::CI_REGISTRY_USER, var::CI_REGISTRY_PASSWORD),
        (registry, var::CI_DEPLOY_USER, var::CI_DEPLOY_PASSWORD),
        (proxy, var::CI_DEPENDENCY_PROXY_USER, var::CI_DEPENDENCY_PROXY_PASSWORD),
        (Some("docker.io".into()), var::DOCKERHUB_USER, var::DOCKERHUB_TOKEN),
    ];
    let source = |(host, user, password): (Option<String>, &str, &str)| {
        Some(Source::Static {
            origin: format!("{user}/{password}"),
            host: host?,
            username: environment.non_empty(user)?,
            password: environment.non_empty(password)?.into(),
        })
    };
    pairs.into_iter().filter_map(source).collect()
}

/// Authorities are added to the built-in ones, never put in their place.
fn authorities(environment: &dyn Environment, arguments: &RegistryArguments) -> Result<Vec<Vec<u8>>, Error> {
    let mut files = arguments.authorities.clone();
    for name in [var::KTRUST_REGISTRY_CA, var::SSL_CERT_FILE, var::CI_SERVER_TLS_CA_FILE] {
        files.extend(environment.non_empty(name).map(PathBuf::from));
    }
    match environment.non_empty(var::SSL_CERT_DIR) {
        Some(dir) => files.extend(pem_files(Path::new(&dir))?),
        None => files.extend(kaniko_authorities()?),
    }
    files
        .iter()
        .map(|path| std::fs::read(path).map_err(|source| Error::Read { path: path.clone(), source }))
        .collect()
}

/// Where kaniko's users put theirs; what is no certificate there says nothing, as with kaniko.
fn kaniko_authorities() -> Result<Vec<PathBuf>, Error> {
    let dir = Path::new("/kaniko/ssl/certs");
    let mut files = if dir.is_dir() { pem_files(dir)? } else { Vec::new() };
    let holds = |path: &PathBuf| {
        std::fs::read(path).is_ok_and(|text| text.windows(10).any(|part| part == b"-----BEGIN"))
    };
    files.retain(holds);
    Ok(files)
}

fn pem_files(dir: &Path) -> Result<Vec<PathBuf>, Error> {
    let read = |source| Error::Read { path: dir.into(), source };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(read)? {
        let path = entry.map_err(read)?.path();
        if path.is_file() && path.extension().is_some_and(|ending| ending == "pem" || ending == "crt") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{flag, list};

    fn environment(value: &str) -> BTreeMap<String, String> {
        BTreeMap::from([("V".to_owned(), value.to_owned())])
    }

    #[test]
    fn lists_as_lines_json_or_commas() {
        for text in ["a\nb,c\n", "[\"a\", \"b,c\"]"] {
            assert_eq!(list("V", &environment(text)).unwrap(), ["a", "b,c"]);
        }
        assert_eq!(list("V", &environment("a, b")).unwrap(), ["a", "b"]);
        assert!(list("V", &environment("")).unwrap().is_empty());
        assert!(list("V", &environment("[1]")).is_err());
    }

    #[test]
    fn a_switch_is_true_or_false_and_nothing_else() {
        assert!(flag("V", &environment("true")).unwrap());
        assert!(!flag("V", &environment("")).unwrap());
        assert!(flag("V", &environment("maybe")).is_err());
    }
}
