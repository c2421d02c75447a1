//! What the command line means: flag, then variable, then default.

use std::path::PathBuf;

use ktrust_admission::{
    Authority, Enforcement, KyvernoVersion, PolicyKind, Repository, SignatureFormat, Trust,
};
use ktrust_oci::ImageReference;
use ktrust_pipeline::{Environment, OutputFormat, flag, list, registry_client, variables as var};
use ktrust_registry::Client;
use ktrust_signature::Policy as SignaturePolicy;
use ktrust_sigstore::PublicKey;

use crate::cli::{
    ApplyArguments, GenerateArguments, ManifestArguments, PinArguments, PolicyArguments,
    SignatureFormat as Format, VerifyArguments,
};
use crate::error::Error;
use crate::expected::Expected;
use crate::images::{Image, handed_on};

/// `kdeploy policy generate` in plain values.
pub(crate) struct Generate {
    pub(crate) repositories: Vec<Repository>,
    pub(crate) policy: PolicySettings,
    pub(crate) output: Option<PathBuf>,
}

/// `kdeploy verify` in plain values.
pub(crate) struct Verify {
    pub(crate) client: Client,
    pub(crate) images: Vec<Image>,
    pub(crate) policy: SignaturePolicy,
    pub(crate) format: OutputFormat,
    pub(crate) report_junit: Option<PathBuf>,
}

/// `kdeploy pin` in plain values.
pub(crate) struct Pin {
    pub(crate) files: Vec<PathBuf>,
    pub(crate) images: Vec<Image>,
    pub(crate) repository: Option<Repository>,
    pub(crate) target: Target,
}

/// Where pinned manifests go.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Target {
    StandardOutput,
    File(PathBuf),
    InPlace,
}

/// `kdeploy apply` in plain values.
pub(crate) struct Apply {
    pub(crate) client: Client,
    pub(crate) files: Vec<PathBuf>,
    pub(crate) images: Vec<Image>,
    pub(crate) repository: Option<Repository>,
    pub(crate) signed_by: SignaturePolicy,
    pub(crate) policy: PolicySettings,
    pub(crate) build_record: Option<PathBuf>,
    pub(crate) output: PathBuf,
}

/// What kind of policy, without the repositories.
pub(crate) struct PolicySettings {
    pub(crate) kind: PolicyKind,
    pub(crate) version: KyvernoVersion,
    name: Option<String>,
    namespaces: Vec<String>,
    enforcement: Enforcement,
    format: SignatureFormat,
    authority: Authority,
}

impl PolicySettings {
    fn resolve(
        arguments: &PolicyArguments,
        expected: Expected,
        environment: &dyn Environment,
    ) -> Result<Self, Error> {
        let variable = |name| environment.non_empty(name);
        let kind = match (arguments.kind, variable(var::KDEPLOY_POLICY_TYPE)) {
            (Some(kind), _) => kind,
            (None, Some(text)) => {
                text.parse().map_err(|expected| wrong(var::KDEPLOY_POLICY_TYPE, text, expected))?
            }
            (None, None) => PolicyKind::ImageValidating,
        };
        let version = match (arguments.kyverno, variable(var::KDEPLOY_KYVERNO)) {
            (Some(version), _) => version,
            (None, Some(text)) => text.parse()?,
            (None, None) => KyvernoVersion::DEFAULT,
        };
        Ok(Self {
            kind,
            version,
            name: arguments.policy_name.clone(),
            namespaces: arguments.policy_namespaces.clone(),
            enforcement: if arguments.audit { Enforcement::Audit } else { Enforcement::Deny },
            format: match arguments.signature_format {
                Some(Format::Bundle) => SignatureFormat::Bundle,
                Some(Format::Legacy) | None => SignatureFormat::Legacy,
            },
            authority: authority(expected, arguments.rekor_url.clone()),
        })
    }

    /// The trust in these repositories.
    pub(crate) fn trust(&self, repositories: Vec<Repository>) -> Result<Trust, Error> {
        let mut trust = Trust::new(repositories, self.authority.clone())?.within(self.namespaces.clone())?;
        if let Some(name) = &self.name {
            trust = trust.named(name)?;
        }
        trust.enforcement = self.enforcement;
        trust.format = self.format;
        Ok(trust)
    }
}

fn authority(expected: Expected, rekor_url: Option<String>) -> Authority {
    match expected {
        Expected::Keys(keys) => Authority::Keys { keys, log: rekor_url },
        Expected::Identity(identity) => match (Authority::keyless(identity), rekor_url) {
            (Authority::Keyless { identity, authority, .. }, Some(log)) => {
                Authority::Keyless { identity, log, authority }
            }
            (authority, _) => authority,
        },
    }
}

impl Generate {
    /// Reads variables, keys and the hand-off.
    pub(crate) fn resolve(
        arguments: &GenerateArguments,
        environment: &dyn Environment,
    ) -> Result<Self, Error> {
        let expected = Expected::resolve(&arguments.expected, environment)?;
        let mut repositories = arguments.repositories.clone();
        if repositories.is_empty() {
            let (_, image) = handed_on(&arguments.handoff, environment)?;
            repositories.push(cluster_repository(&image.reference)?);
        }
        Ok(Self {
            repositories,
            policy: PolicySettings::resolve(&arguments.policy, expected, environment)?,
            output: arguments.output.clone(),
        })
    }
}

