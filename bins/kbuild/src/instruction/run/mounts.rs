//! `RUN --mount`: what a command gets into its tree, and nobody finds in its layer.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ktrust_dockerfile::{Mount, MountKind, Sharing, path};
use ktrust_rootfs::{CopyOptions, Destination, Root, copy_tree};
use ktrust_sandbox::{self as sandbox, Workspace};
use secrecy::{ExposeSecret, SecretSlice};

use crate::agent::{DOOR, Door};
use crate::builder::Builder;
use crate::caches::{Beginning, Caches, Taken, make_empty};
use crate::error::Error;
use crate::plan::Meaning;

/// What the mounts of one RUN come to.
#[derive(Default)]
pub(super) struct Prepared {
    /// To be mounted in this order.
    pub(super) mounts: Vec<sandbox::Mount>,
    /// Variables that hold secrets.
    pub(super) variables: Vec<(String, SecretSlice<u8>)>,
    /// The path of the first agent's socket.
    pub(super) agent: Option<String>,
    agents: usize,
    /// Trees, doors and caches that have to stay for as long as the command runs.
    held: Vec<Held>,
}

#[expect(dead_code, reason = "they are held, not used")]
enum Held {
    Tree(Box<dyn Workspace>),
    Agent(Door),
    Cache(Taken),
}

/// A cache that is wanted.
struct Wanted {
    target: String,
    /// The path in it that is mounted.
    source: PathBuf,
    writable: bool,
    sharing: Sharing,
    beginning: Beginning,
    /// The tree that it begins as a copy of.
    from: Option<(Vec<PathBuf>, PathBuf)>,
}

/// Makes everything ready. Caches come last and in the order of their keys: two steps that both want two
/// alone must not each hold one of them and wait for the other, and no stage may be waited for meanwhile.
pub(super) fn prepare(builder: &Builder<'_>, directory: &str, mounts: &[Mount]) -> Result<Prepared, Error> {
    let mut prepared = Prepared::default();
    let mut caches: BTreeMap<String, Vec<Wanted>> = BTreeMap::new();
    for mount in mounts {
        let place = Place { builder, directory, mount };
        match mount.kind {
            MountKind::Bind => prepared.bind(&place)?,
            MountKind::Tmpfs => prepared.tmpfs(&place)?,
            MountKind::Secret => prepared.secret(&place)?,
            MountKind::Ssh => prepared.ssh(&place)?,
            MountKind::Cache => {
                let (key, wanted) = place.cache()?;
                caches.entry(key).or_default().push(wanted);
            }
        }
    }
    for (key, wanted) in caches {
        prepared.caches(builder, &key, wanted)?;
    }
    prepared.arrange();
    Ok(prepared)
}

/// A mount and where it is written.
struct Place<'a> {
    builder: &'a Builder<'a>,
    /// The working directory.
    directory: &'a str,
    mount: &'a Mount,
}

impl Place<'_> {
    /// The mount point; nothing is mounted over the whole tree.
    fn target(&self, written: &str) -> Result<String, Error> {
        match path::resolve(self.directory, written) {
            root if root == "/" => Err(Error::instruction("a mount cannot have `/` as its target")),
            target => Ok(target),
        }
    }

    fn own_target(&self) -> Result<String, Error> {
        self.target(self.mount.target.as_deref().unwrap_or_default())
    }

    /// What is mounted, as a path below `/`.
    fn source(&self) -> String {
        path::resolve("/", self.mount.source.as_deref().unwrap_or_default())
    }

    /// The tree that `from` names.
    fn from(&self, name: &str) -> Origin {
        match self.builder.names.mount_from(name) {
            Meaning::Named(name) if self.builder.is_directory(&name) => Origin::Context(Some(name)),
            meaning => Origin::Tree(meaning),
        }
    }

    fn missing(&self) -> Error {
        let place = match &self.mount.from {
            Some(name) => format!("tree of `{name}`"),
            None => "build context".into(),
        };
        Error::SourceMissing { path: self.source(), place, hint: None }
    }

    /// The cache that is wanted, and its key.
    fn cache(&self) -> Result<(String, Wanted), Error> {
        let Mount { mode, uid, gid, .. } = *self.mount;
        let source = self.source();
        let attributes = source == "/" && (mode.is_some() || uid.is_some() || gid.is_some());
        let empty =
            Beginning::Empty { mode: mode.unwrap_or(0o755), uid: uid.unwrap_or(0), gid: gid.unwrap_or(0) };
        let (beginning, from, source) = match &self.mount.from {
            Some(name) if !attributes => {
                let (layers, directories, place) = self.seed(&self.from(name), &source)?;
                let parts = layers.into_iter().chain([source]).collect();
                (Beginning::Copy(parts), Some((directories, place)), PathBuf::new())
            }
            _ if attributes => (empty, None, PathBuf::new()),
            _ => (Beginning::Empty { mode: 0o755, uid: 0, gid: 0 }, None, PathBuf::from(source)),
        };
        let written = self.mount.target.as_deref().unwrap_or_default();
        let id = self.mount.id.clone().unwrap_or_else(|| path::clean(written));
        let key = Caches::key(&format!("{}/{id}", self.builder.cache_namespace()), &beginning);
        let wanted = Wanted {
            target: self.own_target()?,
            source,
            writable: !self.mount.read_only,
            sharing: self.mount.sharing.unwrap_or(Sharing::Shared),
            beginning,
            from,
        };
        Ok((key, wanted))
    }

    /// What a cache begins as: what decides on its content, directories, and the path in them.
    fn seed(&self, from: &Origin, source: &str) -> Result<(Vec<String>, Vec<PathBuf>, PathBuf), Error> {
        match from {
            Origin::Context(name) => {
                let (directory, place) = self.builder.snapshot(name.as_deref(), source)?;
                Ok((vec![format!("context {}", name.as_deref().unwrap_or_default())], vec![directory], place))
            }
            Origin::Tree(meaning) => {
                let layers = self.builder.source_layers(meaning.clone())?;
                let directories = self.builder.source_tree(meaning.clone())?;
                Ok((layers.iter().map(ToString::to_string).collect(), directories, source.into()))
            }
        }
    }
}

