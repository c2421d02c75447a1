//! What becomes of a workspace: layers on layers.

use std::fs::File;
use std::path::Path;

use ktrust_rootfs::{Change, Owner, PackOptions, Root, UnpackOptions, pack, unpack};
use ktrust_sandbox::{Finished, Sandbox};

use crate::Test;
use crate::base::{Bench, prints};

pub(crate) const TESTS: &[Test] = &[
    ("changes_are_exact", changes_are_exact),
    ("copying_up_is_no_change", copying_up_is_no_change),
    ("a_layer_is_the_next_lower", a_layer_is_the_next_lower),
    ("two_hundred_layers", two_hundred_layers),
    ("a_layer_unpacks_to_the_same_tree", a_layer_unpacks_to_the_same_tree),
    ("nothing_is_left_mounted", nothing_is_left_mounted),
];

fn changes(finished: &Finished) -> Vec<String> {
    let line = |change: &Change| match change {
        Change::Upsert(path) => format!("+{}", path.display()),
        Change::Opaque(path) => format!("o{}", path.display()),
        Change::Remove(path) => format!("-{}", path.display()),
    };
    finished
        .changes
        .iter()
        .map(line)
        .filter(|line| !["+dev", "+proc", "+sys"].contains(&line.as_str()))
        .collect()
}

fn changes_are_exact() {
    let bench = Bench::new();
    let mut workspace = bench.workspace();
    workspace.root().create_dir_all(Path::new("data/sub"), Owner::new(5, 6), 0o750).unwrap();
    prints(
        &mut *workspace,
        "rm /bin/awk; chmod 700 /root; rm -r /tmp; mkdir /tmp; echo n > /tmp/new; ln /tmp/new /tmp/other; mkdir /empty",
    );
    let finished = workspace.finish().unwrap();
    let expected = [
        "+bin",
        "-bin/awk",
        "+data",
        "+data/sub",
        "+empty",
        "+root",
        "+tmp",
        "otmp",
        "+tmp/new",
        "+tmp/other",
    ];
    assert_eq!(changes(&finished), expected);
}

fn copying_up_is_no_change() {
    let bench = Bench::new();
    let mut workspace = bench.workspace();
    // Opened for writing, and a mode set to what it was: both copy the file up.
    prints(&mut *workspace, ": >> /etc/passwd; chmod 644 /etc/group; chmod 1777 /tmp");
    assert_eq!(changes(&workspace.finish().unwrap()), Vec::<String>::new());
}

fn a_layer_is_the_next_lower() {
    let bench = Bench::new();
    let mut first = bench.workspace();
    prints(&mut *first, "echo one > /tmp/a; rm /etc/group; rm -r /root; mkdir /root; touch /root/new");
    let first = first.finish().unwrap();
    let mut second = bench
        .sandbox
        .workspace(&[bench.base.clone(), first.layer_dir.clone()], &bench.dir("second"))
        .unwrap();
    assert_eq!(
        prints(&mut *second, "cat /tmp/a; ls /etc/group 2>/dev/null; ls /root; rm /tmp/a"),
        "one\nnew"
    );
    assert_eq!(changes(&second.finish().unwrap()), ["+tmp", "-tmp/a"]);
    assert_eq!(std::fs::read_to_string(first.layer_dir.join("tmp/a")).unwrap(), "one\n");
}

fn two_hundred_layers() {
    let bench = Bench::new();
    let mut lowers = vec![bench.base.clone()];
    for number in 0..200 {
        let layer = bench
            .dir(&format!("a-rather-long-name-for-a-layer-so-that-options-do-not-fit-in-a-page/{number}"));
        std::fs::write(layer.join(format!("file{number}")), "x").unwrap();
        lowers.push(layer);
    }
    let mut workspace = bench.sandbox.workspace(&lowers, &bench.dir("scratch")).unwrap();
    assert_eq!(prints(&mut *workspace, "ls -d /file* | wc -l; rm /file17; ls -d /file* | wc -l"), "200\n199");
    assert_eq!(changes(&workspace.finish().unwrap()), ["-file17"]);
}

fn a_layer_unpacks_to_the_same_tree() {
    let bench = Bench::new();
    let mut workspace = bench.workspace();
    prints(
        &mut *workspace,
        "mkdir -p /opt/a /opt/empty; echo 1 > /opt/a/f; ln /opt/a/f /opt/a/g; ln -s ../x /opt/l; mkfifo /opt/p; \
         chown 33:44 /opt/a/f; chmod 6755 /opt/a/f; chmod 1700 /opt/empty; rm /bin/awk; rm -r /root; mkdir /root; \
         touch -d '2001-02-03 04:05:06' /opt/a/f; rm /etc/group; mkdir /etc/group; mv /etc/passwd /opt/",
    );
    let listing = "find / -xdev -type d | sort; \
                   find /opt /root /tmp /etc/group -not -type d -exec stat -c '%n %F %a %u:%g %s %Y %h %N' {} + | sort; \
                   find /opt /root /tmp /etc/group -type d -exec stat -c '%n %a %u:%g %Y' {} + | sort";
    let merged = prints(&mut *workspace, listing);
    let finished = workspace.finish().unwrap();
    let blob = bench.directory.path().join("layer");
    let root = Root::open(&finished.layer_dir).unwrap();
    let packed = pack(&root, &finished.changes, &PackOptions::default(), &blob).unwrap();
    let again = pack(&root, &finished.changes, &PackOptions::default(), &blob).unwrap();
    assert_eq!(packed, again);
    let mut other = bench.workspace();
    let reader = ktrust_rootfs::compress::decompress(File::open(&blob).unwrap()).unwrap();
    let unpacked = unpack(reader, other.root(), &UnpackOptions::LAYER).unwrap();
    assert_eq!((unpacked.entries, unpacked.refused), (packed.stats.entries, vec![]));
    assert_eq!(prints(&mut *other, listing), merged);
}

fn nothing_is_left_mounted() {
    let bench = Bench::new();
    let mut workspace = bench.workspace();
    prints(&mut *workspace, "true");
    drop(workspace);
    let mut held = bench.workspace();
    prints(&mut *held, "echo x > /tmp/held");
    let file = held.root().open_file(Path::new("tmp/held")).unwrap();
    held.finish().unwrap();
    drop(file);
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap();
    let own = bench.directory.path().display().to_string();
    assert!(!mounts.contains(&own), "{mounts}");
    bench.directory.close().unwrap();
}
