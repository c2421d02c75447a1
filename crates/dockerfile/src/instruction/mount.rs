//! `RUN --mount`.

use serde::Serialize;
use thiserror::Error;

use crate::boolean::parse_bool;
use crate::csv::{self, CsvError};
use crate::expand::ExpandError;
use crate::size::parse_size;
use crate::suggest::nearest;

/// `--mount` as it is written. Most of it may hold variables and can be read only when RUN's turn comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MountFlag {
    /// The fields, quotes of the record removed.
    pub fields: Vec<String>,
    /// `from`: a stage, an image or a named context. It may not hold variables, since it decides what must
    /// be built before.
    pub from: Option<String>,
}

/// What is mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum MountKind {
    /// Files of the context, a stage or an image.
    Bind,
    /// A directory that outlives the build.
    Cache,
    /// An empty directory in memory.
    Tmpfs,
    /// A secret's value.
    Secret,
    /// The socket of an SSH agent.
    Ssh,
}

/// How a cache is shared by steps that run at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Sharing {
    /// All use it at once.
    Shared,
    /// Each has its own.
    Private,
    /// One after the other.
    Locked,
}

/// `--mount` with its variables expanded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mount {
    /// `type`, `bind` if not given.
    pub kind: MountKind,
    /// `from`.
    pub from: Option<String>,
    /// `source` or `src`.
    pub source: Option<String>,
    /// `target`, `dst` or `destination`, maybe relative to the working directory.
    pub target: Option<String>,
    /// `readonly`, `ro`, `readwrite`, `rw`; by default all but caches and tmpfs are read-only.
    pub read_only: bool,
    /// `size` of a tmpfs in bytes.
    pub size: Option<u64>,
    /// `id` of a cache, secret or SSH agent.
    pub id: Option<String>,
    /// `sharing` of a cache; shared if not given.
    pub sharing: Option<Sharing>,
    /// `required`: a secret or agent that is missing fails the step.
    pub required: bool,
    /// `env`: the variable that holds a secret; may be empty, which means the secret's name.
    pub env: Option<String>,
    /// `mode` in octal.
    pub mode: Option<u32>,
    /// `uid`.
    pub uid: Option<u32>,
    /// `gid`.
    pub gid: Option<u32>,
}

/// A mount that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MountError {
    /// The fields cannot be split.
    #[error("failed to parse csv mounts: {0}")]
    Csv(#[from] CsvError),
    /// A variable in `from`.
    #[error("'from' doesn't support variable expansion, define alias stage instead")]
    FromVariable,
    /// A word that cannot be expanded.
    #[error(transparent)]
    Expand(#[from] ExpandError),
    /// A field without `=` that needs one.
    #[error("invalid field '{0}' must be a key=value pair")]
    NoValue(String),
    /// A field that no mount has.
    #[error("unexpected key '{key}' in '{field}'{}", hinted(*suggestion))]
    UnknownKey {
        /// The key.
        key: String,
        /// The whole field.
        field: String,
        /// A key with a similar name.
        suggestion: Option<&'static str>,
    },
    /// A field that this kind of mount does not have (or not yet: fields are read in order, `type` first).
    #[error("unexpected key '{key}' for mount type '{kind}'")]
    WrongKind {
        /// The key.
        key: String,
        /// The kind.
        kind: &'static str,
    },
    /// A value that the field does not take.
    #[error("invalid value for {key}: {value}{}", hinted(*suggestion))]
    Value {
        /// The key.
        key: String,
        /// The value.
        value: String,
        /// A value with a similar name.
        suggestion: Option<&'static str>,
    },
    /// `mode`, `uid`, `gid`, `sharing`, `from` of a mount that has none.
    #[error("{key} not allowed for {kind:?} type mounts")]
    NotAllowed {
        /// The key.
        key: &'static str,
        /// The kind.
        kind: &'static str,
    },
    /// A secret without a name.
    #[error("invalid secret mount. one of source, target required")]
    NamelessSecret,
    /// A secret with two names.
    #[error("both source and id can't be set")]
    TwoNames,
}

fn hinted(suggestion: Option<&str>) -> String {
    suggestion.map(|known| format!(" (did you mean {known}?)")).unwrap_or_default()
}

const KEYS: [&str; 19] = [
    "type",
    "from",
    "source",
    "target",
    "readonly",
    "id",
    "sharing",
    "required",
    "size",
    "mode",
    "uid",
    "gid",
    "src",
    "dst",
    "destination",
    "ro",
    "rw",
    "readwrite",
    "env",
];

impl MountKind {
    const ALL: [Self; 5] = [Self::Bind, Self::Cache, Self::Tmpfs, Self::Secret, Self::Ssh];

    /// The word of `type=`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bind => "bind",
            Self::Cache => "cache",
            Self::Tmpfs => "tmpfs",
            Self::Secret => "secret",
            Self::Ssh => "ssh",
        }
    }
}

impl MountFlag {
    pub(super) fn parse(text: &str) -> Result<Self, MountError> {
        let fields = csv::fields(text)?;
        let mut from = None;
        for field in &fields {
            let Some((key, value)) = field.split_once('=') else { continue };
            if key.eq_ignore_ascii_case("from") {
                // A `$` at the very end is no variable.
                if value.find('$').is_some_and(|at| at + 1 != value.len()) {
                    return Err(MountError::FromVariable);
                }
                from = Some(value.to_owned()).filter(|value| !value.is_empty());
            }
        }
        Ok(Self { fields, from })
    }