/// Where `from` leads.
enum Origin {
    /// A directory of the command line, or the main context.
    Context(Option<String>),
    Tree(Meaning),
}

impl Prepared {
    fn add(&mut self, target: String, kind: sandbox::MountKind) {
        self.mounts.push(sandbox::Mount { target: target.into(), kind });
    }

    fn bind(&mut self, place: &Place<'_>) -> Result<(), Error> {
        let (target, writable) = (place.own_target()?, !place.mount.read_only);
        let from = place.mount.from.as_deref().map_or(Origin::Context(None), |name| place.from(name));
        let (source, path) = match from {
            Origin::Context(name) => {
                let (copy, path) = place.builder.snapshot(name.as_deref(), &place.source())?;
                // Others may see the copy: what is written goes elsewhere.
                let source = if writable { self.tree(place.builder, &[copy])? } else { copy };
                (source, path)
            }
            Origin::Tree(meaning) => {
                let tree = place.builder.source_tree(meaning)?;
                (self.tree(place.builder, &tree)?, place.source().into())
            }
        };
        if Root::open(&source)?.stat(&path)?.is_none() {
            return Err(place.missing());
        }
        self.add(target, sandbox::MountKind::Bind { source, path, writable });
        Ok(())
    }

    /// Mounts a tree whose changes are thrown away, and yields where.
    fn tree(&mut self, builder: &Builder<'_>, directories: &[PathBuf]) -> Result<PathBuf, Error> {
        let workspace = builder.sandbox.workspace(directories, &builder.work.directory()?)?;
        let path = workspace.root().path().to_owned();
        self.held.push(Held::Tree(workspace));
        Ok(path)
    }

    fn tmpfs(&mut self, place: &Place<'_>) -> Result<(), Error> {
        let size = place.mount.size.filter(|size| *size > 0);
        let kind = sandbox::MountKind::Tmpfs { size, writable: !place.mount.read_only };
        self.add(place.own_target()?, kind);
        Ok(())
    }

    /// A secret as a file, as a variable, or both. One that is missing and not required is no file, and an
    /// empty variable.
    fn secret(&mut self, place: &Place<'_>) -> Result<(), Error> {
        let mount = place.mount;
        let named = mount.source.as_deref().or(mount.id.as_deref());
        let id = named.unwrap_or_else(|| path::base(mount.target.as_deref().unwrap_or_default()));
        let value = place.builder.secrets.get(id);
        if value.is_none() && mount.required {
            return Err(missing_secret(id, place.builder));
        }
        if let Some(name) = &mount.env {
            if name.is_empty() || name.contains('=') {
                return Err(Error::instruction(format!("`env={name}` is no name of a variable")));
            }
            self.variables.push((name.clone(), value.cloned().unwrap_or_default()));
        }
        let target = match (&mount.target, &mount.env) {
            (Some(target), _) => target.clone(),
            (None, Some(_)) => return variable(id, value),
            (None, None) => format!("/run/secrets/{}", path::base(id)),
        };
        let target = place.target(&target)?;
        if let Some(value) = value {
            let (uid, gid) = (mount.uid.unwrap_or(0), mount.gid.unwrap_or(0));
            let mode = mount.mode.unwrap_or(0o400) & 0o777;
            self.add(target, sandbox::MountKind::File { content: value.clone(), mode, uid, gid });
        }
        Ok(())
    }

