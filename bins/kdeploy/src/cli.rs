//! The command line: what was typed, nothing more. [`crate::settings`] says what it means.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use ktrust_admission::{KyvernoVersion, PolicyKind, Repository};
use ktrust_pipeline::{CommonArguments, OutputFormat, RegistryArguments};

/// Verifies images, pins them in manifests, and writes the policies that keep others out
#[derive(Debug, Parser)]
#[command(name = "kdeploy", version, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: CommonArguments,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER_HELP: &str = "\
Start: kdeploy apply --offline --key cosign.pub -f deployment.yaml
Step by step: kdeploy verify --key cosign.pub
              kdeploy pin -f deployment.yaml
              kdeploy policy generate --key cosign.pub
The image is the one that `kbuild build --handoff build.env` handed on, unless one is named.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Policies that demand signatures
    Policy {
        #[command(subcommand)]
        command: PolicyCommand,
    },
    /// Check that images are signed by the expected key
    Verify(Box<VerifyArguments>),
    /// Replace images in manifests by their digests
    Pin(Box<PinArguments>),
    /// Verify, pin, write the policy, and deploy
    Apply(Box<ApplyArguments>),
}

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Write a policy that lets in only images signed as expected
    Generate(Box<GenerateArguments>),
}

/// `kdeploy policy generate`.
#[derive(Debug, Default, Args)]
pub(crate) struct GenerateArguments {
    /// The repository to protect, without tag; default: the hand-off's
    #[arg(long = "repository", value_name = "REPOSITORY")]
    pub(crate) repositories: Vec<Repository>,

    /// Write the policy here; default: standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) handoff: HandoffArguments,
    #[command(flatten)]
    pub(crate) expected: ExpectedArguments,
    #[command(flatten)]
    pub(crate) policy: PolicyArguments,
}

/// `kdeploy verify`.
#[derive(Debug, Default, Args)]
pub(crate) struct VerifyArguments {
    /// An image: REPOSITORY[:TAG][@DIGEST], or oci:PATH[:TAG][@DIGEST]; default: the hand-off's
    #[arg(value_name = "IMAGE", conflicts_with = "handoff")]
    pub(crate) images: Vec<String>,

    /// What standard output gets: a reference for each verified image, or everything that was found
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: OutputFormat,

    /// Write a `JUnit` report here, for GitLab's tests tab
    #[arg(long, value_name = "FILE")]
    pub(crate) report_junit: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) handoff: HandoffArguments,
    #[command(flatten)]
    pub(crate) expected: ExpectedArguments,
    #[command(flatten)]
    pub(crate) registry: RegistryArguments,
}

/// `kdeploy pin`.
#[derive(Debug, Default, Args)]
pub(crate) struct PinArguments {
    /// Write the result here; default: standard output
    #[arg(short, long, value_name = "FILE", conflicts_with = "in_place")]
    pub(crate) output: Option<PathBuf>,

    /// Change the manifests themselves
    #[arg(long)]
    pub(crate) in_place: bool,

    #[command(flatten)]
    pub(crate) manifests: ManifestArguments,
    #[command(flatten)]
    pub(crate) handoff: HandoffArguments,
}

/// `kdeploy apply`.
#[derive(Debug, Default, Args)]
pub(crate) struct ApplyArguments {
    /// Touch no cluster: write the pinned manifests, the policy and the probe as files
    #[arg(long)]
    pub(crate) offline: bool,

    /// Where the files go; default: `deploy`
    #[arg(long, value_name = "DIR")]
    pub(crate) out_dir: Option<PathBuf>,

    /// The record of the build, which names the unsigned probe; default: the hand-off's name with `.json`
    #[arg(long, value_name = "FILE")]
    pub(crate) build_record: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) manifests: ManifestArguments,
    #[command(flatten)]
    pub(crate) handoff: HandoffArguments,
    #[command(flatten)]
    pub(crate) expected: ExpectedArguments,
    #[command(flatten)]
    pub(crate) policy: PolicyArguments,
    #[command(flatten)]
    pub(crate) registry: RegistryArguments,
}

