//! Registries of clouds, which have no lasting passwords: how to get one that they take.

/// How to log in to a cloud's registry; `None` for others.
pub(super) fn login(host: &str) -> Option<String> {
    let host = host.split(':').next().unwrap_or_default();
    let ends = |names: &[&str]| names.iter().any(|name| host == &name[1..] || host.ends_with(name));
    if host.contains(".dkr.ecr.") && ends(&[".amazonaws.com", ".amazonaws.com.cn"]) {
        let region =
            host.split(".dkr.ecr.").nth(1).and_then(|rest| rest.split('.').next()).unwrap_or("REGION");
        return Some(format!(
            "Amazon ECR takes tokens of 12 hours: put `docker-credential-ecr-login` into PATH and \
             {{\"credHelpers\": {{\"{host}\": \"ecr-login\"}}}} into config.json, or give the user `AWS` and what \
             `aws ecr get-login-password --region {region}` prints"
        ));
    }
    if ends(&[".pkg.dev", ".gcr.io"]) {
        return Some(format!(
            "Google's registries take tokens of an hour: put `docker-credential-gcr` into PATH and \
             {{\"credHelpers\": {{\"{host}\": \"gcr\"}}}} into config.json, or give the user `oauth2accesstoken` and \
             what `gcloud auth print-access-token` prints, or `_json_key` and a service account's key"
        ));
    }
    if ends(&[".azurecr.io", ".azurecr.cn", ".azurecr.us"]) {
        let name = host.split('.').next().unwrap_or_default();
        return Some(format!(
            "Azure's registry takes a service principal's id and secret, or tokens of 3 hours: put \
             `docker-credential-acr-env` into PATH and {{\"credHelpers\": {{\"{host}\": \"acr-env\"}}}} into \
             config.json, or give the user `00000000-0000-0000-0000-000000000000` and what \
             `az acr login --name {name} --expose-token` prints"
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::login;

    #[test]
    fn clouds_by_their_hosts() {
        for (host, word) in [
            ("123.dkr.ecr.eu-west-1.amazonaws.com", "--region eu-west-1"),
            ("europe-docker.pkg.dev", "oauth2accesstoken"),
            ("gcr.io", "oauth2accesstoken"),
            ("eu.gcr.io", "docker-credential-gcr"),
            ("team.azurecr.io", "--name team"),
        ] {
            assert!(login(host).is_some_and(|hint| hint.contains(word)), "{host}");
        }
        for host in ["docker.io", "gcr.io.example", "notgcr.io", "x.amazonaws.com", "127.0.0.1:5000"] {
            assert_eq!(login(host), None, "{host}");
        }
    }
}
