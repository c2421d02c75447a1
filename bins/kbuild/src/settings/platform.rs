//! Which platforms are built.

use ktrust_oci::Platform;
use ktrust_pipeline::{Environment, list, variables as var};

use super::Given;
use crate::error::Error;

/// Every platform once, in the order given; this machine's when none is.
pub(super) fn all(given: &[String], environment: &dyn Environment) -> Result<Vec<Platform>, Error> {
    let mut texts = given.to_vec();
    for name in [var::KBUILD_PLATFORM, var::DOCKER_DEFAULT_PLATFORM] {
        if texts.is_empty() {
            texts = list(name, environment)?;
        }
    }
    let mut platforms = Vec::new();
    for text in texts.iter().flat_map(|text| text.split(',')).map(str::trim) {
        let platform = one(text)?;
        if !platforms.contains(&platform) {
            platforms.push(platform);
        }
    }
    if platforms.is_empty() {
        platforms.push(Platform::host());
    }
    Ok(platforms)
}

/// `linux/amd64`, or `local` for this machine's.
fn one(text: &str) -> Result<Platform, Error> {
    if text == "local" {
        return Ok(Platform::host());
    }
    text.parse().map_err(|_| {
        Error::usage(
            format!("`--platform {text}` is not a platform"),
            "write os/architecture, as in `linux/amd64`, several with commas between",
        )
    })
}

/// `--build-arg BUILDKIT_MULTI_PLATFORM=1` asks for an index where there is one platform.
pub(super) fn wants_index(build_args: &[(String, String)]) -> bool {
    Given(build_args).flag("BUILDKIT_MULTI_PLATFORM").unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::all;

    #[test]
    fn lists_and_repetitions() {
        let given = ["linux/amd64,linux/arm64".to_owned(), "linux/x86_64".to_owned()];
        let environment = BTreeMap::from([("DOCKER_DEFAULT_PLATFORM".to_owned(), "linux/s390x".to_owned())]);
        let names = |given: &[String]| {
            let platforms = all(given, &environment).unwrap();
            platforms.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(names(&given), ["linux/amd64", "linux/arm64"]);
        assert_eq!(names(&[]), ["linux/s390x"]);
        assert!(all(&["linux".to_owned()], &environment).is_err());
    }
}
