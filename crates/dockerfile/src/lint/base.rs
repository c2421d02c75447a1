//! `InvalidBaseImagePlatform`.

use super::facts::BaseImage;
use super::linter::{Linter, Place};
use super::rule::Rule;
use crate::location::Location;

pub(super) fn platform(image: &str, base: &BaseImage, location: Location, linter: &mut Linter) {
    if let Some((wanted, found)) = &base.mismatch {
        let detail = format!("`{image}` is an image for {found}, and {wanted} is built");
        linter.report(Rule::InvalidBaseImagePlatform, Place::whole(location), detail);
    }
}
