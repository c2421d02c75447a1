//! Extended attributes: which of them belong to an image, and how they are read and set.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{XattrFlags, lgetxattr, llistxattr, llistxattr_query, lsetxattr};
use rustix::io::Errno;

use crate::metadata::Xattrs;

/// Largest list and largest value that Linux has.
const LIMIT: usize = 64 * 1024;

const CAPABILITY: &[u8] = b"security.capability";

/// Whether the attribute is part of an image. Labels of the host's security modules are not, nor is what
/// only the host's root may see (`trusted.`); neither is what overlayfs keeps for itself, and an image must
/// not be able to write that, since a layer becomes a lower directory of an overlay.
pub(crate) fn belongs_to_image(name: &[u8]) -> bool {
    let known: [&[u8]; 3] = [CAPABILITY, b"system.posix_acl_access", b"system.posix_acl_default"];
    let user = name.starts_with(b"user.") && !name.starts_with(b"user.overlay.");
    user || known.contains(&name)
}

/// Capabilities without the root user of the namespace in which they were given (`VFS_CAP_REVISION_3` in
/// `linux/capability.h`): another machine has no such user.
fn without_namespace(name: &[u8], mut value: Vec<u8>) -> Vec<u8> {
    const WITH_ROOT: usize = 24;
    if name == CAPABILITY && value.len() == WITH_ROOT && value[3] == 3 {
        value[3] = 2;
        value.truncate(WITH_ROOT - 4);
    }
    value
}

/// The attributes of a file that belong to an image, sorted by name. Links are not followed.
pub(crate) fn read(path: &Path) -> Result<Xattrs, Errno> {
    let mut xattrs = Xattrs::new();
    for name in list(path)?.split(|byte| *byte == 0).filter(|name| belongs_to_image(name)) {
        if let Some(value) = get(path, name)? {
            xattrs.push((name.to_vec(), without_namespace(name, value)));
        }
    }
    xattrs.sort_unstable();
    Ok(xattrs)
}

fn list(path: &Path) -> Result<Vec<u8>, Errno> {
    match llistxattr_query(path) {
        Ok(0) | Err(Errno::NOTSUP) => return Ok(Vec::new()),
        Ok(_) => {}
        Err(error) => return Err(error),
    }
    let mut list = vec![0; LIMIT];
    let length = llistxattr(path, &mut list[..])?;
    list.truncate(length);
    Ok(list)
}

/// One attribute's value, or `None` when the file does not have it.
fn get(path: &Path, name: &[u8]) -> Result<Option<Vec<u8>>, Errno> {
    let mut value = vec![0; LIMIT];
    let length = get_into(path, name, &mut value)?;
    Ok(length.map(|length| {
        value.truncate(length);
        value
    }))
}

/// Whether the file has the attribute with this one byte as its value.
pub(crate) fn is(path: &Path, name: &[u8], byte: u8) -> Result<bool, Errno> {
    let mut value = [0; 8];
    match get_into(path, name, &mut value) {
        Err(Errno::RANGE) => Ok(false),
        other => other.map(|length| length == Some(1) && value[0] == byte),
    }
}

fn get_into(path: &Path, name: &[u8], value: &mut [u8]) -> Result<Option<usize>, Errno> {
    match lgetxattr(path, OsStr::from_bytes(name), value) {
        Ok(length) => Ok(Some(length)),
        Err(Errno::NODATA | Errno::NOTSUP) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Sets the attributes; yields the names of those that are not of an image, or that file system or
/// kernel do not take here (`user.` on a link).
pub(crate) fn write(path: &Path, xattrs: &Xattrs) -> Result<Vec<Vec<u8>>, Errno> {
    let mut refused = Vec::new();
    for (name, value) in xattrs {
        let outcome = if belongs_to_image(name) {
            lsetxattr(path, OsStr::from_bytes(name), value, XattrFlags::empty())
        } else {
            Err(Errno::PERM)
        };
        match outcome {
            Ok(()) => {}
            Err(Errno::NOTSUP | Errno::PERM | Errno::INVAL) => refused.push(name.clone()),
            Err(error) => return Err(error),
        }
    }
    Ok(refused)
}
