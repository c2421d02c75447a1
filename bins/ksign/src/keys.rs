//! Where keys and passwords come from: files, and variables that hold a key or a file's name.

use std::path::{Path, PathBuf};

use ktrust_pipeline::{Environment, variables as var};
use ktrust_sigstore::{PrivateKey, PublicKey};
use secrecy::{ExposeSecret, SecretString};

use crate::error::Error;

/// What every PEM file has.
const MARK: &str = "-----BEGIN ";

/// Loads the private key that `name` means, with the password if it needs one.
pub(crate) fn private(name: &str, environment: &dyn Environment) -> Result<PrivateKey, Error> {
    let text = text(name, environment)?;
    let password = if PrivateKey::is_encrypted(&text) { Some(password(environment)?) } else { None };
    PrivateKey::from_pem(&text, password.as_ref())
        .map_err(|source| Error::Key { name: name.to_owned(), source })
}

/// Loads the public key that `name` means.
pub(crate) fn public(name: &str, environment: &dyn Environment) -> Result<PublicKey, Error> {
    let text = text(name, environment)?;
    PublicKey::from_pem(text.expose_secret()).map_err(|source| Error::Key { name: name.to_owned(), source })
}

/// The password of a private key. Never asked for: a job has nobody to answer, and cosign's way of
/// reading it from standard input hangs there.
pub(crate) fn password(environment: &dyn Environment) -> Result<SecretString, Error> {
    // Set but empty is a choice: the empty password.
    [var::KSIGN_PASSWORD, var::COSIGN_PASSWORD]
        .into_iter()
        .find_map(|name| environment.get(name))
        .map(SecretString::from)
        .ok_or_else(|| {
            Error::usage(
                "no password for the private key",
                "set `COSIGN_PASSWORD`; set but empty, it is the empty password",
            )
        })
}

fn text(name: &str, environment: &dyn Environment) -> Result<SecretString, Error> {
    if let Some(variable) = name.strip_prefix("env://") {
        let value = environment.get(variable).ok_or_else(|| {
            Error::usage(
                format!("the variable `{variable}` is not set"),
                "a protected variable is there only on protected branches and tags",
            )
        })?;
        // GitLab's variables of type *file* hold the name of a file with the value in it.
        return if value.contains(MARK) { Ok(value.into()) } else { file(Path::new(&value), Some(variable)) };
    }
    if name.contains(MARK) {
        return Err(Error::usage(
            "a key itself does not belong on the command line or into the variable that names it",
            "name the file that holds it, or the variable: `env://NAME`",
        ));
    }
    if let Some((scheme, _)) = name.split_once("://") {
        return Err(Error::usage(
            format!("keys of `{scheme}://` are not supported yet"),
            "a key is a file or `env://NAME`",
        ));
    }
    file(Path::new(name), None)
}

fn file(path: &Path, variable: Option<&str>) -> Result<SecretString, Error> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text.into()),
        // The value may be a key that was mangled on its way into the variable: do not show it.
        Err(_) if variable.is_some() => Err(Error::usage(
            format!(
                "the variable `{}` holds neither a PEM key nor a file's name",
                variable.unwrap_or_default()
            ),
            "store the whole file in it, or make it a variable of type *file*",
        )),
        Err(source) => Err(Error::ReadKey { path: PathBuf::from(path), source }),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use ktrust_console::{Diagnose as _, Exit};
    use ktrust_sigstore::{PrivateKey, SignerKey as _};
    use secrecy::SecretString;

    use super::{private, public};

    fn environment(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
        entries.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_variable_holds_a_key_or_a_file_name() {
        let key = PrivateKey::generate().unwrap();
        let pem = key.to_encrypted_pem(&SecretString::from("pw")).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        std::fs::write(&path, &pem).unwrap();
        let path = path.to_str().unwrap();
        for value in [pem.as_str(), path] {
            let environment = environment(&[("K", value), ("COSIGN_PASSWORD", "pw")]);
            let loaded = private("env://K", &environment).unwrap();
            assert_eq!(loaded.public_key(), key.public_key());
        }
    }

    #[test]
    fn passwords_are_never_asked_for_and_ours_comes_first() {
        let pem = PrivateKey::generate().unwrap().to_encrypted_pem(&SecretString::from("")).unwrap();
        let none = private("env://K", &environment(&[("K", &pem)])).unwrap_err();
        assert_eq!(none.exit(), Exit::Usage);
        assert!(none.hints()[0].contains("COSIGN_PASSWORD"));
        let both = environment(&[("K", &pem), ("COSIGN_PASSWORD", "x"), ("KSIGN_PASSWORD", "")]);
        private("env://K", &both).unwrap();
        let wrong = private("env://K", &environment(&[("K", &pem), ("COSIGN_PASSWORD", "x")])).unwrap_err();
        assert_eq!(wrong.exit(), Exit::Usage);
    }

    #[test]
    fn what_is_no_key_is_not_shown() {
        let error = public("env://K", &environment(&[("K", "secret-thing")])).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret-thing"));
        let error = public("-----BEGIN PUBLIC KEY-----", &environment(&[])).unwrap_err();
        assert_eq!(error.exit(), Exit::Usage);
        let error = public("awskms:///x", &environment(&[])).unwrap_err();
        assert!(error.to_string().contains("awskms"));
    }
}
