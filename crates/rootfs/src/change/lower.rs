//! What the layers below show at a path, to tell a change from a mere copy.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::metadata::{Kind, Metadata};
use crate::place::Place;
use crate::root::Root;

/// The lower directories of an overlay, topmost first.
pub(super) struct Lower(Vec<Root>);

impl Lower {
    pub(super) fn open(bottom_first: &[PathBuf]) -> Result<Self> {
        bottom_first.iter().rev().map(|path| Root::open(path)).collect::<Result<_>>().map(Self)
    }

    /// Whether the lower layers show the same inode data, attributes and content at the place's path. A
    /// file with several names is never equal: its other names are not known here.
    pub(super) fn has_equal(&self, place: &Place, metadata: &Metadata) -> Result<bool> {
        if metadata.shared_inode().is_some() {
            return Ok(false);
        }
        let Some((below, found)) = self.find(place.path())? else {
            return Ok(false);
        };
        Ok(same_inode_data(metadata, &found)
            && place.xattrs()? == below.xattrs()?
            && same_content(place, &below, found.kind)?)
    }

    /// The topmost layer's file at the path, unless a layer above hides it.
    fn find(&self, path: &Path) -> Result<Option<(Place, Metadata)>> {
        for layer in &self.0 {
            match look(layer, path)? {
                Look::Found(place, metadata) => return Ok(Some((place, metadata))),
                Look::Hidden => return Ok(None),
                Look::Deeper => {}
            }
        }
        Ok(None)
    }
}

enum Look {
    Found(Place, Metadata),
    /// Lower layers do not show through here.
    Hidden,
    Deeper,
}

/// Follows the path by names, never by links: in an overlay each name is looked up on its own.
fn look(layer: &Root, path: &Path) -> Result<Look> {
    let mut missing = Look::Deeper;
    for prefix in crate::path::prefixes(path) {
        let place = layer.place(prefix)?;
        match place.metadata()? {
            None => return Ok(missing),
            Some(found) if found.is_overlay_whiteout() => return Ok(Look::Hidden),
            Some(found) if prefix == path => return Ok(Look::Found(place, found)),
            Some(found) if !found.is_dir() => return Ok(Look::Hidden),
            Some(_) if place.is_overlay_opaque()? => missing = Look::Hidden,
            Some(_) => {}
        }
    }
    Ok(missing)
}

fn same_inode_data(one: &Metadata, other: &Metadata) -> bool {
    let size = |metadata: &Metadata| if metadata.is_dir() { 0 } else { metadata.size };
    let data = |m: &Metadata| (m.kind, m.mode, m.owner, m.modified, m.device, size(m));
    data(one) == data(other) && other.shared_inode().is_none()
}

fn same_content(one: &Place, other: &Place, kind: Kind) -> Result<bool> {
    match kind {
        Kind::File => {
            equal_bytes(one.open_file()?, other.open_file()?).map_err(Error::io("compare", one.path()))
        }
        Kind::Symlink => Ok(one.read_link()? == other.read_link()?),
        _ => Ok(true),
    }
}

fn equal_bytes(one: File, other: File) -> io::Result<bool> {
    let (mut one, mut other) =
        (io::BufReader::with_capacity(1 << 16, one), io::BufReader::with_capacity(1 << 16, other));
    let (mut left, mut right) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        let count = fill(&mut one, &mut left)?;
        if fill(&mut other, &mut right)? != count || left[..count] != right[..count] {
            return Ok(false);
        }
        if count == 0 {
            return Ok(true);
        }
    }
}

fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}
