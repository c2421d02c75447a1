//! The files of one commit, as BuildKit checks them out.
//!
//! A bare repository gets the commit, a tree beside it gets the files. With `--keep-git-dir` the tree is a
//! shallow clone of its own. Submodules are part of the files.

use std::path::{Path, PathBuf};

use super::address::{GitAddress, is_commit};
use super::failure::Failure;
use super::git::Git;
use super::times::{normalise, set_times};
use crate::error::Error;

/// A commit's files.
pub(super) struct Checkout {
    /// The directory that was asked for.
    pub(super) directory: PathBuf,
    /// When the commit was made, in seconds since 1970.
    pub(super) committed: i64,
}

/// What is wanted of a repository.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) address: &'a GitAddress,
    /// The beginning of the commit's id, which must be that.
    pub(super) checksum: Option<&'a str>,
    pub(super) keep_git_dir: bool,
    pub(super) commit_times: bool,
}

/// A commit as the server names it.
struct Found {
    /// The whole name of the reference; the commit itself where that was asked for.
    reference: String,
    /// The commit, or the object of an annotated tag.
    id: String,
}

impl Wanted<'_> {
    /// Fetches and checks out below `place`, an empty directory.
    pub(super) async fn checkout(&self, git: &Git<'_>, place: &Path) -> Result<Checkout, Error> {
        self.check_checksum()?;
        let (bare, tree) = (place.join("git"), place.join("tree"));
        for directory in [&bare, &tree] {
            std::fs::create_dir(directory).map_err(|source| work(directory, source))?;
        }
        let found = self.resolve(git, place).await?;
        let format = if found.id.len() == 64 { "--object-format=sha256" } else { "--object-format=sha1" };
        git.run(&bare, &["init", "--quiet", "--bare", format]).await?;
        git.run(&bare, &["remote", "add", "origin", &self.address.remote]).await?;
        let object = self.fetch(git, &bare, &found).await?;
        let commit = git.run(&bare, &["rev-parse", &format!("{object}^{{commit}}")]).await?.trim().to_owned();
        self.compare(&[&object, &commit])?;
        let git_dir = if self.keeps() {
            self.clone_tree(git, &bare, &tree, &found.reference, &object).await?
        } else {
            let both = paths(&tree, &bare);
            let arguments =
                [&both.words()[..], &["checkout", "--quiet", "--no-overlay", &commit, "--", "."]].concat();
            git.run(&tree, &arguments).await?;
            bare.clone()
        };
        self.submodules(git, &tree, &git_dir).await?;
        let committed = git.run(&bare, &["log", "-1", "--format=%ct", &commit]).await?;
        let committed = committed.trim().parse().unwrap_or_default();
        let directory = self.directory(&tree)?;
        normalise(&tree, self.keeps()).map_err(|source| work(&tree, source))?;
        if self.commit_times {
            set_times(&directory, committed).map_err(|source| work(&directory, source))?;
        }
        Ok(Checkout { directory, committed })
    }

    /// A part of the repository has no history of its own, as in BuildKit.
    fn keeps(&self) -> bool {
        self.keep_git_dir && self.address.directory.is_empty()
    }

    fn check_checksum(&self) -> Result<(), Error> {
        let wrong = |sum: &&str| sum.is_empty() || !sum.bytes().all(|byte| byte.is_ascii_hexdigit());
        match self.checksum.filter(wrong) {
            Some(sum) => {
                Err(self.broken(&format!("the checksum `{sum}` is not the beginning of a commit's id")))
            }
            None => Ok(()),
        }
    }

    /// Asks the server what the reference is.
    async fn resolve(&self, git: &Git<'_>, place: &Path) -> Result<Found, Error> {
        let asked = self.address.reference.as_str();
        if is_commit(asked) {
            self.compare(&[asked])?;
            return Ok(Found { reference: asked.into(), id: asked.into() });
        }
        if self.address.fetch_by_commit {
            return self.by_commit(asked);
        }
        let remote = self.address.remote.as_str();
        let default;
        let name = if asked.is_empty() {
            let answer = git.ask(place, &["ls-remote", "--symref", "--", remote, "HEAD"]).await?;
            default = head(&answer).ok_or_else(|| self.broken("it has no default branch"))?;
            default.as_str()
        } else {
            asked
        };
        let tag = format!("{name}^{{}}");
        let answer = git.ask(place, &["ls-remote", "--", remote, name, &tag]).await?;
        pick(name, &answer)
            .ok_or_else(|| self.broken(&format!("it has no branch, tag or reference `{name}`")))
    }

    fn by_commit(&self, name: &str) -> Result<Found, Error> {
        let Some(id) = self.checksum.filter(|sum| is_commit(sum)) else {
            return Err(self.broken("`fetch-by-commit` needs the commit's whole id as `commit=`"));
        };
        let reference = match name {
            "" => id.to_owned(),
            name if name.starts_with("refs/") => name.to_owned(),
            name => format!("refs/heads/{name}"),
        };
        Ok(Found { reference, id: id.to_owned() })
    }

    /// Brings the commit into the bare repository; yields the id of what came.
    async fn fetch(&self, git: &Git<'_>, bare: &Path, found: &Found) -> Result<String, Error> {
        if is_commit(&found.reference) || self.address.fetch_by_commit {
            self.fetch_commit(git, bare, &found.id).await?;
            return Ok(found.id.clone());
        }
        let target = format!("+{}:{}", found.reference, target(&found.reference));
        let shallow = ["fetch", "--quiet", "--depth=1", "--no-tags", "--", "origin", &target];
        if let Err(error) = git.ask(bare, &shallow).await {
            if !told(&error, &["--depth", "shallow"]) {
                return Err(error);
            }
            git.ask(bare, &["fetch", "--quiet", "--no-tags", "--", "origin", &target]).await?;
        }
        Ok(git.run(bare, &["rev-parse", "FETCH_HEAD"]).await?.trim().to_owned())
    }

    /// Not every server gives out a commit that no reference names; then everything is fetched.
    async fn fetch_commit(&self, git: &Git<'_>, bare: &Path, id: &str) -> Result<(), Error> {
        let alone = ["fetch", "--quiet", "--depth=1", "--no-tags", "--", "origin", id];
        let Err(error) = git.ask(bare, &alone).await else { return Ok(()) };
        if !told(&error, &["not our ref", "unadvertised object", "--depth", "shallow", "no such remote ref"])
        {
            return Err(error);
        }
        let all = ["fetch", "--quiet", "--tags", "--", "origin", "+refs/heads/*:refs/remotes/origin/*"];
        git.ask(bare, &all).await?;
        Ok(())
    }

    /// A shallow clone with a `.git` that a build may ask for its version.
    async fn clone_tree(
        &self,
        git: &Git<'_>,
        bare: &Path,
        tree: &Path,
        reference: &str,
        object: &str,
    ) -> Result<PathBuf, Error> {
        let format = if object.len() == 64 { "--object-format=sha256" } else { "--object-format=sha1" };
        git.run(tree, &["init", "--quiet", format]).await?;
        git.run(tree, &["remote", "add", "origin", &format!("file://{}", bare.display())]).await?;
        let wanted = if is_commit(reference) {
            git.run(bare, &["update-ref", "refs/kbuild/commit", object]).await?;
            "refs/kbuild/commit".to_owned()
        } else if self.address.fetch_by_commit {
            git.run(bare, &["update-ref", "refs/kbuild/commit", object]).await?;
            format!("+refs/kbuild/commit:{reference}")
        } else {
            format!("+{}:{reference}", target(reference))
        };
        git.run(tree, &["fetch", "--quiet", "-u", "--depth=1", "--", "origin", &wanted]).await?;
        git.run(tree, &["checkout", "--quiet", "FETCH_HEAD"]).await?;
        git.run(tree, &["remote", "set-url", "origin", &self.address.remote]).await?;
        git.run(tree, &["reflog", "expire", "--all", "--expire=now"]).await?;
        let _ = std::fs::remove_file(tree.join(".git/FETCH_HEAD"));
        Ok(tree.join(".git"))
    }

    async fn submodules(&self, git: &Git<'_>, tree: &Path, git_dir: &Path) -> Result<(), Error> {
        if !self.address.submodules || !tree.join(".gitmodules").is_file() {
            return Ok(());
        }
        let both = paths(tree, git_dir);
        let update = ["submodule", "--quiet", "update", "--init", "--recursive", "--depth=1"];
        git.ask(tree, &[&both.words()[..], &update].concat()).await.map(drop)
    }

    /// The directory that was asked for: no link may lead there, because that could lead anywhere.
    fn directory(&self, tree: &Path) -> Result<PathBuf, Error> {
        let mut path = tree.to_owned();
        for name in self.address.directory.split('/').filter(|name| !name.is_empty()) {
            path.push(name);
            if !path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir()) {
                return Err(self.broken(&format!("it has no directory `{}`", self.address.directory)));
            }
        }
        Ok(path)
    }

    fn compare(&self, ids: &[&str]) -> Result<(), Error> {
        let Some(expected) = self.checksum else { return Ok(()) };
        if ids.iter().any(|id| id.starts_with(&expected.to_ascii_lowercase())) {
            return Ok(());
        }
        let actual = ids.last().copied().unwrap_or_default().to_owned();
        let (address, expected) = (self.address.to_string(), expected.to_owned());
        Err(Failure::Checksum { address, expected, actual }.into())
    }

    fn broken(&self, why: &str) -> Error {
        Failure::Address { address: self.address.to_string(), why: why.to_owned() }.into()
    }
}

