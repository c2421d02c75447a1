//! `--output`: where the result goes, in the words of docker buildx.
//!
//! An attribute that is not known is an error, and so is a known one with a value that asks for what kbuild
//! does not do: an output that is silently something else is worse than none.

use std::path::PathBuf;

use ktrust_dockerfile::csv;
use ktrust_oci::{ImageReference, media_type};

use super::annotation::{self, Annotation};
use super::output::reference;
use crate::error::Error;

/// One place that the result is written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Output {
    pub(crate) place: Place,
    pub(crate) form: Form,
    /// What the image is called in a file.
    pub(crate) names: Vec<ImageReference>,
}

/// Where the result goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A repository, in a registry or a layout, under the reference's tag or by digest alone.
    Repository { reference: ImageReference, by_digest: bool },
    /// A layout on disk, under the names of the tags.
    Layout(PathBuf),
    /// A layout in a tar, with docker's list of contents or without.
    Archive { docker: bool, to: Stream },
    /// The root file system as a tar. `split`: each platform in a folder of its own.
    RootArchive { to: Stream, split: Option<bool> },
    /// The root file system as files.
    Directory { to: PathBuf, split: Option<bool> },
}

/// A file, or standard output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    File(PathBuf),
    Stdout,
}

/// How an image's documents are written. Two outputs of one form have one digest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Form {
    /// Docker's media types in place of OCI's.
    pub(crate) docker_types: bool,
    /// An index, though there is one platform only.
    pub(crate) index: bool,
    pub(crate) annotations: Vec<Annotation>,
}

impl Form {
    /// The media types of a configuration, a gzip layer, a manifest and an index.
    pub(crate) fn media_types(&self) -> [&'static str; 4] {
        if self.docker_types {
            let layer = media_type::DOCKER_LAYER_GZIP;
            [media_type::DOCKER_CONFIG, layer, media_type::DOCKER_MANIFEST, media_type::DOCKER_INDEX]
        } else {
            let layer = media_type::OCI_LAYER_GZIP;
            [media_type::OCI_CONFIG, layer, media_type::OCI_MANIFEST, media_type::OCI_INDEX]
        }
    }
}

/// Reads every `--output`. `names` are the tags' references, `form` what the command line says of all.
pub(super) fn outputs(given: &[String], names: &[ImageReference], form: &Form) -> Result<Vec<Output>, Error> {
    let mut outputs = Vec::new();
    for text in given {
        outputs.extend(Spec::parse(text)?.outputs(names, form)?);
    }
    let to_stdout = |output: &&Output| {
        matches!(
            &output.place,
            Place::Archive { to: Stream::Stdout, .. } | Place::RootArchive { to: Stream::Stdout, .. }
        )
    };
    if outputs.iter().filter(to_stdout).count() > 1 {
        return Err(Error::usage("several outputs go to standard output", "give all but one a `dest=FILE`"));
    }
    Ok(outputs)
}

/// A specification, field by field.
struct Spec<'a> {
    text: &'a str,
    kind: String,
    dest: Option<String>,
    attributes: Vec<(String, String)>,
}

/// Attributes that mean nothing here or cannot be done: the values that say what kbuild does anyway, and
/// what to do else.
const FIXED: [(&str, &[&str], &str); 14] = [
    ("compression", &["gzip"], "layers are compressed with gzip"),
    ("compression-level", &[], "the level of gzip is fixed, so that equal layers have equal digests"),
    ("force-compression", NO, "layers of base images stay as they are"),
    ("rewrite-timestamp", YES, "times are always clamped to SOURCE_DATE_EPOCH, where it is set"),
    ("source-date-epoch", &[], "set the variable SOURCE_DATE_EPOCH"),
    ("prefer-nondist-layers", NO, "all layers are written"),
    ("oci-artifact", NO, "kbuild writes no attestations; `ksign attest` will"),
    ("attestation-inline", NO, "kbuild writes no attestations; `ksign attest` will"),
    ("attestation-prefix", &[], "kbuild writes no attestations; `ksign attest` will"),
    ("unpack", NO, "there is no daemon: load the archive of `-o type=docker,dest=FILE`"),
    ("store", NO, "there is no daemon: load the archive of `-o type=docker,dest=FILE`"),
    ("context", &[], "there is no daemon: load the archive of `-o type=docker,dest=FILE`"),
    ("registry.insecure", NO, "name the registry with `--insecure-registry HOST`"),
    ("mode", &["copy"], "existing files stay: remove the directory first"),
];
const YES: &[&str] = &["true", "1", "t", "T", "TRUE", "True"];
const NO: &[&str] = &["false", "0", "f", "F", "FALSE", "False"];

