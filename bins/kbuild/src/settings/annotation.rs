//! Annotations: `--annotation [LEVEL[PLATFORM],…:]KEY=VALUE`, and the attributes of an output that mean the
//! same: `annotation[-LEVEL][PLATFORM].KEY=VALUE`.

use ktrust_oci::{Annotations, Platform};

use crate::error::Error;

/// One note on a part of the result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Annotation {
    pub(crate) level: Level,
    /// Only for the image of this platform.
    pub(crate) platform: Option<Platform>,
    pub(crate) key: String,
    pub(crate) value: String,
}

/// What an annotation is written on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// Each manifest.
    Manifest,
    /// The link to each manifest.
    ManifestDescriptor,
    /// The index of several platforms.
    Index,
    /// The link to the index.
    IndexDescriptor,
}

const LEVELS: [(&str, Level); 4] = [
    ("manifest", Level::Manifest),
    ("manifest-descriptor", Level::ManifestDescriptor),
    ("index", Level::Index),
    ("index-descriptor", Level::IndexDescriptor),
];

const HINT: &str = "write `KEY=VALUE`, or `LEVEL:KEY=VALUE` with a level of `manifest`, \
                    `manifest-descriptor`, `index` and `index-descriptor`, or `manifest[linux/amd64]:KEY=VALUE`";

impl Level {
    /// Whether it is on the index and not on the images in it.
    pub(crate) fn is_of_index(self) -> bool {
        matches!(self, Self::Index | Self::IndexDescriptor)
    }
}

/// Every `--annotation`.
pub(crate) fn flags(given: &[String]) -> Result<Vec<Annotation>, Error> {
    let parsed: Vec<Vec<Annotation>> = given.iter().map(|text| flag(text)).collect::<Result<_, _>>()?;
    Ok(parsed.into_iter().flatten().collect())
}

fn flag(text: &str) -> Result<Vec<Annotation>, Error> {
    let wrong = || Error::usage(format!("`--annotation {text}` cannot be read"), HINT);
    let (name, value) = text.split_once('=').ok_or_else(wrong)?;
    let (levels, key) = name.split_once(':').unwrap_or(("manifest", name));
    if key.is_empty() {
        return Err(wrong());
    }
    let annotation = |place: &str| {
        let (level, platform) = place_of(place).ok_or_else(wrong)?;
        Ok(Annotation { level, platform, key: key.into(), value: value.into() })
    };
    levels.split(',').map(annotation).collect()
}

/// An attribute of an output, if it is an annotation: `annotation-index.org.example.team`.
pub(crate) fn attribute(name: &str, value: &str) -> Option<Annotation> {
    let (place, key) = match name.strip_prefix("annotation")? {
        rest if rest.contains('[') => rest.split_once("].").map(|(place, key)| (format!("{place}]"), key))?,
        rest => rest.split_once('.').map(|(place, key)| (place.to_owned(), key))?,
    };
    let place = match place.strip_prefix('-') {
        Some(place) => place.to_owned(),
        None if place.is_empty() || place.starts_with('[') => format!("manifest{place}"),
        None => return None,
    };
    let (level, platform) = place_of(&place)?;
    (!key.is_empty()).then(|| Annotation { level, platform, key: key.into(), value: value.into() })
}

/// `manifest` or `manifest[linux/amd64]`.
fn place_of(text: &str) -> Option<(Level, Option<Platform>)> {
    let (name, platform) = match text.strip_suffix(']') {
        Some(rest) => rest.split_once('[').map(|(name, platform)| (name, Some(platform)))?,
        None => (text, None),
    };
    let (_, level) = LEVELS.iter().find(|(known, _)| *known == name)?;
    let platform = platform.map(str::parse::<Platform>).transpose().ok()?;
    Some((*level, platform))
}

/// The notes of one level, for one platform where the level has one.
pub(crate) fn of_level(all: &[Annotation], level: Level, platform: Option<&Platform>) -> Annotations {
    let fits = |annotation: &&Annotation| {
        annotation.level == level
            && match (&annotation.platform, platform) {
                (Some(wanted), Some(platform)) => wanted.matches(platform),
                _ => true,
            }
    };
    // What is said of one platform wins over what is said of all.
    let (general, special): (Vec<_>, Vec<_>) =
        all.iter().filter(fits).partition(|annotation| annotation.platform.is_none());
    let pair = |annotation: &Annotation| (annotation.key.clone(), annotation.value.clone());
    general.into_iter().chain(special).map(pair).collect()
}

/// Refuses what nothing in the result could carry.
pub(crate) fn check(all: &[Annotation], platforms: &[Platform], index: bool) -> Result<(), Error> {
    if let Some(lost) = all.iter().find(|annotation| annotation.level.is_of_index() && !index) {
        return Err(Error::usage(
            format!("the annotation `{}` is for an index, and one image has none", lost.key),
            "build several with `--platform A,B`, or write the annotation on the manifest",
        ));
    }
    let built = |wanted: &Platform| platforms.iter().any(|platform| wanted.matches(platform));
    let foreign = all.iter().filter_map(|annotation| annotation.platform.as_ref());
    match foreign.into_iter().find(|platform| !built(platform)) {
        Some(platform) => Err(Error::usage(
            format!("an annotation is for {platform}, which is not built"),
            "name the platform with `--platform`",
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Level, attribute, check, flags, of_level};

    fn of(texts: &[&str]) -> Vec<super::Annotation> {
        flags(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn flags_and_attributes_mean_the_same() {
        for (flag, name) in [
            ("a.b=c", "annotation.a.b"),
            ("manifest:a.b=c", "annotation-manifest.a.b"),
            ("index:a.b=c", "annotation-index.a.b"),
            ("manifest[linux/arm64]:a.b=c", "annotation-manifest[linux/arm64].a.b"),
            ("manifest[linux/arm64]:a.b=c", "annotation[linux/arm64].a.b"),
            ("index-descriptor:a.b=c", "annotation-index-descriptor.a.b"),
        ] {
            assert_eq!(of(&[flag]), [attribute(name, "c").unwrap()], "{flag}");
        }
        assert_eq!(of(&["manifest,index:k=v=w"]).len(), 2);
        for wrong in ["a", "=b", "layer:a=b", "manifest[x]:a=b", "manifest:=b"] {
            assert!(flags(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
        for other in ["annotations.a", "annotation", "annotation.", "annotation-x.a", "name"] {
            assert!(attribute(other, "v").is_none(), "{other}");
        }
    }

    #[test]
    fn a_platform_wins_over_all() {
        let all = of(&["manifest[linux/arm64]:k=arm", "k=all", "index:k=index"]);
        let (arm, amd) = ("linux/arm64".parse().unwrap(), "linux/amd64".parse().unwrap());
        let value = |platform| of_level(&all, Level::Manifest, Some(platform))["k"].clone();
        assert_eq!((value(&arm), value(&amd)), ("arm".to_owned(), "all".to_owned()));
        assert_eq!(of_level(&all, Level::Index, None)["k"], "index");
        assert!(check(&all, &[arm.clone(), amd.clone()], true).is_ok());
        assert!(check(&all, &[arm, amd.clone()], false).is_err());
        assert!(check(&all, &[amd], true).is_err());
    }
}
