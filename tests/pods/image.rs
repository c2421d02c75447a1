//! A job image: built from `images/` by the kbuild under test, unpacked by code that is not ours.

use std::fs::File;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use ktrust_tests::pod::Pod;
use ktrust_tests::{Context, bases, place, tamper};
use ktrust_xtask::job_image;
use serde_json::Value;
use tar::Archive;

/// A job image on disk.
pub(crate) struct JobImage {
    /// Its files.
    pub(crate) root: PathBuf,
    /// The `config` of its configuration.
    pub(crate) config: Value,
}

impl JobImage {
    /// Builds and unpacks the image of the program `name`.
    pub(crate) fn build(context: &Context, name: &str) -> Self {
        let prepared = context.path(format!("images/{name}"));
        let program = place::program(name);
        job_image::lay_out(name, &program, &bases::busybox_program(), &prepared).expect("a context");
        let dockerfile = place::repository().join(format!("images/{name}/Dockerfile"));
        let layout = context.path(format!("layouts/{name}"));
        let build = context.kbuild().arg("build").arg(&prepared).arg("--file").arg(dockerfile);
        build.args(["--tag", &format!("oci:{}:job", layout.display())]).run().success();
        Self::unpack(&layout, &context.path(format!("roots/{name}")))
    }

    fn unpack(layout: &Path, root: &Path) -> Self {
        std::fs::create_dir_all(root).expect("an empty directory");
        let read = |descriptor: &Value| json(&tamper::blob(layout, text(&descriptor["digest"])));
        let manifest = read(&json(&layout.join("index.json"))["manifests"][0]);
        for layer in manifest["layers"].as_array().expect("an image has layers") {
            let blob = File::open(tamper::blob(layout, text(&layer["digest"]))).expect("a layer");
            let mut archive = Archive::new(GzDecoder::new(blob));
            archive.set_preserve_permissions(true);
            archive.set_preserve_ownerships(true);
            archive.unpack(root).expect("a layer can be unpacked");
        }
        Self { root: root.into(), config: read(&manifest["config"])["config"].clone() }
    }

    /// A pod of this image.
    pub(crate) fn pod(&self) -> Pod {
        let environment =
            self.config["Env"].as_array().into_iter().flatten().map(|entry| text(entry).to_owned());
        Pod::new(&self.root, environment.collect())
    }
}

fn json(path: &Path) -> Value {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}
