//! Values that a build refuses: a check finds them without one.

use crate::error::{At as _, Error};
use crate::flag::Flag;
use crate::location::Location;
use crate::mode::Mode;
use crate::problem::Problem;
use crate::signal::parse_signal;

/// `--chmod`. A variable may leave nothing of it, which is as if it were not there.
pub(super) fn mode(flag: Option<&Flag<String>>) -> Result<(), Error> {
    let flag = flag.filter(|flag| !flag.value.is_empty());
    flag.map_or(Ok(()), |flag| Mode::parse(&flag.value).map(|_| ()).at(flag.location))
}

/// STOPSIGNAL.
pub(super) fn signal(name: &str, location: Location) -> Result<(), Error> {
    match parse_signal(name) {
        Some(_) => Ok(()),
        None => Err(Problem::StopSignal { name: name.to_owned() }).at(location),
    }
}
