//! An image with one of everything, unpacked by podman, by umoci and by tar: the same tree, file by file.
//!
//! Owners, devices and capabilities are real, so this runs as root.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]
#![allow(clippy::unnecessary_debug_formatting, reason = "names that are not UTF-8 must show")]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use ktrust_tests::Context;
use ktrust_tests::bases::{Layer, write};
use sha2::{Digest as _, Sha256};

use crate::project::Project;

/// Deletions, opaque directories, hard links over and in layers, special bits, odd names, replacements.
const DOCKERFILE: &str = "FROM busybox\n\
    RUN mkdir -p /d/keep /o/old /dir /links && echo 1 > /d/gone && echo 2 > /d/keep/f && echo 3 > /o/old/f && \
        echo 4 > /file && echo shared > /links/a && ln /links/a /links/b && ln -s a /links/s && \
        mkfifo /fifo && chmod 2755 /dir && chmod 1777 /o && ln -s /nowhere /dangling\n\
    RUN rm /d/gone && rm -r /o && mkdir /o && echo new > /o/new && rm -r /dir && echo file > /dir && \
        rm /file && mkdir /file && echo in > /file/in && ln /links/a /links/c && \
        chown 1000:2000 /d/keep/f && chmod 6755 /d/keep/f && touch -d @1000000000 /d/keep/f\n\
    RUN touch \"/odd name\" \"/quote'\\\"\" \"$(printf '/new\\nline')\" \"$(printf '/bad\\377utf8')\" && \
        mkdir -p /$(printf 'l%.0s' $(seq 1 120))/$(printf 'n%.0s' $(seq 1 120)) && \
        dd if=/dev/zero of=/sparse bs=1 count=1 seek=5000000 2>/dev/null && \
        touch -h -d @1000000001 /links/s\n\
    COPY --chown=5:6 caps /caps\n";

/// Everything that can be known of a file, in one line.
fn line(path: &Path, names: &mut BTreeMap<u64, String>, shown: &str) -> String {
    let found = path.symlink_metadata().unwrap();
    let kind = found.mode() & 0o170_000;
    let detail = match kind {
        0o120_000 => format!("{:?}", path.read_link().unwrap()),
        0o100_000 => {
            format!("{} {}", found.size(), hex::encode(Sha256::digest(std::fs::read(path).unwrap())))
        }
        0o020_000 | 0o060_000 => format!("{:x}", found.rdev()),
        _ => String::new(),
    };
    let first = if kind == 0o040_000 {
        String::new()
    } else {
        names.entry(found.ino()).or_insert_with(|| shown.to_owned()).clone()
    };
    let time = if kind == 0o040_000 { 0 } else { found.mtime() };
    format!(
        "{:o} {}:{} {time} {detail} ={first} {:?}",
        found.mode(),
        found.uid(),
        found.gid(),
        attributes(path)
    )
}

fn attributes(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut list = vec![0; 1 << 16];
    let length = rustix::fs::llistxattr(path, &mut list).unwrap_or_default();
    let names = list[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty());
    let mut found = BTreeMap::new();
    for name in names {
        let mut value = vec![0; 1 << 16];
        let length = rustix::fs::lgetxattr(path, OsStr::from_bytes(name), &mut value).unwrap_or_default();
        found.insert(String::from_utf8_lossy(name).into_owned(), value[..length].to_vec());
    }
    found
}

fn tree(root: &Path) -> BTreeMap<String, String> {
    let (mut lines, mut names) = (BTreeMap::new(), BTreeMap::new());
    let mut open = vec![root.to_owned()];
    let mut paths = Vec::new();
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(&directory).unwrap_or_else(|error| panic!("{directory:?}: {error}")) {
            let path = entry.unwrap().path();
            if path.symlink_metadata().unwrap().is_dir() {
                open.push(path.clone());
            }
            paths.push(path);
        }
    }
    paths.sort();
    for path in paths {
        let shown = format!("{:?}", path.strip_prefix(root).unwrap());
        lines.insert(shown.clone(), line(&path, &mut names, &shown));
    }
    lines
}

