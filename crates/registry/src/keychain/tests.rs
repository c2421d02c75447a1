//! Which credentials are found, in which order, under which name.

use secrecy::{ExposeSecret as _, SecretString};

use super::{Account, Candidates, Keychain, Secret, Source};
use crate::Error;

fn config(text: &str) -> Source {
    Source::DockerConfig { origin: "DOCKER_AUTH_CONFIG".into(), text: SecretString::from(text) }
}

async fn find(sources: Vec<Source>, registry: &str, repository: &str) -> Candidates {
    Keychain::new(sources).candidates(registry, repository).await.unwrap()
}

fn summary(candidates: &Candidates) -> Vec<String> {
    let text = |secret: &Secret| match secret {
        Secret::Basic { username, password } => format!("{username}:{}", password.expose_secret()),
        Secret::IdentityToken(token) => format!("identity {}", token.expose_secret()),
        Secret::RegistryToken(token) => format!("token {}", token.expose_secret()),
        Secret::Anonymous => "anonymous".into(),
    };
    candidates.credentials.iter().map(|credential| text(&credential.secret)).collect()
}

#[tokio::test]
async fn longest_match_first_then_the_next_source() {
    let text = r#"{"auths":{
        "r.example":{"username":"host","password":"1"},
        "https://r.example/group":{"username":"group","password":"2"},
        "r.example/group/project":{"username":"project","password":"3"},
        "r.example/gro":{"username":"other","password":"4"},
        "r.example:5000":{"username":"port","password":"5"},
        "empty.example":{}}}"#;
    let fixed = Source::Static {
        origin: "CI_REGISTRY_PASSWORD".into(),
        host: "R.example:443".into(),
        username: "job".into(),
        password: "6".into(),
    };
    let found = find(vec![config(text), fixed], "r.example", "group/project/app").await;
    assert_eq!(summary(&found), ["project:3", "group:2", "host:1", "job:6"]);
    assert_eq!(found.credentials[0].origin, "DOCKER_AUTH_CONFIG (`r.example/group/project`)");
    assert_eq!(summary(&find(vec![config(text)], "r.example:443", "x").await), ["host:1"]);
    assert_eq!(summary(&find(vec![config(text)], "r.example:5000", "x").await), ["port:5"]);
    assert!(find(vec![config(text)], "empty.example", "x").await.credentials.is_empty());
}

#[tokio::test]
async fn docker_hub_has_many_names() {
    for key in ["https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io"] {
        let text = format!(r#"{{"auths":{{"{key}":{{"auth":"dXNlcjpwYTpzcw=="}}}}}}"#);
        assert_eq!(
            summary(&find(vec![config(&text)], "docker.io", "library/a").await),
            ["user:pa:ss"],
            "{key}"
        );
    }
}

#[tokio::test]
async fn tokens() {
    let text = r#"{"auths":{"a":{"auth":"dXNlcjo=","identitytoken":"i"},"b":{"registrytoken":"r"}}}"#;
    assert_eq!(summary(&find(vec![config(text)], "a", "x").await), ["identity i"]);
    assert_eq!(summary(&find(vec![config(text)], "b", "x").await), ["token r"]);
}

#[tokio::test]
async fn mistakes_are_told_without_the_content() {
    for text in ["{\"auths\":", r#"{"auths":{"a":{"auth":"hunter2!"}}}"#, r#"{"auths":"hunter2!"}"#] {
        let error = Keychain::new(vec![config(text)]).candidates("a", "x").await.err().unwrap();
        assert!(matches!(error, Error::Credentials { .. }));
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
    let missing = Source::DockerConfigFile("/nonexistent/config.json".into());
    assert!(find(vec![missing, config(" ")], "a", "x").await.credentials.is_empty());
}

#[tokio::test]
async fn a_missing_helper_is_reported() {
    let text = r#"{"credHelpers":{"a":"ktrust-none"},"credsStore":"../evil"}"#;
    let found = find(vec![config(text)], "a", "x").await;
    let told: Vec<String> = found.unusable.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "docker-credential-ktrust-none of DOCKER_AUTH_CONFIG (it is not installed)",
            "docker-credential-../evil of DOCKER_AUTH_CONFIG (its name is not a program's)"
        ]
    );
}

#[tokio::test]
async fn somebody_who_is_asked_for_each_host() {
    let find_account = |host: &str| {
        let origin = "KANIKO_R_EXAMPLE_USER".to_owned();
        (host == "r.example").then(|| Account { origin, username: "env".into(), password: "7".into() })
    };
    let source = || Source::Lookup(std::sync::Arc::new(find_account));
    assert_eq!(summary(&find(vec![source()], "R.example:5000", "x").await), ["env:7"]);
    assert!(find(vec![source()], "other.example", "x").await.credentials.is_empty());
}
