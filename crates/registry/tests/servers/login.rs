//! Tokens: Docker's flow, renewal in the middle of a push, and what is told when nobody may.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ktrust_oci::{Descriptor, media_type};
use ktrust_registry::{Error, ErrorKind, Pushed, Settings, Source, Violation};
use secrecy::SecretString;

use crate::fake::{Asked, Fake, Reply};
use crate::support::{Image, account, keychain, repository, tag};

/// `user:pass`.
const BASIC: &str = "Basic dXNlcjpwYXNz";

fn challenge(asked: &Asked) -> Reply {
    let realm = format!("http://{}/token?kept=1", asked.header("host").unwrap());
    let text = format!(r#"Bearer realm="{realm}",service="the service",scope="repository:app:pull""#);
    Reply::status(401).header("WWW-Authenticate", text)
}

fn with(fake: &Fake, sources: Vec<Source>) -> Settings {
    Settings { plain_http: vec![fake.host.clone()], ..keychain(sources) }
}

fn token(text: &str) -> Reply {
    Reply::ok(format!(r#"{{"token":"{text}","expires_in":300}}"#))
}

fn manifest(image: &Image) -> Reply {
    Reply::ok(image.document.bytes.clone()).header("Content-Type", media_type::OCI_MANIFEST)
}

#[tokio::test]
async fn a_token_is_fetched_and_used_again() {
    let image = Image::new(10, 60);
    let fake = Fake::start(move |asked, _| {
        match (asked.path.starts_with("/token"), asked.header("authorization")) {
            (true, Some(BASIC)) => token("good"),
            (true, _) => Reply::status(401),
            (false, Some("Bearer good")) => manifest(&image),
            (false, _) => challenge(asked),
        }
    });
    let settings = with(&fake, vec![account(&fake.host, "user", "pass")]);
    let repository = repository(settings, &fake.image("app"));
    for _ in 0..3 {
        repository.document(&tag("v1")).await.unwrap();
    }
    let lines = fake.lines();
    assert_eq!(lines.iter().filter(|line| *line == "GET /token").count(), 1);
    assert_eq!(lines.len(), 5);
    assert_eq!(fake.asked()[1].path, "/token?kept=1&service=the+service&scope=repository%3Aapp%3Apull");
}

#[tokio::test]
async fn anonymous_pulls_need_a_token_too() {
    let image = Image::new(10, 61);
    let fake = Fake::start(move |asked, _| {
        match (asked.path.starts_with("/token"), asked.header("authorization")) {
            (true, None) => Reply::ok(r#"{"access_token":"anonymous"}"#),
            (false, Some("Bearer anonymous")) => manifest(&image),
            _ => challenge(asked),
        }
    });
    // The wrong account comes first and does no harm.
    let settings = with(&fake, vec![account(&fake.host, "user", "wrong")]);
    let app = repository(settings, &fake.image("app"));
    app.document(&tag("v1")).await.unwrap();
    // To push, nobody is nobody.
    let error = app.check_push().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert!(error.to_string().ends_with("tried the account user (answer 401)"), "{error}");
}

#[tokio::test]
async fn a_token_that_ends_in_the_middle_is_renewed() {
    let issued = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&issued);
    let used = AtomicUsize::new(0);
    // Each token is good for two requests.
    let fake = Fake::start(move |asked, _| {
        if asked.path.starts_with("/token") {
            used.store(0, Ordering::SeqCst);
            return token(&format!("t{}", counter.fetch_add(1, Ordering::SeqCst) + 1));
        }
        let current = format!("Bearer t{}", counter.load(Ordering::SeqCst));
        if asked.header("authorization") != Some(&current) || used.fetch_add(1, Ordering::SeqCst) >= 2 {
            return challenge(asked);
        }
        match asked.method.as_str() {
            "HEAD" => Reply::status(404),
            "POST" => Reply::status(202).header("Location", "/v2/app/blobs/uploads/1"),
            _ => Reply::status(201),
        }
    });
    let app = repository(with(&fake, vec![account(&fake.host, "user", "pass")]), &fake.image("app"));
    for number in 0..4_u8 {
        let content = vec![number; 100_000];
        let pushed = app.put_blob(&Descriptor::of("x", &content), content.into(), None).await.unwrap();
        assert_eq!(pushed, Pushed::Uploaded);
    }
    assert_eq!(issued.load(Ordering::SeqCst), 6, "twelve requests, two a token");
    let scope = "scope=repository%3Aapp%3Apull%2Cpush";
    assert!(fake.asked()[1].path.ends_with(scope), "{}", fake.asked()[1].path);
}

#[tokio::test]
async fn many_at_once_log_in_once() {
    let image = Image::new(10, 62);
    let fake = Fake::start(move |asked, _| {
        match (asked.path.starts_with("/token"), asked.header("authorization")) {
            (true, _) => token("good"),
            (false, Some("Bearer good")) => manifest(&image),
            (false, _) => challenge(asked),
        }
    });
    let app = repository(with(&fake, vec![]), &fake.image("app"));
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let app = app.clone();
            tokio::spawn(async move { app.document(&tag("v1")).await.map(drop) })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(fake.lines().iter().filter(|line| *line == "GET /token").count(), 1);
}

#[tokio::test]
async fn identity_tokens_are_exchanged() {
    let image = Image::new(10, 63);
    let fake = Fake::start(move |asked, _| match (asked.line().as_str(), asked.header("authorization")) {
        ("POST /token", None) if String::from_utf8_lossy(&asked.body).contains("refresh_token=s%2Bcret") => {
            Reply::ok(r#"{"access_token":"exchanged","expires_in":60}"#)
        }
        (_, Some("Bearer exchanged")) => manifest(&image),
        _ => challenge(asked),
    });
    let text = format!(r#"{{"auths":{{"{}":{{"identitytoken":"s+cret"}}}}}}"#, fake.host);
    let source = Source::DockerConfig { origin: "config".into(), text: SecretString::from(text) };
    repository(with(&fake, vec![source]), &fake.image("app")).document(&tag("v1")).await.unwrap();
    let form = String::from_utf8(fake.asked()[1].body.clone()).unwrap();
    assert!(form.contains("grant_type=refresh_token") && form.contains("service=the+service"), "{form}");
}

#[tokio::test]
async fn a_mount_asks_for_the_source_as_well() {
    let fake = Fake::start(move |asked, _| {
        match (asked.path.starts_with("/token"), asked.header("authorization")) {
            (true, _) if asked.path.contains("base") => token("both"),
            (true, _) => token("one"),
            (_, None) => challenge(asked),
            (_, Some("Bearer both")) => Reply::status(201),
            _ => Reply::status(404),
        }
    });
    let app = repository(with(&fake, vec![account(&fake.host, "user", "pass")]), &fake.image("app"));
    let blob = Descriptor::of("x", b"content");
    let pushed = app.put_blob(&blob, b"content".to_vec().into(), Some("group/base")).await.unwrap();
    assert_eq!(pushed, Pushed::Mounted);
    let asked = fake.asked().into_iter().rfind(|asked| asked.path.starts_with("/token")).unwrap();
    let scopes = "scope=repository%3Aapp%3Apull%2Cpush&scope=repository%3Agroup%2Fbase%3Apull";
    assert!(asked.path.ends_with(scopes), "{}", asked.path);
}

#[tokio::test]
async fn no_is_told_apart_from_who_are_you() {
    let denied = r#"{"errors":[{"code":"DENIED","message":"access forbidden"}]}"#;
    // The token server knows the account and says no, as GitLab's does; anonymous is not known.
    let fake = Fake::start(move |asked, _| {
        match (asked.path.starts_with("/token"), asked.header("authorization")) {
            (true, Some(_)) => Reply::status(403).with(denied),
            (true, None) => Reply::status(401),
            _ => challenge(asked),
        }
    });
    let app = repository(with(&fake, vec![account(&fake.host, "user", "pass")]), &fake.image("app"));
    let error = app.document(&tag("v1")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert_eq!(error.registry_errors()[0].code, "DENIED");
    assert!(
        error.to_string().contains("the account user (answer 403), then anonymous (answer 401)"),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("Job token permissions"));
    assert!(!format!("{error:?}").contains("pass\""));
}

#[tokio::test]
async fn a_right_that_is_missing_is_final() {
    // Reading works; the repository's rules forbid this one write.
    let fake = Fake::start(move |asked, _| match (asked.header("authorization"), asked.method.as_str()) {
        (Some(BASIC), "PUT") => Reply::status(403),
        (Some(BASIC), "HEAD") => Reply::status(200),
        _ => Reply::status(401).header("WWW-Authenticate", "Basic realm=x"),
    });
    let sources = vec![account(&fake.host, "user", "pass"), account(&fake.host, "second", "pass")];
    let app = repository(with(&fake, sources), &fake.image("app"));
    let image = Image::new(10, 64);
    app.put_blob(&image.config_blob(), image.config.clone().into(), None).await.unwrap();
    let error = app.put_document(Some("v1"), &image.document).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert_eq!(fake.lines().iter().filter(|line| line.starts_with("PUT")).count(), 1);
}

#[tokio::test]
async fn passwords_do_not_go_to_insecure_token_servers() {
    let fake = Fake::start(|_, _| {
        Reply::status(401).header("WWW-Authenticate", "Bearer realm=\"http://auth.invalid/token\"")
    });
    let app = repository(with(&fake, vec![account(&fake.host, "user", "pass")]), &fake.image("app"));
    let error = app.check_push().await.unwrap_err();
    let Error::Protocol { violation: Violation::InsecureRealm(host), .. } = error else {
        panic!("{error:?}")
    };
    assert_eq!(host, "auth.invalid");
}

#[tokio::test]
async fn token_servers_are_not_believed() {
    for answer in ["{}", "<html>", r#"{"token":""}"#] {
        let fake =
            Fake::start(
                move |asked, _| {
                    if asked.path.starts_with("/token") { Reply::ok(answer) } else { challenge(asked) }
                },
            );
        let error =
            repository(with(&fake, vec![]), &fake.image("app")).document(&tag("v1")).await.unwrap_err();
        assert!(matches!(error, Error::Protocol { violation: Violation::Json("token"), .. }), "{error:?}");
    }
    // A token that is never accepted does not lead round in circles.
    let fake =
        Fake::start(
            |asked, _| {
                if asked.path.starts_with("/token") { token("useless") } else { challenge(asked) }
            },
        );
    let error = repository(with(&fake, vec![]), &fake.image("app")).document(&tag("v1")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert_eq!(fake.lines().len(), 3);
    assert!(!format!("{error} {error:?}").contains("useless"));
}