/// Which hand-off.
#[derive(Debug, Default, Args)]
pub(crate) struct HandoffArguments {
    /// The hand-off of `kbuild build` that names the image; default: build.env
    #[arg(long, value_name = "FILE")]
    pub(crate) handoff: Option<PathBuf>,

    /// What stands before each key of the hand-off
    #[arg(long, value_name = "PREFIX")]
    pub(crate) handoff_prefix: Option<String>,
}

/// Which manifests, and which images in them.
#[derive(Debug, Default, Args)]
pub(crate) struct ManifestArguments {
    /// A Kubernetes manifest; `-` is standard input
    #[arg(short = 'f', long = "filename", value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    /// The image to pin: REFERENCE@DIGEST, or NAME=REFERENCE@DIGEST where manifests call it NAME; default:
    /// the hand-off's
    #[arg(long = "image", value_name = "[NAME=]REFERENCE@DIGEST", conflicts_with = "handoff")]
    pub(crate) images: Vec<String>,

    /// The repository that the cluster pulls from, where the image was built into another place
    #[arg(long, value_name = "REPOSITORY")]
    pub(crate) repository: Option<Repository>,
}

/// Who must have signed. One of key and identity is required.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Expected signer")]
pub(crate) struct ExpectedArguments {
    /// The public key: a file, or `env://VARIABLE`; several while a key is being replaced
    #[arg(long = "key", value_name = "KEY")]
    pub(crate) keys: Vec<String>,

    /// The identity in the signing certificate, exactly
    #[arg(long, value_name = "IDENTITY")]
    pub(crate) certificate_identity: Option<String>,

    /// The identity as a regular expression, which must match all of it
    #[arg(long, value_name = "REGEXP", conflicts_with = "certificate_identity")]
    pub(crate) certificate_identity_regexp: Option<String>,

    /// The issuer of the identity, exactly
    #[arg(long, value_name = "URL")]
    pub(crate) certificate_oidc_issuer: Option<String>,

    /// The issuer as a regular expression, which must match all of it
    #[arg(long, value_name = "REGEXP", conflicts_with = "certificate_oidc_issuer")]
    pub(crate) certificate_oidc_issuer_regexp: Option<String>,
}

/// What kind of policy.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Policy options")]
pub(crate) struct PolicyArguments {
    /// Kyverno's `ivpol` (the default) or `clusterpolicy`, policy-controller's `cip`, or `digest`
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) kind: Option<PolicyKind>,

    /// The version of Kyverno in the cluster; default: 1.19
    #[arg(long, value_name = "VERSION")]
    pub(crate) kyverno: Option<KyvernoVersion>,

    /// The name of the policy; default: derived from the repository
    #[arg(long, value_name = "NAME")]
    pub(crate) policy_name: Option<String>,

    /// Enforce the policy in this namespace only; may be repeated; default: everywhere
    #[arg(long = "policy-namespace", value_name = "NAMESPACE")]
    pub(crate) policy_namespaces: Vec<String>,

    /// Report images that are not signed, and let them in
    #[arg(long)]
    pub(crate) audit: bool,

    /// How the signatures are stored: `legacy` (tags `.sig`, the default) or `bundle`
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) signature_format: Option<SignatureFormat>,

    /// Demand that this transparency log knows signatures by key; default: no log is asked
    #[arg(long, value_name = "URL")]
    pub(crate) rekor_url: Option<String>,
}

/// How signatures are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SignatureFormat {
    /// Tags `.sig`
    Legacy,
    /// Sigstore bundles
    Bundle,
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use super::{Cli, Command};

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_repository_has_no_tag() {
        let typed = |repository: &str| {
            let line = format!("kdeploy policy generate --key k --repository {repository}");
            Cli::try_parse_from(line.split(' ').map(str::to_owned))
        };
        assert!(matches!(typed("nginx").unwrap().command, Command::Policy { .. }));
        assert!(typed("nginx:*").is_err());
    }
}