/// Attributes of every image, of images in repositories, in files, and of file systems.
const IMAGE: [&str; 13] = [
    "name",
    "oci-mediatypes",
    "annotation…",
    "compression",
    "compression-level",
    "force-compression",
    "rewrite-timestamp",
    "source-date-epoch",
    "prefer-nondist-layers",
    "oci-artifact",
    "attestation-inline",
    "unpack",
    "store",
];
const REPOSITORY: [&str; 4] = ["push", "push-by-digest", "name-canonical", "registry.insecure"];
const FILE: [&str; 3] = ["dest", "tar", "context"];
const FILES: [&str; 5] = ["dest", "platform-split", "mode", "attestation-prefix", "source-date-epoch"];

impl<'a> Spec<'a> {
    /// `FIELD,FIELD…` as CSV; a text without `=` is a directory, `-` is the tar on standard output.
    fn parse(text: &'a str) -> Result<Self, Error> {
        let wrong = |why: String| Error::usage(format!("`--output {text}`: {why}"), KINDS_HINT);
        let fields = csv::fields(text).map_err(|error| wrong(error.to_string()))?;
        let mut spec = Self { text, kind: String::new(), dest: None, attributes: Vec::new() };
        if fields.len() == 1 && fields[0] == text && !text.starts_with("type=") {
            spec.kind = if text == "-" { "tar".into() } else { "local".into() };
            spec.dest = Some(text.into());
            return Ok(spec);
        }
        for field in &fields {
            let (name, value) =
                field.split_once('=').ok_or_else(|| wrong(format!("`{field}` is not NAME=VALUE")))?;
            match name.trim().to_lowercase().as_str() {
                "type" => spec.kind = value.into(),
                "dest" => spec.dest = Some(value.into()),
                // A note's own key keeps its capitals.
                other if other.starts_with("annotation") => {
                    spec.attributes.push((name.trim().into(), value.into()));
                }
                other => spec.attributes.push((other.into(), value.into())),
            }
        }
        if spec.kind.is_empty() {
            return Err(wrong("`type=` is missing".into()));
        }
        Ok(spec)
    }

    fn wrong(&self, why: &str, hint: impl Into<String>) -> Error {
        Error::usage(format!("`--output {}`: {why}", self.text), hint)
    }

    fn outputs(mut self, names: &[ImageReference], form: &Form) -> Result<Vec<Output>, Error> {
        match self.kind.as_str() {
            "image" | "registry" => self.repositories(names, form),
            "oci" | "docker" => self.image_file(names, form),
            "tar" | "local" => {
                let place = self.files()?;
                Ok(vec![Output { place, form: form.clone(), names: Vec::new() }])
            }
            "cacheonly" => self.finish(&[]).map(|()| Vec::new()),
            other => Err(self.wrong(&format!("there is no type `{other}`"), KINDS_HINT)),
        }
    }

    /// `type=image` and `type=registry`.
    fn repositories(&mut self, tags: &[ImageReference], form: &Form) -> Result<Vec<Output>, Error> {
        let push = self.switch("push", self.kind == "registry")?;
        let by_digest = self.switch("push-by-digest", false)?;
        self.switch("name-canonical", false)?;
        let names = self.names(tags)?;
        let form = self.form(form)?;
        if self.dest.is_some() {
            return Err(self.wrong("a repository has no `dest`", "name it with `name=REPOSITORY:TAG`"));
        }
        self.finish(&[&IMAGE, &REPOSITORY])?;
        if !push {
            return Ok(Vec::new());
        }
        if names.is_empty() {
            let hint = "name one with `-t REPOSITORY:TAG` or `name=REPOSITORY:TAG`";
            return Err(self.wrong("there is no name to push to", hint));
        }
        let output = |reference| Output {
            place: Place::Repository { reference, by_digest },
            form: form.clone(),
            names: Vec::new(),
        };
        Ok(names.into_iter().map(output).collect())
    }

    /// `type=oci` and `type=docker`.
    fn image_file(&mut self, tags: &[ImageReference], form: &Form) -> Result<Vec<Output>, Error> {
        let tar = self.switch("tar", true)?;
        let docker = self.kind == "docker";
        let names = self.names(tags)?;
        let form = self.form(form)?;
        self.finish(&[&IMAGE, &FILE])?;
        let place = match (tar, docker) {
            (false, true) => {
                let hint = "write a layout with `type=oci,tar=false,dest=DIR`";
                return Err(self.wrong("docker's archive is always a tar", hint));
            }
            (false, false) => Place::Layout(self.directory()?),
            (true, _) if docker && self.dest.is_none() => {
                let hint = "write the archive with `dest=FILE`, then `docker load -i FILE`";
                return Err(self.wrong("there is no daemon to load the image into", hint));
            }
            (true, _) => Place::Archive { docker, to: self.stream()? },
        };
        Ok(vec![Output { place, form, names }])
    }

