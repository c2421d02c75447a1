//! Who must have signed: an input, never derived from what is being checked.

use std::path::Path;

use ktrust_admission::{Identity, Pattern, PublicKeys};
use ktrust_pipeline::{Environment, list, variables as var};
use ktrust_sigstore::PublicKey;

use crate::cli::ExpectedArguments;
use crate::error::Error;

/// What every PEM text has.
const MARK: &str = "-----BEGIN ";

/// The expected signer.
#[derive(Debug)]
pub(crate) enum Expected {
    /// Any of these keys.
    Keys(PublicKeys),
    /// This identity.
    Identity(Identity),
}

impl Expected {
    /// Takes the flags, or, where there are none, the variables; refuses nobody and refuses both.
    pub(crate) fn resolve(flags: &ExpectedArguments, environment: &dyn Environment) -> Result<Self, Error> {
        let subject = pattern(
            "identity",
            flags.certificate_identity.as_deref(),
            flags.certificate_identity_regexp.as_deref(),
        )?;
        let issuer = pattern(
            "issuer",
            flags.certificate_oidc_issuer.as_deref(),
            flags.certificate_oidc_issuer_regexp.as_deref(),
        )?;
        if flags.keys.is_empty() && subject.is_none() && issuer.is_none() {
            return Self::from_variables(environment);
        }
        let keys = keys(&flags.keys, environment)?;
        Self::one_of(keys, subject, issuer)
    }

    fn from_variables(environment: &dyn Environment) -> Result<Self, Error> {
        let identity = environment.non_empty(var::KDEPLOY_CERTIFICATE_IDENTITY);
        let issuer = environment.non_empty(var::KDEPLOY_CERTIFICATE_OIDC_ISSUER);
        let names = match environment.non_empty(var::KDEPLOY_KEY) {
            // A public key is no secret: the variable may as well hold it.
            Some(text) if text.contains(MARK) => vec![text],
            _ => list(var::KDEPLOY_KEY, environment)?,
        };
        let subject = pattern("identity", identity.as_deref(), None)?;
        Self::one_of(keys(&names, environment)?, subject, pattern("issuer", issuer.as_deref(), None)?)
    }

    fn one_of(
        keys: Option<PublicKeys>,
        subject: Option<Pattern>,
        issuer: Option<Pattern>,
    ) -> Result<Self, Error> {
        match (keys, subject, issuer) {
            (Some(keys), None, None) => Ok(Self::Keys(keys)),
            (None, Some(subject), Some(issuer)) => Ok(Self::Identity(Identity { subject, issuer })),
            (None, None, None) => Err(Error::usage(
                "nobody is named who must have signed",
                "name the public key with `--key` or KDEPLOY_KEY: an image that anybody signed is not verified",
            )),
            (Some(_), ..) => Err(Error::usage(
                "a key and an identity are named",
                "name one: a second signer that is accepted is a second way in",
            )),
            (None, ..) => Err(Error::usage(
                "an identity needs its issuer, and an issuer its identity",
                "give `--certificate-identity` and `--certificate-oidc-issuer`: the same name from another issuer is somebody else",
            )),
        }
    }
}

fn pattern(what: &'static str, exact: Option<&str>, regexp: Option<&str>) -> Result<Option<Pattern>, Error> {
    let pattern = match (exact, regexp) {
        (Some(text), _) => Pattern::exact(what, text)?,
        (None, Some(text)) => Pattern::regexp(what, text)?,
        (None, None) => return Ok(None),
    };
    Ok(Some(pattern))
}

fn keys(names: &[String], environment: &dyn Environment) -> Result<Option<PublicKeys>, Error> {
    let mut all: Option<PublicKeys> = None;
    for name in names {
        let keys = key(name, environment)?;
        all = Some(match all {
            None => keys,
            Some(all) => all.and(keys),
        });
    }
    Ok(all)
}