/// `--work-tree` and `--git-dir` with their values.
struct Paths(String, String);

fn paths(tree: &Path, git_dir: &Path) -> Paths {
    Paths(tree.display().to_string(), git_dir.display().to_string())
}

impl Paths {
    fn words(&self) -> [&str; 4] {
        ["--work-tree", &self.0, "--git-dir", &self.1]
    }
}

/// `ref: refs/heads/main\tHEAD` of `ls-remote --symref`.
fn head(answer: &str) -> Option<String> {
    let name = answer.lines().find_map(|line| line.strip_prefix("ref: ")?.strip_suffix("\tHEAD"))?;
    (name.starts_with("refs/heads/")).then(|| name.to_owned())
}

/// What a name means among the references that end with it: a whole reference, else a branch, else a tag.
fn pick(name: &str, answer: &str) -> Option<Found> {
    let id = |wanted: &str| {
        let line = answer.lines().find_map(|line| line.split_once('\t').filter(|(_, name)| *name == wanted));
        line.map(|(id, _)| id.to_owned()).filter(|id| is_commit(id))
    };
    let full = |prefix: &str| format!("{prefix}{}", name.strip_prefix(prefix).unwrap_or(name));
    [full("refs/"), full("refs/heads/"), full("refs/tags/")]
        .into_iter()
        .find_map(|reference| Some(Found { id: id(&reference)?, reference }))
}

