//! `kbuild debug`: what kbuild sees.

use std::path::Path;

use ktrust_console::Printer;
use ktrust_dockerfile::ast::{Ast, dump};

use crate::error::Error;

/// Prints a Dockerfile as BuildKit's parser dumps it, to be compared byte by byte.
pub(crate) fn ast(file: &Path, printer: &Printer) -> Result<(), Error> {
    let text = std::fs::read(file).map_err(|source| Error::Read { path: file.into(), source })?;
    let name = file.display().to_string();
    let ast = Ast::parse(&text).map_err(|source| Error::Dockerfile {
        place: format!("{name}:{}", source.location.start),
        excerpt: source.excerpt(&String::from_utf8_lossy(&text), &name),
        source: Box::new(source),
        whole: None,
    })?;
    printer.data(dump(&ast).trim_end());
    Ok(())
}
