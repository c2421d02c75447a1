//! `kdeploy policy generate`.

use ktrust_admission::generate;
use ktrust_console::Printer;
use ktrust_oci::file::write_atomic;

use crate::error::Error;
use crate::settings;

pub(crate) fn run(settings: &settings::Generate, printer: &Printer) -> Result<(), Error> {
    let trust = settings.policy.trust(settings.repositories.clone())?;
    let policy = generate(settings.policy.kind, &trust, settings.policy.version)?;
    let text = policy.to_yaml()?;
    for warning in &policy.warnings {
        printer.warn(warning);
    }
    match &settings.output {
        Some(path) if path.as_os_str() != "-" => {
            write_atomic(path, text.as_bytes())
                .map_err(|source| Error::Write { path: path.clone(), source })?;
            printer.line(format!("{} `{}` → {}", settings.policy.kind, trust.name(), path.display()));
        }
        _ => printer.data(text.trim_end()),
    }
    Ok(())
}
