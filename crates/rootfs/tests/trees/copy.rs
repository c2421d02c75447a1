//! COPY's rules, as BuildKit has them.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;

use ktrust_rootfs::{CopyOptions, Error, Filter, Kind, Owner, Root, Time, copy_tree};

use crate::listing::listing;
use crate::support::{Ground, tool};

const CONTEXT: CopyOptions<'static> =
    CopyOptions { owner: Some(Owner::new(0, 0)), mode: None, filter: None, keep_source_link: false };
const STAGE: CopyOptions<'static> =
    CopyOptions { owner: None, mode: None, filter: None, keep_source_link: false };

fn source(ground: &Ground) -> Root {
    let source = ground.tree("source");
    let path = |name: &str| ground.path("source").join(name);
    fs::create_dir_all(path("tree/sub/empty")).unwrap();
    fs::write(path("tree/file"), "1").unwrap();
    fs::write(path("tree/sub/deep"), "2").unwrap();
    fs::hard_link(path("tree/file"), path("tree/sub/hard")).unwrap();
    symlink("../file", path("tree/sub/soft")).unwrap();
    symlink("tree/file", path("to-file")).unwrap();
    symlink("/tree", path("to-tree")).unwrap();
    fs::set_permissions(path("tree/sub"), fs::Permissions::from_mode(0o1700)).unwrap();
    fs::set_permissions(path("tree/file"), fs::Permissions::from_mode(0o6755)).unwrap();
    chown(path("tree/sub/deep"), Some(1000), Some(1001)).unwrap();
    tool("mkfifo", &["tree/sub/fifo"], source.path());
    tool("mknod", &["tree/sub/null", "c", "1", "3"], source.path());
    tool("setfattr", &["-n", "user.note", "-v", "x", "tree/sub/deep"], source.path());
    tool("setcap", &["cap_net_raw+ep", "tree/sub/deep"], source.path());
    for path in ["tree/sub/empty", "tree/sub", "tree/file", "tree/sub/deep", "tree"] {
        source.set_modified(Path::new(path), Time { seconds: 1_400_000_000, nanoseconds: 5 }).unwrap();
    }
    source
}

fn copy(from: &Root, source: &str, to: &Root, dest: &str, options: &CopyOptions<'_>) -> Result<u64, Error> {
    copy_tree(from, Path::new(source), to, Path::new(dest), options).map(|copied| copied.entries)
}

#[test]
fn a_directory_is_copied_with_everything() {
    let ground = Ground::new();
    let (from, to) = (source(&ground), ground.root());
    assert_eq!(copy(&from, "tree", &to, "/new/place", &STAGE).unwrap(), 9);
    let inside = |root: &Root, path: &str| listing(&Root::open(&root.path().join(path)).unwrap());
    assert_eq!(inside(&to, "new/place"), inside(&from, "tree"));
    // The destination is new: 0755 and root's, but with the source's time. Its parent is only made.
    let made = to.metadata(Path::new("new/place")).unwrap().unwrap();
    assert_eq!((made.mode, made.owner, made.modified.seconds), (0o755, Owner::new(0, 0), 1_400_000_000));
    assert_eq!(fs::metadata(ground.path("root/new/place/file")).unwrap().mtime_nsec(), 5);
}

#[test]
fn existing_directories_are_merged() {
    let ground = Ground::new();
    let (from, to) = (source(&ground), ground.root());
    fs::create_dir_all(ground.path("root/dest/sub")).unwrap();
    fs::write(ground.path("root/dest/sub/kept"), "k").unwrap();
    fs::set_permissions(ground.path("root/dest"), fs::Permissions::from_mode(0o711)).unwrap();
    chown(ground.path("root/dest"), Some(9), Some(9)).unwrap();
    copy(&from, "tree", &to, "dest", &CONTEXT).unwrap();
    let dest = to.metadata(Path::new("dest")).unwrap().unwrap();
    assert_eq!((dest.mode, dest.owner, dest.modified.seconds), (0o711, Owner::new(9, 9), 1_400_000_000));
    assert_eq!(to.metadata(Path::new("dest/sub")).unwrap().unwrap().mode, 0o1700);
    assert_eq!(to.metadata(Path::new("dest/sub/deep")).unwrap().unwrap().owner, Owner::new(0, 0));
    assert!(ground.path("root/dest/sub/kept").exists());
}

