//! Every environment variable that ktrust reads, as a documented constant.
//!
//! Precedence everywhere: flag, then ktrust's own variable, then GitLab's predefined variable, then default.
//! The reference page `docs/variables.md` is generated from [`ALL`].

macro_rules! variables {
    ($($(#[doc = $doc:literal])+ $name:ident;)+) => {
        $($(#[doc = $doc])+ pub const $name: &str = stringify!($name);)+

        /// Name and description of every variable, in the order of this page.
        pub const ALL: &[(&str, &str)] = &[$((stringify!($name), concat!($($doc),+))),+];
    };
}

variables! {
    /// The build context, a directory. Default: `CI_PROJECT_DIR`, else none.
    KBUILD_CONTEXT;
    /// The Dockerfile, relative to the working directory. Default: `Dockerfile` in the context.
    KBUILD_FILE;
    /// The repository to push to; the tag is the Git tag, else the ref's slug, else the short commit. Default:
    /// `CI_REGISTRY_IMAGE`.
    KBUILD_IMAGE;
    /// References to push, as a list, instead of `KBUILD_IMAGE`.
    KBUILD_TAGS;
    /// Build arguments `NAME=VALUE`, as a list.
    KBUILD_BUILD_ARGS;
    /// Labels `NAME=VALUE`, as a list.
    KBUILD_LABELS;
    /// The stage to build.
    KBUILD_TARGET;
    /// Annotations `KEY=VALUE` or `LEVEL:KEY=VALUE`, as a list.
    KBUILD_ANNOTATIONS;
    /// The platforms `os/architecture`, as a list; several make an index.
    KBUILD_PLATFORM;
    /// The platforms where `KBUILD_PLATFORM` does not say, docker's name.
    DOCKER_DEFAULT_PLATFORM;
    /// `true`: build and check everything, push nothing. For merge requests.
    KBUILD_NO_PUSH;
    /// `true`: also push the unsigned probe image that `kdeploy prove` needs.
    KBUILD_PROBE;
    /// Where RUN runs: `auto` or `namespaces`.
    KBUILD_ISOLATION;
    /// How many RUN commands run at once; `1`: one step after the other. Default: the number of processors.
    KBUILD_MAX_PARALLELISM;
    /// The network of RUN: `default`, `host` or `none`.
    KBUILD_NETWORK;
    /// Secrets for `RUN --mount=type=secret`, written as for `--secret`, one a line or as a JSON array.
    KBUILD_SECRETS;
    /// SSH agents for `RUN --mount=type=ssh`, written as for `--ssh`, one a line or as a JSON array.
    KBUILD_SSH;
    /// Lines for RUN's /etc/hosts, `NAME=ADDRESS`, one a line or as a JSON array.
    KBUILD_ADD_HOSTS;
    /// The directory for work in progress and the local store. Default: `.ktrust` in the working directory.
    KBUILD_WORK_DIR;
    /// Where to write build.env.
    KBUILD_ENV_FILE;
    /// What to put before the keys in build.env.
    KBUILD_ENV_PREFIX;
    /// Where to write build.json.
    KBUILD_RECORD_FILE;
    /// Where to write the digest alone.
    KBUILD_DIGEST_FILE;
    /// Where to write what docker buildx tells of a result.
    KBUILD_METADATA_FILE;

    /// The private key: a path, or `env://NAME`.
    KSIGN_KEY;
    /// The password of the key, before cosign's own `COSIGN_PASSWORD`. Set but empty is legal.
    KSIGN_PASSWORD;
    /// The password of the key, cosign's name.
    COSIGN_PASSWORD;
    /// Images to sign, as a list. Default: the hand-off.
    KSIGN_IMAGES;
    /// The hand-off file that names the image to sign. Default: `build.env`.
    KSIGN_HANDOFF;
    /// What stands before the keys of the hand-off file.
    KSIGN_ENV_PREFIX;
    /// Annotations `NAME=VALUE` of the signed payload, as a list.
    KSIGN_ANNOTATIONS;
    /// `true`: sign the images of an index too.
    KSIGN_RECURSIVE;
    /// Where to write sign.json.
    KSIGN_RECORD_FILE;

    /// Public keys to trust, as a list of paths or `env://NAME`.
    KDEPLOY_KEY;
    /// The identity to trust, exactly.
    KDEPLOY_CERTIFICATE_IDENTITY;
    /// The issuer of the identity to trust, exactly.
    KDEPLOY_CERTIFICATE_OIDC_ISSUER;
    /// The hand-off file that names the image to deploy. Default: `build.env`.
    KDEPLOY_HANDOFF;
    /// What stands before the keys of the hand-off file.
    KDEPLOY_ENV_PREFIX;
    /// Manifests to deploy, as a list of files.
    KDEPLOY_MANIFESTS;
    /// `true`: write the artifacts, touch no cluster.
    KDEPLOY_OFFLINE;
    /// Where to write the artifacts of `apply`.
    KDEPLOY_OUTPUT_DIR;
    /// The kind of policy: `ivpol`, `clusterpolicy` or `cip`.
    KDEPLOY_POLICY_TYPE;
    /// The version of Kyverno that the policy is for.
    KDEPLOY_KYVERNO;

    /// Registries spoken to over plain HTTP, as a list of hosts.
    KTRUST_INSECURE_REGISTRIES;
    /// A PEM file with certificate authorities to trust besides the built-in ones.
    KTRUST_REGISTRY_CA;

    /// Seconds since 1970 that the image's times are clamped to: two builds give one digest.
    SOURCE_DATE_EPOCH;

    /// Registry credentials: a docker config.json, as text or as the path of a file-type variable.
    DOCKER_AUTH_CONFIG;
    /// The directory of docker's config.json.
    DOCKER_CONFIG;
    /// A file like docker's config.json, podman's name.
    REGISTRY_AUTH_FILE;
    /// GitLab's container registry.
    CI_REGISTRY;
    /// The project's repository in it.
    CI_REGISTRY_IMAGE;
    /// Its user.
    CI_REGISTRY_USER;
    /// Its password, the job token.
    CI_REGISTRY_PASSWORD;
    /// A deploy token's user.
    CI_DEPLOY_USER;
    /// A deploy token's password.
    CI_DEPLOY_PASSWORD;
    /// GitLab's dependency proxy, with its port.
    CI_DEPENDENCY_PROXY_SERVER;
    /// Its user.
    CI_DEPENDENCY_PROXY_USER;
    /// Its password.
    CI_DEPENDENCY_PROXY_PASSWORD;
    /// Docker Hub's user, as in the pipeline that ktrust replaces.
    DOCKERHUB_USER;
    /// Docker Hub's token.
    DOCKERHUB_TOKEN;

    /// Certificate authorities to add: a file.
    SSL_CERT_FILE;
    /// Certificate authorities to add: a directory.
    SSL_CERT_DIR;
    /// GitLab's own certificate authority: a file.
    CI_SERVER_TLS_CA_FILE;

    /// Set by GitLab; sections in the log.
    GITLAB_CI;
    /// Turns colours off (<https://no-color.org>).
    NO_COLOR;
    /// The home directory, for docker's config.json.
    HOME;
    /// For podman's auth.json.
    XDG_RUNTIME_DIR;
    /// Where programs are, for git.
    PATH;
    /// A proxy for `http://` addresses, also in small letters.
    HTTP_PROXY;
    /// A proxy for `https://` addresses, also in small letters.
    HTTPS_PROXY;
    /// A proxy for all addresses, also in small letters.
    ALL_PROXY;
    /// Hosts that no proxy is used for, also in small letters.
    NO_PROXY;
    /// The socket of an SSH agent: for `--ssh default`, and for build contexts of git.
    SSH_AUTH_SOCK;
    /// The checked-out project.
    CI_PROJECT_DIR;
    /// The project's page.
    CI_PROJECT_URL;
    /// The project's path.
    CI_PROJECT_PATH;
    /// The commit.
    CI_COMMIT_SHA;
    /// The short commit.
    CI_COMMIT_SHORT_SHA;
    /// The tag, in tag pipelines.
    CI_COMMIT_TAG;
    /// Branch or tag, made fit for a tag.
    CI_COMMIT_REF_SLUG;
    /// Branch or tag.
    CI_COMMIT_REF_NAME;
    /// Whether the ref is protected.
    CI_COMMIT_REF_PROTECTED;
    /// Why the pipeline runs.
    CI_PIPELINE_SOURCE;
    /// The pipeline's page.
    CI_PIPELINE_URL;
    /// The job's page.
    CI_JOB_URL;
    /// The identity that a keyless signature of this pipeline carries.
    CI_CONFIG_REF_URI;
}

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn each_name_is_there_once() {
        let mut names: Vec<_> = ALL.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
