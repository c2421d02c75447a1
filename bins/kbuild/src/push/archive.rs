//! Archives that hold an image: a layout in a tar, or docker's own form, as `docker save` and kaniko's
//! `--tar-path` write it.

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::path::{Path, PathBuf};

use ktrust_oci::{Descriptor, Digester, Document, ImageConfig, Layout, Manifest, media_type};
use ktrust_rootfs::compress::{Compression, MAGIC_LENGTH};
use ktrust_rootfs::{Owner, Root, archive};
use serde::Deserialize;

use crate::error::Error;
use crate::work::Work;

/// One image in docker's list.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    config: String,
    layers: Vec<String>,
}

/// Unpacks the archive into the work directory and yields the layout in it.
pub(super) fn unpack(path: &Path, work: &Work) -> Result<PathBuf, Error> {
    let failed = |source| Error::Read { path: path.into(), source };
    let directory = work.directory()?;
    let root = Root::open(&directory)?;
    let me = Owner::new(rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    archive::extract(File::open(path).map_err(failed)?, &root, Path::new(""), Some(me))?;
    if root.read(Path::new("oci-layout"))?.is_some() {
        return Ok(directory);
    }
    let list = root.read(Path::new("manifest.json"))?.ok_or_else(|| {
        Error::usage(
            format!("`{}` holds no image", path.display()),
            "it is an archive of `-o type=oci`, `-o type=docker` or `docker save`",
        )
    })?;
    let entries: Vec<Entry> = serde_json::from_slice(&list).map_err(Error::Serialize)?;
    let [entry] = entries.as_slice() else {
        return Err(Error::usage(
            format!("`{}` holds {} images", path.display(), entries.len()),
            "save one image alone",
        ));
    };
    convert(&root, entry, &work.directory()?)
}

/// Docker's form as a layout. The blobs stay as they are; the manifest, which docker does not keep, is new.
fn convert(root: &Root, entry: &Entry, to: &Path) -> Result<PathBuf, Error> {
    let layout = Layout::create(to)?;
    let broken = |why: String| Error::usage(why, "the archive is broken: save it again");
    let config = root.read(Path::new(&entry.config))?;
    let config = config.ok_or_else(|| broken(format!("the archive has no `{}`", entry.config)))?;
    let diff_ids = ImageConfig::parse(&config)?.rootfs.diff_ids;
    if diff_ids.len() != entry.layers.len() {
        return Err(broken(format!("{} layers but {} diff ids", entry.layers.len(), diff_ids.len())));
    }
    let layers: Vec<_> =
        entry.layers.iter().map(|name| layer(root, name, &layout)).collect::<Result<_, _>>()?;
    let link = Descriptor::of(media_type::OCI_CONFIG, &config);
    layout.write_blob(&link, config.as_slice())?;
    let document = Document::from_manifest(&Manifest::new(link, layers))?;
    layout.write_document(Some("latest"), &document)?;
    Ok(to.into())
}

/// A layer becomes a blob, whatever it is compressed with.
fn layer(root: &Root, name: &str, layout: &Layout) -> Result<Descriptor, Error> {
    let failed = |source| Error::Read { path: name.into(), source };
    let mut file = root.open_file(Path::new(name))?;
    let mut start = Vec::new();
    file.by_ref().take(MAGIC_LENGTH as u64).read_to_end(&mut start).map_err(failed)?;
    let kind = match Compression::detect(&start) {
        None => media_type::OCI_LAYER,
        Some(Compression::Gzip) => media_type::OCI_LAYER_GZIP,
        Some(Compression::Zstd) => media_type::OCI_LAYER_ZSTD,
        Some(_) => {
            return Err(Error::usage(
                format!("the layer `{name}` is compressed in a way that registries do not know"),
                "save the image again, with gzip",
            ));
        }
    };
    file.rewind().map_err(failed)?;
    let mut digester = Digester::default();
    let mut buffer = vec![0; 128 << 10];
    loop {
        match file.read(&mut buffer).map_err(failed)? {
            0 => break,
            count => digester.update(&buffer[..count]),
        }
    }
    let size = digester.length();
    let link = Descriptor::new(kind, digester.finish(), size);
    file.rewind().map_err(failed)?;
    layout.write_blob(&link, file)?;
    Ok(link)
}