    /// Reads the fields, each value expanded by `expand`.
    pub fn resolve(
        &self,
        expand: &mut dyn FnMut(&str) -> Result<String, ExpandError>,
    ) -> Result<Mount, MountError> {
        let mut mount = Mount::default();
        let mut read_only = None;
        for field in &self.fields {
            match field.split_once('=') {
                None => mount.switch(field, &mut read_only)?,
                Some((key, value)) => mount.set(key, &expand(value)?, field, &mut read_only)?,
            }
        }
        let writable = matches!(mount.kind, MountKind::Cache | MountKind::Tmpfs);
        mount.read_only = read_only.unwrap_or(!writable);
        mount.check()?;
        Ok(mount)
    }
}

impl Default for Mount {
    fn default() -> Self {
        Self {
            kind: MountKind::Bind,
            from: None,
            source: None,
            target: None,
            read_only: true,
            size: None,
            id: None,
            sharing: None,
            required: false,
            env: None,
            mode: None,
            uid: None,
            gid: None,
        }
    }
}

impl Mount {
    /// A field without `=`.
    fn switch(&mut self, field: &str, read_only: &mut Option<bool>) -> Result<(), MountError> {
        match field.to_lowercase().as_str() {
            "readonly" | "ro" => *read_only = Some(true),
            "readwrite" | "rw" => *read_only = Some(false),
            "required" => {
                self.demand("required", &[MountKind::Secret, MountKind::Ssh])?;
                self.required = true;
            }
            _ => return Err(MountError::NoValue(field.to_owned())),
        }
        Ok(())
    }

    fn set(
        &mut self,
        key: &str,
        value: &str,
        field: &str,
        read_only: &mut Option<bool>,
    ) -> Result<(), MountError> {
        let key = key.to_lowercase();
        let text = || Some(value.to_owned()).filter(|value| !value.is_empty());
        match key.as_str() {
            "type" => self.kind = kind(value)?,
            "from" => self.from = text(),
            "source" | "src" => self.source = text(),
            "target" | "dst" | "destination" => self.target = text(),
            "readonly" | "ro" => *read_only = Some(boolean(&key, value)?),
            "readwrite" | "rw" => *read_only = Some(!boolean(&key, value)?),
            "required" => {
                self.demand("required", &[MountKind::Secret, MountKind::Ssh])?;
                self.required = boolean(&key, value)?;
            }
            "size" => {
                self.demand("size", &[MountKind::Tmpfs])?;
                self.size = Some(parse_size(value).ok_or_else(|| invalid(&key, value))?);
            }
            "id" => self.id = text(),
            "sharing" => self.sharing = Some(sharing(value)?),
            "mode" => self.mode = Some(number(&key, value, 8)?),
            "uid" => self.uid = Some(number(&key, value, 10)?),
            "gid" => self.gid = Some(number(&key, value, 10)?),
            "env" => self.env = Some(value.to_owned()),
            _ => {
                let suggestion = nearest(&key, KEYS);
                return Err(MountError::UnknownKey { key, field: field.to_owned(), suggestion });
            }
        }
        Ok(())
    }

    fn demand(&self, key: &str, kinds: &[MountKind]) -> Result<(), MountError> {
        if kinds.contains(&self.kind) {
            return Ok(());
        }
        Err(MountError::WrongKind { key: key.to_owned(), kind: self.kind.name() })
    }

    /// What fits which kind, once all fields are known.
    fn check(&self) -> Result<(), MountError> {
        let refuse = |key| Err(MountError::NotAllowed { key, kind: self.kind.name() });
        if matches!(self.kind, MountKind::Bind | MountKind::Tmpfs) {
            let given = [("mode", self.mode), ("uid", self.uid), ("gid", self.gid)];
            if let Some((key, _)) = given.into_iter().find(|(_, value)| value.is_some()) {
                return refuse(key);
            }
        }
        if self.sharing.is_some() && self.kind != MountKind::Cache {
            return refuse("sharing");
        }
        if self.kind != MountKind::Secret {
            return Ok(());
        }
        match (&self.from, &self.source, &self.id, &self.target) {
            (Some(_), ..) => refuse("from"),
            (_, Some(_), Some(_), _) => Err(MountError::TwoNames),
            (_, None, None, None) => Err(MountError::NamelessSecret),
            _ => Ok(()),
        }
    }
}

fn kind(value: &str) -> Result<MountKind, MountError> {
    let known = MountKind::ALL.into_iter().find(|kind| kind.name() == value.to_lowercase());
    known.ok_or_else(|| MountError::Value {
        key: "type".to_owned(),
        value: value.to_owned(),
        suggestion: nearest(value, MountKind::ALL.map(MountKind::name)),
    })
}

fn sharing(value: &str) -> Result<Sharing, MountError> {
    match value.to_lowercase().as_str() {
        "shared" => Ok(Sharing::Shared),
        "private" => Ok(Sharing::Private),
        "locked" => Ok(Sharing::Locked),
        _ => Err(MountError::Value {
            key: "sharing".to_owned(),
            value: value.to_owned(),
            suggestion: nearest(value, ["shared", "private", "locked"]),
        }),
    }
}

fn boolean(key: &str, value: &str) -> Result<bool, MountError> {
    parse_bool(value).ok_or_else(|| invalid(key, value))
}

/// Digits only: Go takes no sign here.
fn number(key: &str, value: &str, radix: u32) -> Result<u32, MountError> {
    let digits = !value.starts_with('+');
    u32::from_str_radix(value, radix).ok().filter(|_| digits).ok_or_else(|| invalid(key, value))
}

fn invalid(key: &str, value: &str) -> MountError {
    MountError::Value { key: key.to_owned(), value: value.to_owned(), suggestion: None }
}
