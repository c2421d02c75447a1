//! `ksign generate-key-pair`: a P-256 key pair in cosign's files.

use std::fs::Permissions;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use ktrust_console::Printer;
use ktrust_oci::file::AtomicFile;
use ktrust_pipeline::Environment;
use ktrust_sigstore::{PrivateKey, SignerKey as _};

use crate::cli::GenerateArguments;
use crate::error::Error;
use crate::keys;

pub(crate) fn run(
    arguments: &GenerateArguments,
    environment: &dyn Environment,
    printer: &Printer,
) -> Result<(), Error> {
    let private_path = with_ending(&arguments.output_key_prefix, ".key");
    let public_path = with_ending(&arguments.output_key_prefix, ".pub");
    for path in [&private_path, &public_path] {
        if path.symlink_metadata().is_ok() {
            return Err(Error::Exists { path: path.clone() });
        }
    }
    let password = keys::password(environment)?;
    let failed = |source| Error::Key { name: private_path.display().to_string(), source };
    let key = PrivateKey::generate().map_err(failed)?;
    let private = key.to_encrypted_pem(&password).map_err(failed)?;
    let public = key.public_key().to_pem().map_err(failed)?;
    write_new(&private_path, &private, 0o600)?;
    write_new(&public_path, &public, 0o644)?;
    printer.line(format!("private key: {}", private_path.display()));
    printer.line(format!("public key:  {}", public_path.display()));
    Ok(())
}

fn with_ending(prefix: &Path, ending: &str) -> PathBuf {
    let mut name = prefix.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Writes a file that must not exist yet, whole or not at all.
fn write_new(path: &Path, text: &str, mode: u32) -> Result<(), Error> {
    let failed = |source| Error::Write { path: path.to_owned(), source };
    let mut file = AtomicFile::create(path).map_err(failed)?;
    let io = |source| failed(ktrust_oci::Error::Io { action: "write", path: path.to_owned(), source });
    file.as_file().set_permissions(Permissions::from_mode(mode)).map_err(io)?;
    file.write_all(text.as_bytes()).map_err(io)?;
    file.commit_new().map_err(failed)
}