    /// `type=tar` and `type=local`.
    fn files(&mut self) -> Result<Place, Error> {
        let split = match self.take("platform-split") {
            Some(value) => Some(self.boolean("platform-split", &value)?),
            None => None,
        };
        self.finish(&[&FILES])?;
        Ok(if self.kind == "tar" {
            Place::RootArchive { to: self.stream()?, split }
        } else {
            Place::Directory { to: self.directory()?, split }
        })
    }

    fn form(&mut self, common: &Form) -> Result<Form, Error> {
        let docker_types = !self.switch("oci-mediatypes", true)?;
        let mut form = Form { docker_types, ..common.clone() };
        let (notes, rest): (Vec<_>, Vec<_>) =
            self.attributes.drain(..).partition(|(name, _)| name.starts_with("annotation"));
        self.attributes = rest;
        for (name, value) in notes {
            let hint = "write `annotation.KEY=VALUE` or `annotation-index.KEY=VALUE`";
            let note = annotation::attribute(&name, &value)
                .ok_or_else(|| self.wrong(&format!("`{name}` is not an annotation"), hint))?;
            form.annotations.push(note);
        }
        if docker_types && !form.annotations.is_empty() {
            return Err(self.wrong("Docker's media types know no annotations", "leave `oci-mediatypes` out"));
        }
        Ok(form)
    }

    /// The tags' references, as in buildx, else those of `name=`.
    fn names(&mut self, tags: &[ImageReference]) -> Result<Vec<ImageReference>, Error> {
        let own = self.take("name").filter(|_| tags.is_empty()).unwrap_or_default();
        if !tags.is_empty() {
            return Ok(tags.to_vec());
        }
        own.split(',').filter(|name| !name.is_empty()).map(reference).collect()
    }

    fn stream(&self) -> Result<Stream, Error> {
        match self.dest.as_deref() {
            None | Some("" | "-") => Ok(Stream::Stdout),
            Some(path) if PathBuf::from(path).is_dir() => {
                Err(self.wrong(&format!("`{path}` is a directory"), "name a file"))
            }
            Some(path) => Ok(Stream::File(path.into())),
        }
    }

    fn directory(&self) -> Result<PathBuf, Error> {
        match self.dest.as_deref() {
            None | Some("") => Err(self.wrong("`dest` is missing", "name a directory: `dest=DIR`")),
            Some("-") => Err(self.wrong("a directory cannot go to standard output", "use `type=tar`")),
            Some(path) if PathBuf::from(path).exists() && !PathBuf::from(path).is_dir() => {
                Err(self.wrong(&format!("`{path}` is not a directory"), "name a directory"))
            }
            Some(path) => Ok(path.into()),
        }
    }

    /// The last value of an attribute, which is then done with.
    fn take(&mut self, name: &str) -> Option<String> {
        let mut found = None;
        self.attributes.retain(|(known, value)| {
            let same = known == name;
            if same {
                found = Some(value.clone());
            }
            !same
        });
        found
    }

    fn switch(&mut self, name: &str, default: bool) -> Result<bool, Error> {
        self.take(name).map_or(Ok(default), |value| self.boolean(name, &value))
    }

    fn boolean(&self, name: &str, value: &str) -> Result<bool, Error> {
        match value {
            "" => Ok(true),
            value if YES.contains(&value) => Ok(true),
            value if NO.contains(&value) => Ok(false),
            _ => Err(self.wrong(&format!("`{name}={value}`"), "it is `true` or `false`")),
        }
    }

    /// Refuses what is left.
    fn finish(&self, known: &[&[&str]]) -> Result<(), Error> {
        let known: Vec<&str> = known.iter().copied().flatten().copied().collect();
        for (name, value) in &self.attributes {
            let fixed = FIXED.iter().find(|(fixed, ..)| fixed == name && known.contains(&name.as_str()));
            match fixed {
                Some((_, accepted, _)) if accepted.contains(&value.as_str()) => {}
                Some((.., hint)) => {
                    return Err(self.wrong(&format!("`{name}={value}` is not supported"), *hint));
                }
                None => {
                    let hint = if known.is_empty() {
                        "it has none".to_owned()
                    } else {
                        format!("`type={}` has {}", self.kind, known.join(", "))
                    };
                    return Err(self.wrong(&format!("there is no attribute `{name}`"), hint));
                }
            }
        }
        Ok(())
    }
}

const KINDS_HINT: &str = "write `type=TYPE,NAME=VALUE…` with a type of image, registry, oci, docker, tar and \
                          local, or a directory, or `-`";

#[cfg(test)]
mod tests;
