//! Which rules count: `skip=A,B;error=true;experimental=all`.

use std::collections::BTreeSet;

use thiserror::Error;

use super::rule::Rule;
use crate::boolean::parse_bool;
use crate::directive::Zone;

/// A configuration that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConfigurationError {
    /// Another key than the three, or no `=`.
    #[error("unknown check option {option:?}")]
    Option {
        /// What is not known.
        option: String,
    },
    /// `error` with something else than a boolean.
    #[error("the check option `error` is {value:?}, which is neither true nor false")]
    NotBoolean {
        /// What it was given.
        value: String,
    },
}

/// Which rules count, and whether findings are errors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Configuration {
    skip_all: bool,
    skip: BTreeSet<String>,
    experimental_all: bool,
    experimental: BTreeSet<String>,
    /// Findings make the build fail.
    pub error: bool,
}

impl Configuration {
    /// Reads the text behind `# check=`, which is also that of the build argument `BUILDKIT_DOCKERFILE_CHECK`.
    /// Names of rules are not looked at: a file may skip rules that come later.
    pub fn parse(text: &str) -> Result<Self, ConfigurationError> {
        let mut configuration = Self::default();
        if text.trim().is_empty() {
            return Ok(configuration);
        }
        for part in text.trim().splitn(3, ';') {
            let unknown = || ConfigurationError::Option { option: part.trim().to_owned() };
            let (key, value) = part.split_once('=').ok_or_else(unknown)?;
            let value = value.trim();
            match key.trim() {
                "skip" => (configuration.skip_all, configuration.skip) = names(value),
                "experimental" => (configuration.experimental_all, configuration.experimental) = names(value),
                "error" => {
                    let not_boolean = || ConfigurationError::NotBoolean { value: value.to_owned() };
                    configuration.error = parse_bool(value).ok_or_else(not_boolean)?;
                }
                _ => return Err(unknown()),
            }
        }
        Ok(configuration)
    }

    /// Whether a rule counts.
    pub fn allows(&self, rule: Rule) -> bool {
        if rule.is_experimental() {
            return self.experimental_all || self.experimental.contains(rule.name());
        }
        !self.skip_all && !self.skip.contains(rule.name())
    }

    /// Whether a rule counts at an instruction with these comments, of which the first `check=…` is added.
    /// One that cannot be read adds nothing.
    pub(super) fn allows_at(&self, rule: Rule, comments: &[String]) -> bool {
        let Some(local) = comments.iter().find_map(|comment| check_of(comment)) else {
            return self.allows(rule);
        };
        let local = Self::parse(&local).unwrap_or_default();
        if rule.is_experimental() {
            return self.allows(rule) || local.allows(rule);
        }
        self.allows(rule) && local.allows(rule)
    }
}

/// All, or the names.
fn names(value: &str) -> (bool, BTreeSet<String>) {
    if value == "all" {
        return (true, BTreeSet::new());
    }
    (false, value.split(',').map(|name| name.trim().to_owned()).collect())
}

/// The configuration in a comment above an instruction; what follows a blank explains it.
fn check_of(comment: &str) -> Option<String> {
    let (key, value) = Zone::default().read(comment, "", 1).ok()??;
    (key == "check").then(|| value.split(' ').next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Configuration, ConfigurationError};
    use crate::lint::Rule;

    #[test]
    fn options() {
        let parsed = Configuration::parse(" skip = UndefinedVar , StageNameCasing ; error = true").unwrap();
        assert!(parsed.error);
        assert!(!parsed.allows(Rule::UndefinedVar) && !parsed.allows(Rule::StageNameCasing));
        assert!(parsed.allows(Rule::FromAsCasing) && !parsed.allows(Rule::InvalidDefinitionDescription));
        let parsed = Configuration::parse("skip=all;experimental=all").unwrap();
        assert!(!parsed.error && !parsed.allows(Rule::FromAsCasing));
        assert!(parsed.allows(Rule::InvalidDefinitionDescription));
        assert_eq!(Configuration::parse("  "), Ok(Configuration::default()));
    }

    #[test]
    fn mistakes() {
        for text in ["all", "skip=A;level=2", "skip=A;;error=true"] {
            assert!(matches!(Configuration::parse(text), Err(ConfigurationError::Option { .. })), "{text}");
        }
        let error = Configuration::parse("error=yes").unwrap_err();
        assert_eq!(error, ConfigurationError::NotBoolean { value: "yes".into() });
    }

    #[test]
    fn comments_add_to_it() {
        let file = Configuration::parse("skip=UndefinedVar").unwrap();
        let allows = |rule, comment: &str| file.allows_at(rule, &[comment.to_owned()]);
        assert!(!allows(Rule::FromAsCasing, "check=skip=FromAsCasing // because"));
        assert!(!allows(Rule::FromAsCasing, "check=skip=all"));
        assert!(!allows(Rule::UndefinedVar, "check=skip=FromAsCasing"));
        assert!(allows(Rule::FromAsCasing, "check=skip"));
        assert!(allows(Rule::FromAsCasing, "skip=all"));
        assert!(allows(Rule::InvalidDefinitionDescription, "check=experimental=all"));
        assert!(!allows(Rule::InvalidDefinitionDescription, "check=skip=all"));
    }
}
