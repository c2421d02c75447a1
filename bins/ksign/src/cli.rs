//! The command line: what was typed, nothing more. [`crate::settings`] says what it means.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use ktrust_pipeline::{CommonArguments, OutputFormat, RegistryArguments};

/// Signs images and verifies their signatures
#[derive(Debug, Parser)]
#[command(name = "ksign", version, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: CommonArguments,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER_HELP: &str = "\
Start: ksign generate-key-pair
       ksign sign --key cosign.key registry.example/team/app:1.0
       ksign verify --key cosign.pub registry.example/team/app:1.0
An image may also be a layout on disk: oci:./image:1.0";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a key pair, in the form that cosign makes
    GenerateKeyPair(GenerateArguments),
    /// Sign images
    Sign(Box<SignArguments>),
    /// Verify the signatures of images
    Verify(Box<VerifyArguments>),
    /// List what is attached to an image
    Tree(Box<TreeArguments>),
}

/// `ksign generate-key-pair`.
#[derive(Debug, Args)]
pub(crate) struct GenerateArguments {
    /// Write PREFIX.key and PREFIX.pub
    #[arg(long, value_name = "PREFIX", default_value = "cosign")]
    pub(crate) output_key_prefix: PathBuf,
}

/// `ksign sign`.
#[derive(Debug, Default, Args)]
pub(crate) struct SignArguments {
    /// The private key: a file, or `env://VARIABLE`
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,

    /// An annotation for the signed payload
    #[arg(short = 'a', long = "annotations", value_name = "NAME=VALUE")]
    pub(crate) annotations: Vec<String>,

    /// Sign the images of an index too
    #[arg(short, long)]
    pub(crate) recursive: bool,

    /// Write the record of what was signed (sign.json) here
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,

    /// What standard output gets: a line for each signed digest, or the record
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: OutputFormat,

    /// No transparency log is written, so that only `false` is accepted
    #[arg(long, value_name = "false", hide = true)]
    pub(crate) tlog_upload: Option<bool>,

    /// Accepted as cosign does; ksign never asks
    #[arg(short, long, hide = true)]
    pub(crate) yes: bool,

    #[command(flatten)]
    pub(crate) images: ImageArguments,
    #[command(flatten)]
    pub(crate) later: LaterArguments,
}

/// `ksign verify`.
#[derive(Debug, Default, Args)]
pub(crate) struct VerifyArguments {
    /// The public key of an accepted signer: a file, or `env://VARIABLE`; several if any will do
    #[arg(long = "key", value_name = "KEY")]
    pub(crate) keys: Vec<String>,

    /// An annotation that the signed payload must have
    #[arg(short = 'a', long = "annotations", value_name = "NAME=VALUE")]
    pub(crate) annotations: Vec<String>,

    /// Accepted as cosign does: signatures by a key need no transparency log here
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) insecure_ignore_tlog: Option<bool>,

    #[command(flatten)]
    pub(crate) images: ImageArguments,
    #[command(flatten)]
    pub(crate) later: LaterArguments,
}

/// `ksign tree`.
#[derive(Debug, Default, Args)]
pub(crate) struct TreeArguments {
    /// What standard output gets
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: OutputFormat,

    #[command(flatten)]
    pub(crate) images: ImageArguments,
}

/// Which images, and how to reach them.
#[derive(Debug, Default, Args)]
pub(crate) struct ImageArguments {
    /// An image: REPOSITORY[:TAG][@DIGEST], or oci:PATH[:TAG][@DIGEST]; default: the hand-off's
    #[arg(value_name = "IMAGE")]
    pub(crate) images: Vec<String>,

    /// The hand-off of `kbuild build` that names the image; default: build.env
    #[arg(long, value_name = "FILE", conflicts_with = "images")]
    pub(crate) handoff: Option<PathBuf>,

    /// What stands before each key of the hand-off
    #[arg(long, value_name = "PREFIX")]
    pub(crate) handoff_prefix: Option<String>,

    #[command(flatten)]
    pub(crate) registry: RegistryArguments,
}

/// Well-known flags of cosign for what ksign does not do yet. They are declared to say so: silently
/// unknown they would look like a mistake, and ignored they would be one.
#[derive(Debug, Default, Args)]
pub(crate) struct LaterArguments {
    #[arg(long, hide = true)]
    certificate_identity: Option<String>,
    #[arg(long, hide = true)]
    certificate_identity_regexp: Option<String>,
    #[arg(long, hide = true)]
    certificate_oidc_issuer: Option<String>,
    #[arg(long, hide = true)]
    certificate_oidc_issuer_regexp: Option<String>,
    #[arg(long, hide = true)]
    identity_token: Option<String>,
    #[arg(long, hide = true)]
    oidc_issuer: Option<String>,
    #[arg(long, hide = true)]
    fulcio_url: Option<String>,
    #[arg(long, hide = true)]
    rekor_url: Option<String>,
    #[arg(long, hide = true)]
    timestamp_server_url: Option<String>,
    #[arg(long, hide = true)]
    signing_config: Option<String>,
    #[arg(long, hide = true)]
    trusted_root: Option<String>,
    #[arg(long, hide = true)]
    bundle: Option<String>,
}

impl LaterArguments {
    /// The first of these flags that was given.
    pub(crate) fn first(&self) -> Option<&'static str> {
        let flags = [
            ("--certificate-identity", &self.certificate_identity),
            ("--certificate-identity-regexp", &self.certificate_identity_regexp),
            ("--certificate-oidc-issuer", &self.certificate_oidc_issuer),
            ("--certificate-oidc-issuer-regexp", &self.certificate_oidc_issuer_regexp),
            ("--identity-token", &self.identity_token),
            ("--oidc-issuer", &self.oidc_issuer),
            ("--fulcio-url", &self.fulcio_url),
            ("--rekor-url", &self.rekor_url),
            ("--timestamp-server-url", &self.timestamp_server_url),
            ("--signing-config", &self.signing_config),
            ("--trusted-root", &self.trusted_root),
            ("--bundle", &self.bundle),
        ];
        flags.into_iter().find(|(_, value)| value.is_some()).map(|(flag, _)| flag)
    }
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
    fn flags_of_cosign_mean_the_same() {
        let typed = "ksign sign --key k -a a=b -r -y --tlog-upload=false img";
        let Command::Sign(sign) = Cli::parse_from(typed.split(' ')).command else { unreachable!() };
        assert_eq!((sign.key.as_deref(), sign.tlog_upload, sign.recursive), (Some("k"), Some(false), true));
        let typed = "ksign verify --key k --insecure-ignore-tlog img";
        let Command::Verify(verify) = Cli::parse_from(typed.split(' ')).command else { unreachable!() };
        assert_eq!(verify.images.images, ["img"]);
    }
}