fn told(error: &Error, signs: &[&str]) -> bool {
    matches!(error, Error::Remote(Failure::Git { said, .. }) if signs.iter().any(|sign| said.contains(sign)))
}

fn work(path: &Path, source: std::io::Error) -> Error {
    Error::Work { path: path.to_owned(), source }
}

/// Where the reference is kept in the bare repository, which then gives it to the clone by the same name.
fn target(reference: &str) -> String {
    if reference.starts_with("refs/tags/") { reference.to_owned() } else { format!("refs/tags/{reference}") }
}

#[cfg(test)]
mod tests {
    use super::{head, pick};

    const ONE: &str = "1111111111111111111111111111111111111111";
    const TWO: &str = "2222222222222222222222222222222222222222";

    #[test]
    fn branches_before_tags() {
        let answer = format!("{ONE}\trefs/tags/x\n{TWO}\trefs/heads/x\n");
        let found = pick("x", &answer).unwrap();
        assert_eq!((found.reference.as_str(), found.id.as_str()), ("refs/heads/x", TWO));
        let found = pick("refs/tags/x", &answer).unwrap();
        assert_eq!((found.reference.as_str(), found.id.as_str()), ("refs/tags/x", ONE));
        assert!(pick("y", &format!("{ONE}\trefs/heads/x/y\n")).is_none());
    }

    #[test]
    fn the_default_branch() {
        assert_eq!(head(&format!("ref: refs/heads/main\tHEAD\n{ONE}\tHEAD\n")).unwrap(), "refs/heads/main");
        assert!(head(&format!("{ONE}\tHEAD\n")).is_none());
    }
}
