//! The result goes out: first to files, then to repositories, whose tags are what others see, and only
//! then are the files written that name it ([`crate::record`]).

mod archive;
mod layout;
mod registry;
mod rootfs;
mod sink;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use ktrust_oci::Layout;
use ktrust_registry::Client;
use tokio::runtime::Runtime;

pub(crate) use self::registry::{Destination, tag};
use crate::error::Error;
use crate::image::{Image, Layer};
use crate::probe;
use crate::product::Product;
use crate::progress::Progress;
use crate::settings::{Output, Place};
use crate::stop::Stop;

/// Every place, opened.
pub(crate) struct Outputs<'a> {
    outputs: &'a [Output],
    destinations: Vec<Destination>,
}

/// What writing needs.
pub(crate) struct Tools<'a> {
    pub(crate) runtime: &'a Runtime,
    pub(crate) stop: &'a Stop,
    pub(crate) progress: &'a Progress,
    /// Where our own layers are, and downloaded ones.
    pub(crate) store: &'a Layout,
}

impl<'a> Outputs<'a> {
    /// Opens repositories and files, so that what cannot be written is known before the build.
    pub(crate) async fn open(client: &Client, outputs: &'a [Output]) -> Result<Self, Error> {
        for output in outputs {
            match &output.place {
                Place::Archive { to, .. } | Place::RootArchive { to, .. } => sink::check(to)?,
                Place::Layout(path) | Place::Directory { to: path, .. } => sink::check_directory(path)?,
                Place::Repository { .. } => {}
            }
        }
        Ok(Self { outputs, destinations: registry::open(client, outputs).await? })
    }

    /// Writes the images everywhere.
    pub(crate) fn write(&self, images: &[Image], tools: &Tools<'_>) -> Result<(), Error> {
        for output in self.outputs {
            if !matches!(output.place, Place::Repository { .. }) {
                let shown = tools.progress.step(&format!("export {}", title(&output.place)));
                file(output, images, tools)?;
                shown.done();
            }
        }
        for destination in &self.destinations {
            let product = Product::new(images, &destination.form)?;
            let shown = tools.progress.step(&format!("push to {}", destination.repository.name()));
            tools.runtime.block_on(tools.stop.race(destination.write(&product, tools.store)))?;
            shown.done();
        }
        Ok(())
    }

    /// Writes the probe into the first repository and yields its reference.
    pub(crate) fn write_probe(&self, image: &Image, tools: &Tools<'_>) -> Result<Option<String>, Error> {
        let Some(first) = self.destinations.first() else { return Ok(None) };
        let unsigned = probe::image(&image.platform)?;
        let written = first.write_untagged(unsigned, tools.store);
        tools.runtime.block_on(tools.stop.race(written)).map(Some)
    }
}

fn title(place: &Place) -> String {
    match place {
        Place::Repository { reference, .. } => reference.to_string(),
        Place::Layout(path) => format!("layout to {}", path.display()),
        Place::Archive { docker: true, to } => format!("docker archive to {}", sink::name(to)),
        Place::Archive { docker: false, to } => format!("oci archive to {}", sink::name(to)),
        Place::RootArchive { to, .. } => format!("root file system to {}", sink::name(to)),
        Place::Directory { to, .. } => format!("files to {}", to.display()),
    }
}

fn file(output: &Output, images: &[Image], tools: &Tools<'_>) -> Result<(), Error> {
    let product = Product::new(images, &output.form)?;
    fetch(&product.layers(), tools)?;
    match &output.place {
        Place::Repository { .. } => Ok(()),
        Place::Layout(path) => layout::write(&product, &output.names, tools.store, path),
        Place::Archive { docker, to } => {
            sink::to(to, |out| archive::write(&product, &output.names, *docker, tools, out))
        }
        Place::RootArchive { to, split } => sink::to(to, |out| rootfs::archive(images, *split, tools, out)),
        Place::Directory { to, split } => rootfs::directory(images, *split, tools, to),
    }
}

/// Downloads layers of base images that no step has needed.
fn fetch(layers: &[&Layer], tools: &Tools<'_>) -> Result<(), Error> {
    let missing = |layer: &&&Layer| !tools.store.has_blob(&layer.descriptor.digest);
    let fetches: Vec<_> = layers
        .iter()
        .filter(missing)
        .filter_map(|layer| {
            let (origin, path) = (layer.origin.as_ref()?, tools.store.blob_path(&layer.descriptor.digest));
            Some(async move { origin.fetch_blob(&layer.descriptor, &path).await })
        })
        .collect();
    let all = stream::iter(fetches).buffer_unordered(registry::PARALLEL).try_collect::<()>();
    tools.runtime.block_on(tools.stop.race(all))
}
