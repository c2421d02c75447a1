//! Where an answer goes.

use ktrust_console::Printer;
use ktrust_dockerfile::lint::Report;
use ktrust_oci::file::write_atomic;
use ktrust_pipeline::Environment;

use super::{json, quality, text};
use crate::cli::CheckFormat;
use crate::error::Error;
use crate::settings::Call;
use crate::source::Text;

/// Writes to standard output or to the file that was named.
pub(super) struct Answer<'a> {
    pub(super) call: &'a Call,
    pub(super) printer: &'a Printer,
    pub(super) environment: &'a dyn Environment,
}

impl Answer<'_> {
    /// Gives an answer that is one text.
    pub(super) fn give(&self, answer: &str) -> Result<(), Error> {
        let answer = answer.trim_end();
        match &self.call.output {
            None => self.printer.data(answer),
            Some(path) => write_atomic(path, format!("{answer}\n").as_bytes())?,
        }
        Ok(())
    }

    /// Writes findings. Where a file gets them, people see them too.
    pub(super) fn report(&self, report: &Report, source: Text<'_>) -> Result<(), Error> {
        if self.call.output.is_some() {
            self.printer.line(text::report(report, source).trim_end());
        }
        self.give(&match self.call.format {
            CheckFormat::Text => text::report(report, source),
            CheckFormat::Json => json::report(report, source)?,
            CheckFormat::CodeQuality => quality::report(report, source, self.environment)?,
        })
    }
}