    /// The socket of an agent. The variable that names it is set even if there is none.
    fn ssh(&mut self, place: &Place<'_>) -> Result<(), Error> {
        let mount = place.mount;
        if mount.source.is_some() {
            return Err(Error::instruction("a mount of the type `ssh` has no source"));
        }
        let id = mount.id.as_deref().unwrap_or("default");
        let target =
            mount.target.clone().unwrap_or_else(|| format!("/run/buildkit/ssh_agent.{}", self.agents));
        self.agents += 1;
        let socket = place.target(&target)?;
        self.agent.get_or_insert(target);
        let Some(agent) = place.builder.agents.get(id) else {
            return if mount.required { Err(missing_agent(id)) } else { Ok(()) };
        };
        let (uid, gid) = (mount.uid.unwrap_or(0), mount.gid.unwrap_or(0));
        let directory = place.builder.work.directory()?;
        let door = Door::open(agent, &directory, mount.mode.unwrap_or(0o600) & 0o777, (uid, gid))?;
        self.held.push(Held::Agent(door));
        self.add(socket, sandbox::MountKind::Bind { source: directory, path: DOOR.into(), writable: true });
        Ok(())
    }

    /// Takes one cache for all mounts of it.
    fn caches(&mut self, builder: &Builder<'_>, key: &str, wanted: Vec<Wanted>) -> Result<(), Error> {
        let Some(first) = wanted.first() else { return Ok(()) };
        let fill = |path: &Path| fill(builder, first, path);
        let taken = Caches::of(builder.work.home()).take(key, first.sharing, &builder.stop, &fill)?;
        let is_dir = taken.path.is_dir();
        for Wanted { target, source, writable, .. } in wanted {
            let (root, path) = match (is_dir, taken.path.parent(), taken.path.file_name()) {
                // A cache that began as one file.
                (false, Some(home), Some(slot)) => (home.to_owned(), slot.into()),
                _ => (taken.path.clone(), source),
            };
            if Root::open(&root)?.stat(&path)?.is_none() {
                let place = "cache".into();
                return Err(Error::SourceMissing { path: path.display().to_string(), place, hint: None });
            }
            self.add(target, sandbox::MountKind::Bind { source: root, path, writable });
        }
        self.held.push(Held::Cache(taken));
        Ok(())
    }

    /// Parents before what is in them; of two with one target the later one.
    fn arrange(&mut self) {
        self.mounts.sort_by(|one, other| one.target.as_os_str().cmp(other.target.as_os_str()));
        self.mounts.reverse();
        self.mounts.dedup_by(|later, kept| later.target == kept.target);
        self.mounts.reverse();
    }
}

/// Makes a new cache.
fn fill(builder: &Builder<'_>, wanted: &Wanted, path: &Path) -> Result<(), Error> {
    let Some((directories, place)) = &wanted.from else {
        return match wanted.beginning {
            Beginning::Empty { mode, uid, gid } => make_empty(path, mode, uid, gid),
            Beginning::Copy(_) => make_empty(path, 0o755, 0, 0),
        };
    };
    let tree = builder.sandbox.workspace(directories, &builder.work.directory()?)?;
    let (home, name) = (path.parent().unwrap_or(path), path.file_name().unwrap_or_default());
    let from = tree.root().resolve(place)?;
    if tree.root().metadata(&from)?.is_none() {
        let (path, place) = (place.display().to_string(), "tree that the cache begins with".into());
        return Err(Error::SourceMissing { path, place, hint: None });
    }
    let destination = Destination { path: Path::new(name), is_directory: false };
    let options = CopyOptions { whole_directory: true, ..CopyOptions::default() };
    let copied = copy_tree(tree.root(), &from, &Root::open(home)?, &destination, &options)?;
    builder.progress.refused(&copied.refused);
    Ok(())
}

/// A variable ends at a NUL.
fn variable(id: &str, value: Option<&SecretSlice<u8>>) -> Result<(), Error> {
    if value.is_some_and(|value| value.expose_secret().contains(&0)) {
        return Err(Error::instruction(format!("the secret `{id}` holds a NUL and fits no variable")));
    }
    Ok(())
}

fn missing_secret(id: &str, builder: &Builder<'_>) -> Error {
    let names: Vec<&str> = builder.secrets.names().collect();
    let given = if names.is_empty() { String::new() } else { format!(" (given: {})", names.join(", ")) };
    Error::Instruction {
        message: format!("the secret `{id}` is required and was not given{given}"),
        hint: Some(format!("`--secret id={id},src=FILE` or `--secret id={id},env=VARIABLE`")),
    }
}

fn missing_agent(id: &str) -> Error {
    Error::Instruction {
        message: format!("the SSH agent `{id}` is required and was not given"),
        hint: Some(format!("`--ssh {id}` for the agent of SSH_AUTH_SOCK, or `--ssh {id}=SOCKET`")),
    }
}