impl Verify {
    /// Reads variables, keys and the hand-off; touches no registry.
    pub(crate) fn resolve(arguments: &VerifyArguments, environment: &dyn Environment) -> Result<Self, Error> {
        let policy = signed_by(&Expected::resolve(&arguments.expected, environment)?)?;
        let images = if arguments.images.is_empty() {
            vec![handed_on(&arguments.handoff, environment)?.1]
        } else {
            arguments.images.iter().map(|text| Image::parse(text, false)).collect::<Result<_, _>>()?
        };
        Ok(Self {
            client: registry_client(environment, &arguments.registry)?,
            images,
            policy,
            format: arguments.format,
            report_junit: arguments.report_junit.clone(),
        })
    }
}

impl Pin {
    /// Reads variables and the hand-off.
    pub(crate) fn resolve(arguments: &PinArguments, environment: &dyn Environment) -> Result<Self, Error> {
        let images = match named(&arguments.manifests)? {
            images if images.is_empty() => vec![handed_on(&arguments.handoff, environment)?.1],
            images => images,
        };
        let files = files(&arguments.manifests, environment)?;
        let standard_input = files.iter().any(|file| file.as_os_str() == "-");
        let target = match &arguments.output {
            Some(path) if path.as_os_str() != "-" => Target::File(path.clone()),
            None if arguments.in_place && standard_input => {
                return Err(Error::usage(
                    "standard input cannot be changed in place",
                    "name a file with `-f`",
                ));
            }
            None if arguments.in_place => Target::InPlace,
            _ => Target::StandardOutput,
        };
        Ok(Self { files, images, repository: arguments.manifests.repository.clone(), target })
    }
}

impl Apply {
    /// Reads variables, keys and the hand-off; touches no registry.
    pub(crate) fn resolve(arguments: &ApplyArguments, environment: &dyn Environment) -> Result<Self, Error> {
        if !arguments.offline && !flag(var::KDEPLOY_OFFLINE, environment)? {
            return Err(Error::usage(
                "deploying to a cluster is not there yet",
                "`kdeploy apply --offline` writes the pinned manifests and the policy as files: apply them with kubectl",
            ));
        }
        let expected = Expected::resolve(&arguments.expected, environment)?;
        let signed_by = signed_by(&expected)?;
        let (images, record) = match named(&arguments.manifests)? {
            images if images.is_empty() => {
                let (file, image) = handed_on(&arguments.handoff, environment)?;
                (vec![image], Some(file.with_extension("json")).filter(|record| record.exists()))
            }
            images => (images, None),
        };
        let output = arguments.out_dir.clone();
        Ok(Self {
            client: registry_client(environment, &arguments.registry)?,
            files: files(&arguments.manifests, environment)?,
            images,
            repository: arguments.manifests.repository.clone(),
            signed_by,
            policy: PolicySettings::resolve(&arguments.policy, expected, environment)?,
            build_record: arguments.build_record.clone().or(record),
            output: output
                .or_else(|| environment.non_empty(var::KDEPLOY_OUTPUT_DIR).map(PathBuf::from))
                .unwrap_or_else(|| "deploy".into()),
        })
    }
}

/// The policy that signatures are judged by. Identities are refused here, so that none is ever passed
/// without having been looked at.
fn signed_by(expected: &Expected) -> Result<SignaturePolicy, Error> {
    let Expected::Keys(keys) = expected else {
        return Err(Error::usage(
            "verifying an identity is not there yet",
            "sign with a key and name its public half with `--key`; `policy generate` does take identities",
        ));
    };
    let mut keys = keys.iter().map(PublicKey::from_pem);
    let first = keys.next().ok_or_else(|| Error::usage("no key", "name the public key with `--key`"))??;
    keys.try_fold(SignaturePolicy::key(first), |policy, key| Ok(policy.or_key(key?)))
}

fn named(arguments: &ManifestArguments) -> Result<Vec<Image>, Error> {
    let images = arguments.images.iter().map(|text| match Image::parse(text, true)? {
        image if image.reference.digest().is_some() => Ok(image),
        _ => Err(Error::usage(
            format!("`{text}` has no digest"),
            "write `REPOSITORY@sha256:…`: a tag may be another image tomorrow",
        )),
    });
    images.collect()
}

fn files(arguments: &ManifestArguments, environment: &dyn Environment) -> Result<Vec<PathBuf>, Error> {
    let mut files = arguments.files.clone();
    if files.is_empty() {
        files.extend(list(var::KDEPLOY_MANIFESTS, environment)?.into_iter().map(PathBuf::from));
    }
    if files.iter().filter(|file| file.as_os_str() == "-").count() > 1 {
        return Err(Error::usage("standard input is named twice", "`-f -` reads all of it"));
    }
    if files.is_empty() {
        return Err(Error::usage("no manifest", "name it with `-f`, or pipe it in with `-f -`"));
    }
    Ok(files)
}

/// The repository that a cluster can pull from.
fn cluster_repository(reference: &ImageReference) -> Result<Repository, Error> {
    match reference {
        ImageReference::Registry(reference) => Ok(Repository::from(reference)),
        ImageReference::Layout(_) => Err(Error::usage(
            format!("the image is in `{}`, which no cluster can pull from", reference.name()),
            "name the repository that the cluster pulls from with `--repository`",
        )),
    }
}

fn wrong(name: &str, value: String, expected: String) -> Error {
    ktrust_pipeline::Error::Value { name: name.to_owned(), value, expected }.into()
}
