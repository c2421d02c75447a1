//! A file that appears whole or not at all, or standard output.

use std::fs::File;
use std::io::{BufWriter, IsTerminal as _, Write};
use std::path::Path;

use ktrust_oci::file::AtomicFile;

use crate::error::Error;
use crate::settings::Stream;

/// Bytes that are written at once.
const BUFFER: usize = 1 << 20;

/// What messages call it.
pub(super) fn name(stream: &Stream) -> String {
    match stream {
        Stream::File(path) => path.display().to_string(),
        Stream::Stdout => "standard output".into(),
    }
}

/// Refuses what cannot be written to, before the build.
pub(super) fn check(stream: &Stream) -> Result<(), Error> {
    match stream {
        Stream::Stdout if std::io::stdout().is_terminal() => Err(Error::usage(
            "the output is an archive, and standard output is a terminal",
            "name a file with `dest=FILE`, or send standard output to one",
        )),
        Stream::Stdout => Ok(()),
        Stream::File(path) if is_special(path) => Ok(()),
        Stream::File(path) => check_directory(path.parent().unwrap_or(Path::new(""))),
    }
}

/// Whether something can be made in a directory that is there, or will be. Leaves nothing.
pub(super) fn check_directory(path: &Path) -> Result<(), Error> {
    let existing = path.ancestors().find(|above| above.is_dir()).unwrap_or(Path::new("."));
    AtomicFile::create(existing.join("check")).map(drop)?;
    Ok(())
}

/// Writes to the stream; a file gets its name when all is written.
pub(super) fn to(
    stream: &Stream,
    write: impl FnOnce(&mut dyn Write) -> Result<(), Error>,
) -> Result<(), Error> {
    match stream {
        Stream::Stdout => flushed(std::io::stdout().lock(), "standard output".as_ref(), write).map(drop),
        // A pipe or a device is written to, and never replaced.
        Stream::File(path) if is_special(path) => {
            let failed = |source| Error::Write { path: path.clone(), source };
            let file = File::options().write(true).open(path).map_err(failed)?;
            flushed(file, path, write).map(drop)
        }
        Stream::File(path) => {
            if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
                let failed = |source| Error::Write { path: directory.into(), source };
                std::fs::create_dir_all(directory).map_err(failed)?;
            }
            Ok(flushed(AtomicFile::create(path)?, path, write)?.commit()?)
        }
    }
}

fn flushed<W: Write>(
    out: W,
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<(), Error>,
) -> Result<W, Error> {
    let mut out = BufWriter::with_capacity(BUFFER, out);
    write(&mut out).map_err(|error| at(error, path))?;
    out.into_inner().map_err(|error| Error::Write { path: path.into(), source: error.into_error() })
}

/// The archive's writer does not know where it writes to.
fn at(error: Error, path: &Path) -> Error {
    match error {
        Error::Rootfs(ktrust_rootfs::Error::Write(source)) => Error::Write { path: path.into(), source },
        other => other,
    }
}

fn is_special(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}
