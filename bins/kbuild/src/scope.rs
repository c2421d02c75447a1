//! Variables: those of the file, those of a stage, and who wins.

use ktrust_dockerfile::{Environment, Variables};
use ktrust_oci::Platform;

/// Variables that need no ARG to reach RUN, in both cases of letters.
const PROXIES: [&str; 5] = ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"];

/// The variables of a stage. ENV and ARG write to the same names and the last one wins, as BuildKit has it
/// (its documentation says that ENV always wins; it does only where it comes later).
#[derive(Clone, Default)]
pub(crate) struct Scope {
    variables: Variables,
    /// Their names, in the order in which they were set last: RUN's environment has it, the image not.
    order: Vec<String>,
    /// What ARG declared, in order, for RUN's line in the history.
    arguments: Vec<(String, Option<String>)>,
}

impl Scope {
    /// A stage that begins with an image's variables.
    pub(crate) fn of_image(env: &[String]) -> Self {
        let mut scope = Self::default();
        for (name, value) in Variables::from_pairs(env.iter().map(String::as_str)).iter() {
            scope.set(name, value);
        }
        scope
    }

    /// All variables as they are now.
    pub(crate) fn variables(&self) -> &Variables {
        &self.variables
    }

    /// ENV.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.set(name, value);
        self.order.retain(|known| known != name);
        self.order.push(name.to_owned());
    }

    /// ARG. Without a value nothing changes: a variable of that name from before stays visible.
    pub(crate) fn declare(&mut self, name: &str, value: Option<String>) {
        if let Some(value) = &value {
            self.set(name, value);
        }
        self.arguments.push((name.to_owned(), value));
    }

    /// Names that ARG declared.
    pub(crate) fn declared(&self) -> impl Iterator<Item = &str> {
        self.arguments.iter().map(|(name, _)| name.as_str())
    }

    /// RUN's environment: `PATH`, the others in order, then the proxies that were given. Of two
    /// entries with one name the later one counts.
    pub(crate) fn run_environment(&self, build_args: &[(String, String)]) -> Vec<(String, String)> {
        let (first, rest): (Vec<_>, Vec<_>) = self.order.iter().partition(|name| *name == "PATH");
        let own = first.into_iter().chain(rest);
        let own = own.filter_map(|name| Some((name.clone(), self.variables.get(name)?.to_owned())));
        own.chain(PROXIES.iter().flat_map(|name| proxy(name, build_args))).collect()
    }

    /// `RUN |2 A=1 B=2 words… # buildkit`, as docker shows it in the history.
    pub(crate) fn run_history(&self, words: &[String]) -> String {
        let mut parts = vec!["RUN".to_owned()];
        if !self.arguments.is_empty() {
            parts.push(format!("|{}", self.arguments.len()));
        }
        let value = |value: &Option<String>| value.clone().unwrap_or_default();
        parts.extend(self.arguments.iter().map(|(name, given)| format!("{name}={}", value(given))));
        parts.extend(words.iter().cloned());
        parts.push("# buildkit".into());
        parts.join(" ")
    }
}

/// A proxy that was given in any case, in both: as BuildKit has it, it hides a variable of its name. Of two
/// spellings the one that sorts last counts, and an empty one is none.
fn proxy(name: &str, build_args: &[(String, String)]) -> Vec<(String, String)> {
    let given = build_args.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
    let value =
        given.max_by_key(|(known, _)| known).map(|(_, value)| value).filter(|value| !value.is_empty());
    let both = [name.to_owned(), name.to_lowercase()];
    value.map(|value| both.map(|name| (name, value.clone())).to_vec()).unwrap_or_default()
}

impl Environment for Scope {
    fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name)
    }
}

/// The variables that exist before the first FROM: the platforms, and the stage that is asked for.
pub(crate) fn platform_variables(target: &Platform, stage: Option<&str>) -> Variables {
    let mut variables = Variables::new();
    for (prefix, platform) in [("BUILD", &Platform::host()), ("TARGET", target)] {
        variables.set(&format!("{prefix}PLATFORM"), &platform.to_string());
        variables.set(&format!("{prefix}OS"), &platform.os);
        variables.set(&format!("{prefix}OSVERSION"), platform.os_version.as_deref().unwrap_or_default());
        variables.set(&format!("{prefix}ARCH"), &platform.architecture);
        variables.set(&format!("{prefix}VARIANT"), platform.variant.as_deref().unwrap_or_default());
    }
    variables.set("TARGETSTAGE", stage.unwrap_or("default"));
    variables
}

#[cfg(test)]
mod tests {
    use super::Scope;
    use ktrust_dockerfile::Environment as _;

    #[test]
    fn the_last_one_wins() {
        let mut scope = Scope::of_image(&["A=image".into()]);
        scope.declare("A", None);
        assert_eq!(scope.get("A"), Some("image"));
        scope.declare("A", Some("arg".into()));
        assert_eq!(scope.get("A"), Some("arg"));
        scope.set("A", "env");
        assert_eq!(scope.get("A"), Some("env"));
    }

    #[test]
    fn history_names_the_arguments() {
        let mut scope = Scope::default();
        scope.declare("A", Some("1".into()));
        scope.declare("B", None);
        let words = ["/bin/sh", "-c", "true"].map(str::to_owned);
        assert_eq!(scope.run_history(&words), "RUN |2 A=1 B= /bin/sh -c true # buildkit");
        assert_eq!(Scope::default().run_history(&words), "RUN /bin/sh -c true # buildkit");
    }

    #[test]
    fn run_gets_variables_in_the_order_of_their_last_change() {
        let mut scope = Scope::of_image(&["A=1".into(), "PATH=/bin".into(), "B=2".into()]);
        scope.set("A", "3");
        scope.declare("C", Some("4".into()));
        let pairs = [("PATH", "/bin"), ("B", "2"), ("A", "3"), ("C", "4")];
        assert_eq!(
            scope.run_environment(&[]),
            pairs.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn proxies_reach_run_undeclared() {
        let given = [("http_proxy".to_owned(), "p".to_owned()), ("OTHER".to_owned(), "o".to_owned())];
        let both = ["HTTP_PROXY", "http_proxy"].map(|name| (name.to_owned(), "p".to_owned()));
        assert_eq!(Scope::default().run_environment(&given), both);
        let mut scope = Scope::default();
        scope.set("http_proxy", "own");
        let own = ("http_proxy".to_owned(), "own".to_owned());
        assert_eq!(scope.run_environment(&given), [own, both[0].clone(), both[1].clone()]);
        let given = [("no_proxy", "last"), ("NO_PROXY", "first"), ("Ftp_Proxy", "f"), ("ALL_PROXY", "")];
        let given = given.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let seen = Scope::default().run_environment(&given);
        let expected = [("FTP_PROXY", "f"), ("ftp_proxy", "f"), ("NO_PROXY", "last"), ("no_proxy", "last")];
        assert_eq!(seen, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