/// Reads the public keys of one file or variable, and proves that each is one.
fn key(name: &str, environment: &dyn Environment) -> Result<PublicKeys, Error> {
    let shown = if name.contains(MARK) { "KDEPLOY_KEY" } else { name };
    let keys = PublicKeys::from_pem(&text(name, environment)?)
        .map_err(|source| Error::Key { name: shown.to_owned(), source })?;
    for pem in keys.iter() {
        PublicKey::from_pem(pem).map_err(|source| Error::KeyContent { name: shown.to_owned(), source })?;
    }
    Ok(keys)
}

fn text(name: &str, environment: &dyn Environment) -> Result<String, Error> {
    if name.contains(MARK) {
        return Ok(name.to_owned());
    }
    if let Some(variable) = name.strip_prefix("env://") {
        let value = environment.non_empty(variable).ok_or_else(|| {
            Error::usage(
                format!("the variable `{variable}` is not set"),
                "a protected variable is there only on protected branches and tags",
            )
        })?;
        // GitLab's variables of type *file* hold the name of a file with the value in it.
        return if value.contains(MARK) { Ok(value) } else { read(Path::new(&value), name) };
    }
    if let Some((scheme, _)) = name.split_once("://") {
        return Err(Error::usage(
            format!("keys of `{scheme}://` are not supported yet"),
            "a key is a file or `env://VARIABLE`",
        ));
    }
    read(Path::new(name), name)
}

fn read(path: &Path, name: &str) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|source| Error::ReadKey { name: name.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use ktrust_console::{Diagnose as _, Exit};

    use super::Expected;
    use crate::cli::ExpectedArguments;

    const PEM: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE75VIZ4st+0W3t7XRYf0cEiA+UmNl
tV2uRQhxh6q7TQxyzTRZs0w+Nz1Cng1uBLulXrQp0QsuYhRjKQedS1tboA==
-----END PUBLIC KEY-----
";

    fn environment(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
        entries.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn resolve(flags: &ExpectedArguments, entries: &[(&str, &str)]) -> Result<Expected, crate::error::Error> {
        Expected::resolve(flags, &environment(entries))
    }

    #[test]
    fn somebody_must_be_expected() {
        let none = ExpectedArguments::default();
        for entries in [&[][..], &[("KDEPLOY_KEY", "")], &[("KDEPLOY_CERTIFICATE_IDENTITY", "x")]] {
            assert_eq!(resolve(&none, entries).unwrap_err().exit(), Exit::Usage);
        }
    }

    #[test]
    fn keys_from_variables() {
        let none = ExpectedArguments::default();
        assert!(
            matches!(resolve(&none, &[("KDEPLOY_KEY", PEM)]), Ok(Expected::Keys(keys)) if keys.iter().len() == 1)
        );
        let named = ExpectedArguments { keys: vec!["env://K".into()], ..ExpectedArguments::default() };
        assert!(matches!(resolve(&named, &[("K", PEM)]), Ok(Expected::Keys(_))));
        assert_eq!(resolve(&named, &[]).unwrap_err().exit(), Exit::Usage);
        // Well-formed PEM, but no point on the curve.
        assert!(resolve(&named, &[("K", &PEM.replace("tV2u", "AAAA"))]).is_err());
    }

    #[test]
    fn flags_replace_variables_and_signers_do_not_mix() {
        let identity = ExpectedArguments {
            certificate_identity: Some("https://h/p".into()),
            certificate_oidc_issuer: Some("https://h".into()),
            ..ExpectedArguments::default()
        };
        assert!(matches!(resolve(&identity, &[("KDEPLOY_KEY", PEM)]), Ok(Expected::Identity(_))));
        let both = ExpectedArguments { keys: vec!["env://K".into()], ..identity };
        assert_eq!(resolve(&both, &[("K", PEM)]).unwrap_err().exit(), Exit::Usage);
        let anybody = ExpectedArguments {
            certificate_identity_regexp: Some(".*".into()),
            certificate_oidc_issuer: Some("https://h".into()),
            ..ExpectedArguments::default()
        };
        assert_eq!(resolve(&anybody, &[]).unwrap_err().exit(), Exit::Usage);
    }
}
