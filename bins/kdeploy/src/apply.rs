//! `kdeploy apply`: verify, pin, write the policy; to a cluster later, as files now.
//!
//! Everything is computed before anything is written, and nothing is written unless every image is signed
//! by the expected key: a manifest on disk is a manifest that somebody applies.

use std::path::{Path, PathBuf};

use ktrust_admission::{Pin, Pinned, Repository, generate, pin, probe};
use ktrust_console::Printer;
use ktrust_oci::ImageReference;
use ktrust_oci::file::write_atomic;
use ktrust_pipeline::{BuildRecord, Tool};

use crate::error::Error;
use crate::images::{Judged, judge};
use crate::manifests;
use crate::record::{DeployRecord, ImageRecord, ManifestRecord, PolicyRecord};
use crate::settings::Apply;
use crate::verify::require;

/// Files of ours in the output directory, which no manifest may be called.
const POLICY: &str = "policy.yaml";
const PROBE: &str = "probe.yaml";
const RECORD: &str = "deploy.json";

pub(crate) async fn run(settings: &Apply, printer: &Printer) -> Result<(), Error> {
    let manifests = manifests::read(&settings.files)?;
    let judged = verify(settings, printer).await?;
    let images: Vec<_> = settings
        .images
        .iter()
        .zip(&judged)
        .map(|(image, judged)| (image, judged.verification.subject.clone()))
        .collect();
    let pins = manifests::pins(&images, settings.repository.as_ref(), &manifests, printer)?;
    let pinned = pin(&manifests, &pins)?;
    manifests::report(&pinned, printer);
    let files = files(settings, &judged, &pins, &pinned, printer)?;
    write(&settings.output, &files, printer)
}

async fn verify(settings: &Apply, printer: &Printer) -> Result<Vec<Judged>, Error> {
    let _section = printer.section("deploy.verify", "Verify");
    let mut judged = Vec::new();
    for image in &settings.images {
        judged.push(judge(&settings.client, &settings.signed_by, image).await?);
    }
    require(&judged, printer)?;
    Ok(judged)
}

/// Every file to write, by name; the record last, so that whoever finds it finds the rest.
fn files(
    settings: &Apply,
    judged: &[Judged],
    pins: &[Pin],
    pinned: &[Pinned],
    printer: &Printer,
) -> Result<Vec<(String, String)>, Error> {
    let names = names(&settings.files)?;
    let mut files: Vec<(String, String)> =
        names.iter().cloned().zip(pinned.iter().map(|manifest| manifest.text.clone())).collect();

    let mut repositories: Vec<Repository> = pins.iter().map(|pin| pin.target.clone()).collect();
    repositories.dedup();
    let trust = settings.policy.trust(repositories)?;
    let policy = generate(settings.policy.kind, &trust, settings.policy.version)?;
    files.push((POLICY.into(), policy.to_yaml()?));
    for warning in &policy.warnings {
        printer.warn(warning);
    }

    let unsigned = unsigned(settings, judged, pins)?;
    match &unsigned {
        Some(image) => files.push((PROBE.into(), probe("ktrust-probe", namespace(pinned).as_deref(), image)?)),
        None => printer.warn(
            "no probe: build with `kbuild build --probe`, so that there is an unsigned image that the cluster must refuse",
        ),
    }
    let record = DeployRecord {
        schema: 1,
        tool: Tool { name: "kdeploy".into(), version: env!("CARGO_PKG_VERSION").into() },
        offline: true,
        images: judged.iter().map(ImageRecord::from).collect(),
        manifests: pinned
            .iter()
            .zip(&names)
            .map(|(manifest, file)| ManifestRecord::new(manifest, file))
            .collect(),
        policy: PolicyRecord {
            kind: settings.policy.kind.to_string(),
            name: trust.name().to_owned(),
            file: POLICY.into(),
            kyverno: settings.policy.version.to_string(),
            warnings: policy.warnings,
        },
        probe: unsigned,
    };
    files.push((RECORD.into(), format!("{}\n", serde_json::to_string_pretty(&record)?)));
    Ok(files)
}

/// The names of the written manifests: their own, or, where two would be one, their paths in one word.
fn names(paths: &[PathBuf]) -> Result<Vec<String>, Error> {
    let own = |path: &PathBuf| match path.file_name() {
        Some(name) if path.as_os_str() != "-" => name.to_string_lossy().into_owned(),
        _ => "deployment.yaml".to_owned(),
    };
    let names: Vec<String> = paths.iter().map(own).collect();
    let taken = |name: &str, all: &[String]| {
        [POLICY, PROBE, RECORD].contains(&name) || all.iter().filter(|other| *other == name).count() > 1
    };
    let long = |(path, name): (&PathBuf, &String)| {
        if taken(name, &names) { path.display().to_string().replace('/', "-") } else { name.clone() }
    };
    let unique: Vec<String> = paths.iter().zip(&names).map(long).collect();
    match unique.iter().find(|name| taken(name, &unique)) {
        Some(name) => Err(Error::usage(
            format!("two files of the result would be called `{name}`"),
            "name each manifest once, and none `policy.yaml`, `probe.yaml` or `deploy.json`",
        )),
        None => Ok(unique),
    }
}

/// The unsigned probe that the build named, in the repository that the cluster pulls from.
fn unsigned(settings: &Apply, judged: &[Judged], pins: &[Pin]) -> Result<Option<String>, Error> {
    let (Some(path), Some(image), Some(pin)) = (&settings.build_record, judged.first(), pins.first()) else {
        return Ok(None);
    };
    let record = BuildRecord::read(path)?;
    let broken = |problem: String| Error::Handoff { image: image.reference.to_string(), problem };
    if record.digest != image.verification.subject {
        return Err(broken(format!("`{}` is about `{}`", path.display(), record.digest)));
    }
    let Some(probe) = record.probe else { return Ok(None) };
    let reference: ImageReference = probe
        .reference
        .parse()
        .map_err(|source| Error::Reference { text: probe.reference.clone(), source })?;
    match reference.digest() {
        Some(digest) if reference.name() == image.reference.name() && *digest != record.digest => {
            Ok(Some(format!("{}@{digest}", pin.target)))
        }
        _ => Err(broken(format!("the probe `{}` is not another image of its repository", probe.reference))),
    }
}

/// The namespace of the pinned workload, so that the probe meets the same policies.
fn namespace(pinned: &[Pinned]) -> Option<String> {
    pinned.iter().flat_map(|manifest| &manifest.changes).find_map(|change| change.image.namespace.clone())
}

fn write(directory: &Path, files: &[(String, String)], printer: &Printer) -> Result<(), Error> {
    std::fs::create_dir_all(directory)
        .map_err(|source| Error::Directory { path: directory.to_owned(), source })?;
    // A probe of an earlier run would prove nothing about this image.
    let stale = directory.join(PROBE);
    if stale.exists() && !files.iter().any(|(name, _)| name == PROBE) {
        std::fs::remove_file(&stale).map_err(|source| Error::Read { path: stale, source })?;
    }
    for (name, text) in files {
        let path = directory.join(name);
        write_atomic(&path, text.as_bytes()).map_err(|source| Error::Write { path: path.clone(), source })?;
        printer.data(path.display().to_string());
    }
    Ok(())
}
