//! COPY's rules, as BuildKit has them.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;

use ktrust_rootfs::{Choice, CopyOptions, Destination, Error, Kind, Owner, Root, Time, copy_tree};

use crate::listing::listing;
use crate::support::{Ground, tool};

const STAGE: CopyOptions<'static> = CopyOptions {
    owner: None,
    parents: None,
    parent_mode: None,
    mode: None,
    select: None,
    whole_directory: false,
};
const CONTEXT: CopyOptions<'static> = CopyOptions { owner: Some(Owner::new(0, 0)), ..STAGE };

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
    let destination = Destination { path: Path::new(dest), is_directory: dest.ends_with('/') };
    copy_tree(from, Path::new(source), to, &destination, options).map(|copied| copied.entries)
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
    copy(&from, "tree/file", &to, "a/b", &CONTEXT).unwrap();
    assert_eq!(to.metadata(Path::new("a/b/file")).unwrap().unwrap().kind, Kind::File);
    fs::create_dir_all(ground.path("root/taken/file")).unwrap();
    assert!(matches!(copy(&from, "tree/file", &to, "taken", &CONTEXT), Err(Error::IsADirectory(_))));
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
    // A file that goes into a directory keeps the name that it was called by, not its own.
    copy(&from, "to-file", &to, "in/", &CONTEXT).unwrap();
    assert_eq!(to.metadata(Path::new("in/to-file")).unwrap().unwrap().kind, Kind::File);
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
fn what_has_the_name_in_a_directory_is_replaced_also_if_it_is_a_link() {
    let ground = Ground::new();
    let (from, to) = (source(&ground), ground.root());
    fs::create_dir(ground.path("root/dir")).unwrap();
    fs::write(ground.path("root/kept"), "k").unwrap();
    symlink("/kept", ground.path("root/dir/file")).unwrap();
    copy(&from, "tree/file", &to, "dir", &CONTEXT).unwrap();
    assert_eq!(to.metadata(Path::new("dir/file")).unwrap().unwrap().kind, Kind::File);
    assert_eq!(fs::read_to_string(ground.path("root/kept")).unwrap(), "k");
}

#[test]
fn owner_and_mode_reach_what_is_made_on_the_way() {
    let ground = Ground::new();
    let (from, to) = (source(&ground), ground.root());
    let owner = Some(Owner::new(3, 4));
    let exact = |_: u32, _: bool| 0o4640;
    let octal = CopyOptions { owner, parents: owner, parent_mode: Some(0o4640), mode: Some(&exact), ..STAGE };
    copy(&from, "tree/file", &to, "p/q/file", &octal).unwrap();
    for (path, mode) in [("p", 0o640), ("p/q", 0o640), ("p/q/file", 0o4640)] {
        let found = to.metadata(Path::new(path)).unwrap().unwrap();
        assert_eq!((found.mode, found.owner), (mode, Owner::new(3, 4)), "{path}");
    }
    let open = |_: u32, _: bool| 0o777;
    copy(&from, "tree", &to, "r/s", &CopyOptions { mode: Some(&open), ..CONTEXT }).unwrap();
    let mode = |path: &str| to.metadata(Path::new(path)).unwrap().unwrap().mode;
    assert_eq!(["r", "r/s", "r/s/sub", "r/s/file"].map(mode), [0o755, 0o755, 0o777, 0o777]);
}

#[test]
fn new_directories_inherit_the_group_as_mkdir_has_it() {
    let ground = Ground::new();
    let (from, to) = (source(&ground), ground.root());
    fs::create_dir(ground.path("root/shared")).unwrap();
    chown(ground.path("root/shared"), Some(1), Some(33)).unwrap();
    fs::set_permissions(ground.path("root/shared"), fs::Permissions::from_mode(0o2775)).unwrap();
    copy(&from, "tree", &to, "shared/new", &CONTEXT).unwrap();
    let found = |path: &str| to.metadata(Path::new(path)).unwrap().map(|m| (m.mode, m.owner)).unwrap();
    assert_eq!(found("shared/new"), (0o2755, Owner::new(0, 33)));
    assert_eq!(found("shared/new/sub"), (0o1700, Owner::new(0, 0)));
    to.create_dir_all(Path::new("shared/own"), Owner::new(5, 6), 0o700).unwrap();
    assert_eq!(found("shared/own"), (0o2700, Owner::new(5, 6)));
}

#[test]
fn a_directory_that_is_copied_whole_brings_its_metadata() {
    let ground = Ground::new();
    let (from, to) = (source(&ground), ground.root());
    copy(&from, "tree/sub", &to, "a/b", &CopyOptions { whole_directory: true, ..STAGE }).unwrap();
    assert_eq!(to.metadata(Path::new("a")).unwrap().unwrap().mode, 0o755);
    assert_eq!(to.metadata(Path::new("a/b")).unwrap().unwrap().mode, 0o1700);
    copy(&from, "tree", &to, "a/b", &CopyOptions { whole_directory: true, ..STAGE }).unwrap();
    assert_eq!(to.metadata(Path::new("a/b")).unwrap().unwrap().mode, 0o1700);
}

#[test]
fn sockets_become_empty_files() {
    let ground = Ground::new();
    let (from, to) = (source(&ground), ground.root());
    let _socket = std::os::unix::net::UnixListener::bind(ground.path("source/socket")).unwrap();
    copy(&from, "socket", &to, "made", &CONTEXT).unwrap();
    let made = to.metadata(Path::new("made")).unwrap().unwrap();
    assert_eq!((made.kind, made.size), (Kind::File, 0));
}

#[test]
fn selections_leave_out() {
    let ground = Ground::new();
    let (from, to) = (source(&ground), ground.root());
    let only_deep = |path: &Path, is_dir: bool| {
        Ok(match is_dir {
            true => Choice::Through,
            false if path == Path::new("sub/deep") => Choice::Take,
            false => Choice::Skip,
        })
    };
    let options = CopyOptions { select: Some(&only_deep), ..CONTEXT };
    assert_eq!(copy(&from, "tree", &to, "d", &options).unwrap(), 3);
    assert_eq!(to.read_dir(Path::new("d")).unwrap().len(), 1);
    assert_eq!(to.read_dir(Path::new("d/sub")).unwrap().len(), 1);
    assert_eq!(to.metadata(Path::new("d/sub")).unwrap().unwrap().mode, 0o1700);
    // A directory on the way that is there gets the mode of its source and nothing else.
    fs::create_dir_all(ground.path("root/e/sub")).unwrap();
    chown(ground.path("root/e/sub"), Some(9), Some(9)).unwrap();
    copy(&from, "tree", &to, "e", &options).unwrap();
    let there = to.metadata(Path::new("e/sub")).unwrap().unwrap();
    assert_eq!((there.mode, there.owner), (0o1700, Owner::new(9, 9)));
    // One in which nothing is taken is not made.
    let nothing = |_: &Path, is_dir: bool| Ok(if is_dir { Choice::Through } else { Choice::Skip });
    copy(&from, "tree", &to, "f", &CopyOptions { select: Some(&nothing), ..CONTEXT }).unwrap();
    assert!(to.read_dir(Path::new("f")).unwrap().is_empty());
}
