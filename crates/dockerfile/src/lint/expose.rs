//! EXPOSE.

use super::linter::{Linter, Place};
use super::rule::Rule;
use crate::instruction::Expose;
use crate::port::{PortError, Ports};

/// `ExposeProtoCasing` and `ExposeInvalidFormat`; fails where a port cannot be read.
pub(super) fn check(expose: &Expose, place: Place<'_>, linter: &mut Linter) -> Result<(), PortError> {
    for spec in &expose.ports {
        let ports = Ports::parse(spec)?;
        if ports.odd_case {
            let detail = format!("the protocol of `{spec}` should be in lower case");
            linter.report(Rule::ExposeProtoCasing, place, detail);
        }
        if ports.host_part {
            let detail = format!("`{spec}` names an address or a port of the host, which means nothing here");
            linter.report(Rule::ExposeInvalidFormat, place, detail);
        }
    }
    Ok(())
}
