//! `type=tar` and `type=local`: the root file system, without an image around it.
//!
//! Both are made from the layers, not from the directories that RUN has worked in: those lack what this
//! machine could not make.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use ktrust_oci::Platform;
use ktrust_oci::file::TEMPORARY_PREFIX;
use ktrust_rootfs::compress::decompress;
use ktrust_rootfs::{Flat, Owner, Root, TreeArchive, move_into};

use super::Tools;
use crate::error::Error;
use crate::image::Image;
use crate::stop::Stop;

/// Writes the root file system of each image into one tar.
pub(super) fn archive(
    images: &[Image],
    split: Option<bool>,
    tools: &Tools<'_>,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let mut archive = TreeArchive::new(out);
    for (folder, image, flat) in trees(images, split, tools)? {
        let written = flat.write(&mut |number| layer(image, number, tools), &folder, &mut archive);
        stopped(tools.stop, written)?;
    }
    archive.finish()?;
    Ok(())
}

/// Writes the files of each image to a directory, as files of the user who builds.
///
/// They are made beside and moved in when all are there: a new directory appears whole, and in one that was
/// there each file has its old or its new content.
pub(super) fn directory(
    images: &[Image],
    split: Option<bool>,
    tools: &Tools<'_>,
    to: &Path,
) -> Result<(), Error> {
    let failed = |source| Error::Write { path: to.into(), source };
    let fresh = !to.exists();
    let beside = if fresh { parent(to) } else { to.to_owned() };
    std::fs::create_dir_all(&beside).map_err(failed)?;
    let staged = tempfile::Builder::new().prefix(TEMPORARY_PREFIX).tempdir_in(&beside).map_err(failed)?;
    for (folder, image, flat) in trees(images, split, tools)? {
        extract(&flat, image, tools, &staged.path().join(folder))?;
    }
    if fresh {
        open_up(staged.path()).map_err(failed)?;
        std::fs::rename(staged.path(), to).map_err(failed)?;
        // There is nothing left for the guard to remove.
        let _ = staged.keep();
        return Ok(());
    }
    move_into(&Root::open(staged.path())?, &Root::open(to)?)?;
    Ok(())
}

fn extract(flat: &Flat, image: &Image, tools: &Tools<'_>, to: &Path) -> Result<(), Error> {
    let failed = |source| Error::Write { path: to.into(), source };
    std::fs::create_dir_all(to).map_err(failed)?;
    let extracted = flat.extract(&mut |number| layer(image, number, tools), &Root::open(to)?, myself());
    let unpacked = stopped(tools.stop, extracted)?;
    tools.progress.refused(&unpacked.refused);
    Ok(())
}

type Trees<'a> = Vec<(PathBuf, &'a Image, Flat)>;

/// Looks at the layers of each image. Several images get a folder each, unless that is not wanted and no
/// file of theirs has another's name.
fn trees<'a>(images: &'a [Image], split: Option<bool>, tools: &Tools<'_>) -> Result<Trees<'a>, Error> {
    let split = split.unwrap_or(images.len() > 1);
    let mut trees = Vec::new();
    for image in images {
        let read = Flat::read(image.layers.len(), &mut |number| layer(image, number, tools));
        let folder = if split { folder(&image.platform) } else { PathBuf::new() };
        trees.push((folder, image, stopped(tools.stop, read)?));
    }
    if !split {
        check_names(&trees)?;
    }
    Ok(trees)
}

fn check_names(trees: &Trees<'_>) -> Result<(), Error> {
    let mut owners: BTreeMap<PathBuf, &Platform> = BTreeMap::new();
    for (_, image, flat) in trees {
        for path in flat.files() {
            if let Some(other) = owners.insert(path.clone(), &image.platform) {
                let shown = path.display();
                return Err(Error::usage(
                    format!("`{shown}` is in the images of {other} and of {}", image.platform),
                    "leave `platform-split=false` out: each platform then has a folder of its own",
                ));
            }
        }
    }
    Ok(())
}

/// `linux_arm_v7`, as buildx names it.
fn folder(platform: &Platform) -> PathBuf {
    platform.to_string().replace('/', "_").into()
}

/// A layer, uncompressed; it is verified while it is read.
fn layer(
    image: &Image,
    number: usize,
    tools: &Tools<'_>,
) -> Result<Box<dyn Read + Send>, ktrust_rootfs::Error> {
    let blob = tools.store.open_blob(&image.layers[number].descriptor)?;
    let tar = decompress(Stoppable { inner: blob, stop: tools.stop.clone() });
    tar.map_err(ktrust_rootfs::Error::Read)
}

/// A read that fails because of a signal is no broken layer.
fn stopped<T>(stop: &Stop, result: Result<T, ktrust_rootfs::Error>) -> Result<T, Error> {
    stop.check()?;
    Ok(result?)
}

/// Lets nothing pass any more once the build is to stop.
struct Stoppable<R> {
    inner: R,
    stop: Stop,
}

impl<R: Read> Read for Stoppable<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.stop.check().map_err(std::io::Error::other)?;
        self.inner.read(buffer)
    }
}

/// Files belong to the user who builds, as with buildx: others' ids mean nothing on this machine.
fn myself() -> Owner {
    Owner::new(rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw())
}

fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.into(),
        _ => ".".into(),
    }
}

/// A temporary directory is for its owner alone; the result is an ordinary one.
fn open_up(path: &Path) -> std::io::Result<()> {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
}
