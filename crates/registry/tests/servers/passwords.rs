//! Against a real registry that wants a name and a password.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use base64::Engine as _;
use ktrust_registry::{ErrorKind, Keychain, Settings, Source};
use secrecy::SecretString;

use crate::real::{Kind, PASSWORD, Registry, USER};
use crate::support::{Image, account, keychain, repository, settings, tag};

fn docker_config(host: &str, password: &str) -> String {
    let auth = base64::prelude::BASE64_STANDARD.encode(format!("{USER}:{password}"));
    format!(r#"{{"auths":{{"{host}":{{"auth":"{auth}"}}}}}}"#)
}

#[tokio::test]
async fn accounts_are_tried_in_order() {
    let registry = Registry::start(Kind::Password);
    let config = Source::DockerConfig {
        origin: "DOCKER_AUTH_CONFIG".into(),
        text: SecretString::from(docker_config(&registry.host, PASSWORD)),
    };
    let wrong = account(&registry.host, USER, "hunter2");
    let elsewhere = account("other.example", USER, "hunter3");
    let repository = repository(keychain(vec![elsewhere, wrong, config]), &registry.image("app"));
    repository.check_push().await.unwrap();
    let image = Image::new(200_000, 10);
    image.push(&repository, Some("v1")).await.unwrap();
    assert_eq!(repository.document(&tag("v1")).await.unwrap(), image.document);
}

#[tokio::test]
async fn refusals_name_the_sources() {
    let registry = Registry::start(Kind::Password);
    let name = registry.image("app");
    let error = repository(settings(), &name).check_push().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert!(error.hint().unwrap().starts_with("no credentials are known"), "{:?}", error.hint());

    let wrong = account(&registry.host, USER, "hunter2");
    let refused = repository(keychain(vec![wrong]), &name);
    let error = refused.check_push().await.unwrap_err();
    let text = format!("{error} {error:?} {:?}", error.hint());
    assert!(text.contains("tried the account ktrust (answer 401)"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
    // For a pull, anonymous comes last.
    let text = refused.document(&tag("v1")).await.unwrap_err().to_string();
    assert!(text.contains("the account ktrust (answer 401), then anonymous"), "{text}");
}

#[tokio::test]
async fn a_file_is_read_again_at_each_login() {
    let registry = Registry::start(Kind::Password);
    let path = registry.directory.path().join("config.json");
    let settings = keychain(vec![Source::DockerConfigFile(path.clone())]);
    let repository = repository(settings, &registry.image("app"));
    assert_eq!(repository.check_push().await.unwrap_err().kind(), ErrorKind::Auth);
    std::fs::write(&path, docker_config(&registry.host, PASSWORD)).unwrap();
    repository.check_push().await.unwrap();
}

/// Runs this test program again with a helper in its `PATH`.
#[test]
fn a_credential_helper_is_asked() {
    let registry = Registry::start(Kind::Password);
    let directory = tempfile::tempdir().unwrap();
    let helper = directory.path().join("docker-credential-ktrust-test");
    let script = format!(
        "#!/bin/sh\nread -r server\n[ \"$1 $server\" = \"get {}\" ] || {{ echo credentials not found; exit 1; }}\n\
         echo '{{\"ServerURL\":\"\",\"Username\":\"{USER}\",\"Secret\":\"{PASSWORD}\"}}'\n",
        registry.host
    );
    std::fs::write(&helper, script).unwrap();
    std::fs::set_permissions(&helper, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::write(directory.path().join("host"), &registry.host).unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "passwords::with_a_helper", "--ignored"])
        .current_dir(directory.path())
        .env("PATH", directory.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[tokio::test]
#[ignore = "run by a_credential_helper_is_asked"]
async fn with_a_helper() {
    let host = std::fs::read_to_string("host").unwrap();
    for text in
        [format!(r#"{{"credHelpers":{{"{host}":"ktrust-test"}}}}"#), r#"{"credsStore":"ktrust-test"}"#.into()]
    {
        let source = Source::DockerConfig { origin: "config".into(), text: SecretString::from(text) };
        let settings = Settings { keychain: Keychain::new(vec![source]), ..settings() };
        repository(settings, &format!("{host}/app")).check_push().await.unwrap();
    }
}