#[test]
fn a_file_gets_the_name_and_never_replaces_a_directory() {
    let ground = Ground::new();
    let (from, to) = (source(&ground), ground.root());
    copy(&from, "tree/file", &to, "a/b/name", &CONTEXT).unwrap();
    assert_eq!(to.metadata(Path::new("a/b/name")).unwrap().unwrap().mode, 0o6755);
    assert!(matches!(copy(&from, "tree/file", &to, "a/b", &CONTEXT), Err(Error::IsADirectory(_))));
    fs::create_dir_all(ground.path("root/clash/file")).unwrap();
    assert!(matches!(copy(&from, "tree", &to, "clash", &CONTEXT), Err(Error::IsADirectory(_))));
    fs::write(ground.path("root/plain"), "").unwrap();
    assert!(matches!(copy(&from, "tree", &to, "plain", &CONTEXT), Err(Error::NotADirectory(_))));
    assert!(matches!(copy(&from, "missing", &to, "x", &CONTEXT), Err(Error::Missing(_))));
}

#[test]
fn links_are_followed_at_the_ends_only() {
    let ground = Ground::new();
    let (from, to) = (source(&ground), ground.root());
    copy(&from, "to-file", &to, "file", &CONTEXT).unwrap();
    copy(&from, "to-tree", &to, "tree", &CONTEXT).unwrap();
    assert_eq!(to.metadata(Path::new("file")).unwrap().unwrap().kind, Kind::File);
    assert_eq!(to.read_link(Path::new("tree/sub/soft")).unwrap(), Path::new("../file"));
    copy(&from, "to-file", &to, "link", &CopyOptions { keep_source_link: true, ..CONTEXT }).unwrap();
    assert_eq!(to.read_link(Path::new("link")).unwrap(), Path::new("tree/file"));
    // In the destination they are followed inside the root, whatever they say.
    symlink(ground.path("outside"), ground.path("root/out")).unwrap();
    symlink("made/by/link", ground.path("root/dangling")).unwrap();
    copy(&from, "tree/file", &to, "out/precious", &CONTEXT).unwrap();
    copy(&from, "tree/file", &to, "dangling", &CONTEXT).unwrap();
    assert_eq!(fs::read_to_string(ground.path("outside/precious")).unwrap(), "mine");
    assert_eq!(fs::read_to_string(ground.path("root/made/by/link")).unwrap(), "1");
}

#[test]
fn hard_links_within_a_source_stay() {
    let ground = Ground::new();
    let (from, to) = (source(&ground), ground.root());
    copy(&from, "tree", &to, "one", &CONTEXT).unwrap();
    copy(&from, "tree/file", &to, "two", &CONTEXT).unwrap();
    let inode = |path: &str| fs::metadata(ground.path("root").join(path)).unwrap().ino();
    assert_eq!(inode("one/file"), inode("one/sub/hard"));
    assert_ne!(inode("one/file"), inode("two"));
}

#[test]
fn owner_and_mode_reach_what_is_made_on_the_way() {
    let ground = Ground::new();
    let (from, to) = (source(&ground), ground.root());
    let octal = CopyOptions { owner: Some(Owner::new(3, 4)), mode: Some("640".parse().unwrap()), ..STAGE };
    copy(&from, "tree/file", &to, "p/q/file", &octal).unwrap();
    for path in ["p", "p/q", "p/q/file"] {
        let found = to.metadata(Path::new(path)).unwrap().unwrap();
        assert_eq!((found.mode, found.owner), (0o640, Owner::new(3, 4)), "{path}");
    }
    let symbolic = CopyOptions { mode: Some("go=u,a-s".parse().unwrap()), ..CONTEXT };
    copy(&from, "tree", &to, "r/s", &symbolic).unwrap();
    let mode = |path: &str| to.metadata(Path::new(path)).unwrap().unwrap().mode;
    assert_eq!(["r", "r/s", "r/s/sub", "r/s/file"].map(mode), [0o755, 0o755, 0o777, 0o777]);
}

#[test]
fn filters_leave_out() {
    let ground = Ground::new();
    let (from, to) = (source(&ground), ground.root());
    let only_deep = |path: &Path, kind: Kind| match kind {
        Kind::Directory => Filter::IfNeeded,
        _ if path == Path::new("sub/deep") => Filter::Include,
        _ => Filter::Skip,
    };
    assert_eq!(
        copy(&from, "tree", &to, "d", &CopyOptions { filter: Some(&only_deep), ..CONTEXT }).unwrap(),
        3
    );
    assert_eq!(to.read_dir(Path::new("d")).unwrap().len(), 1);
    assert_eq!(to.read_dir(Path::new("d/sub")).unwrap().len(), 1);
}