fn assert_same(what: &str, theirs: &BTreeMap<String, String>, ours: &BTreeMap<String, String>) {
    let differs: Vec<_> = ours
        .keys()
        .chain(theirs.keys())
        .filter(|path| ours.get(*path) != theirs.get(*path))
        .map(|path| format!("{path}\n  ours   {:?}\n  {what} {:?}", ours.get(path), theirs.get(path)))
        .collect();
    assert!(differs.is_empty(), "{what} differs:\n{}", differs.join("\n"));
    assert!(ours.len() > 50, "a tree with {} files proves nothing", ours.len());
}

/// The image in the layout `out`, as the archives `root.tar` and `docker.tar`.
fn image() -> Project {
    let project = Project::new(DOCKERFILE).file("caps", "a program");
    let caps = project.context.path("app/caps");
    let attribute = ["-n", "security.capability", "-v", "0x0100000200200000000000000000000000000000"];
    project.context.command("setfattr").args(attribute).arg(&caps).run().success();
    let outputs = ["-t", "oci:./out:1", "-o", "type=tar,dest=root.tar", "-o", "type=docker,dest=docker.tar"];
    project.kbuild().args(outputs).args(["-t", "r.test/a:1"]).run().success();
    project
}

fn extract(context: &Context, archive: &str, to: &str) -> BTreeMap<String, String> {
    std::fs::create_dir(context.path(to)).unwrap();
    let options = ["--numeric-owner", "--xattrs", "--xattrs-include=*", "-C", to];
    context.command("tar").args(["-xpf", archive]).args(options).run().success();
    tree(&context.path(to))
}

#[test]
fn podman_umoci_and_tar_see_one_tree() {
    let project = image();
    let context = &project.context;
    let ours = extract(context, "root.tar", "ours");
    let umoci = ["unpack", "--image", "out:1", "bundle"];
    context.tool("umoci").args(umoci).run().success();
    assert_same("umoci", &tree(&context.path("bundle/rootfs")), &ours);
    let podman = || {
        let podman = context.tool("podman").arg("--root").arg(context.path("storage"));
        let podman = podman.arg("--runroot").arg(context.path("run"));
        podman.args(["--storage-driver", "vfs", "--cgroup-manager", "cgroupfs"])
    };
    for (what, load) in [
        ("podman pull", vec!["pull", "-q", "oci:out:1"]),
        ("podman load", vec!["load", "-q", "-i", "docker.tar"]),
    ] {
        podman().args(load).deadline(Duration::from_mins(2)).run().success();
        let id = podman().args(["images", "-q", "--no-trunc"]).run().success();
        let id = id.stdout.lines().next().unwrap().to_owned();
        let place = podman().args(["image", "mount", &id]).run().success();
        assert_same(what, &tree(Path::new(place.stdout.trim())), &ours);
        podman().args(["image", "unmount", &id]).run().success();
        podman().args(["rmi", "-f", &id]).run().success();
    }
}

/// A device in a base image cannot be made everywhere, and is in the archive all the same.
#[test]
fn a_device_of_the_base_is_in_the_archive() {
    let project = Project::new("FROM base\nCOPY a /\n").file("a", "a");
    let mut layer = Layer::default();
    layer.directory("dev", 0o755);
    layer.device("dev/null", 1, 3);
    write(&project.context.path("devices"), layer, &serde_json::json!({}));
    let base = format!("base=oci-layout://{}", project.context.path("devices").display());
    project.kbuild().args(["--build-context", &base, "-o", "type=tar,dest=root.tar"]).run().success();
    let listed = project.context.command("tar").args(["-tvf", "root.tar"]).run().success();
    assert!(listed.stdout.lines().any(|line| line.starts_with("crw") && line.contains("1,3")), "{listed}");
}
