//! What a command sees.

use std::fs;

use ktrust_sandbox::{Command, Mount, MountKind};

use crate::Test;
use crate::base::{Bench, own_capabilities, prints, run, shell};

pub(crate) const TESTS: &[Test] = &[
    ("the_builder_is_out_of_sight", the_builder_is_out_of_sight),
    ("devices_work", devices_work),
    ("the_machine_is_read_only", the_machine_is_read_only),
    ("mounts_of_one_command", mounts_of_one_command),
    ("mounts_lie_in_mounts", mounts_lie_in_mounts),
    ("a_bind_shows_what_its_path_leads_to_inside", a_bind_shows_what_its_path_leads_to_inside),
    ("memory_looks_like_what_it_hides", memory_looks_like_what_it_hides),
    ("a_hostile_image_cannot_redirect_mounts", a_hostile_image_cannot_redirect_mounts),
];

fn the_builder_is_out_of_sight() {
    let bench = Bench::new();
    let mut workspace = bench.workspace();
    assert_eq!(prints(&mut *workspace, "ls / | tr '\\n' ' '"), "bin dev etc proc root sys tmp");
    assert_eq!(prints(&mut *workspace, "ls /work /builds 2>/dev/null; echo $$ | wc -l"), "1");
    assert_eq!(prints(&mut *workspace, "grep -c ktrust-sandbox- /proc/mounts || true"), "0");
    assert_eq!(prints(&mut *workspace, "cat /proc/1/environ 2>/dev/null || echo denied"), "denied");
    assert_eq!(prints(&mut *workspace, "cat /proc/1/exe >/dev/null 2>&1 || echo denied"), "denied");
    if bench.sandbox.has_own_pids() {
        let processes: usize = prints(&mut *workspace, "ls -d /proc/[0-9]* | wc -l").parse().unwrap();
        assert!(processes < 6, "{processes} processes are seen");
    }
    assert!(prints(&mut *workspace, "cat /etc/hosts").contains("buildkitsandbox"));
}

fn devices_work() {
    let bench = Bench::new();
    let mut workspace = bench.workspace();
    let script = "echo x > /dev/null; head -c 4 /dev/zero | wc -c; head -c 4 /dev/urandom | wc -c; \
                  echo y 2>/dev/null > /dev/full || echo full; echo out > /dev/stdout; echo fd > /dev/fd/1; \
                  stat -c %a /dev/null /dev/shm /dev/ptmx; touch /dev/shm/a; cat /dev/stdin";
    assert_eq!(prints(&mut *workspace, script), "4\n4\nfull\nout\nfd\n666\n1777\n777");
    // In a user namespace no device can be made, as under rootless BuildKit.
    let made = prints(
        &mut *workspace,
        "mknod /tmp/n c 1 3 2>/dev/null && echo x > /tmp/n && echo made || echo refused",
    );
    assert_eq!(made == "made", in_initial_user_namespace() && own_capabilities() >> 27 & 1 == 1);
}

fn in_initial_user_namespace() -> bool {
    fs::read_link("/proc/self/ns/user").unwrap().as_os_str() == "user:[4026531837]"
}

fn the_machine_is_read_only() {
    let bench = Bench::new();
    let mut workspace = bench.workspace();
    for path in [
        "/proc/sys/vm/swappiness",
        "/proc/sysrq-trigger",
        "/sys/kernel/uevent_helper",
        "/etc/hosts",
        "/etc/resolv.conf",
    ] {
        let script = format!(
            "[ ! -e {path} ] || (cat /dev/null >> {path}) 2>/dev/null && echo writable || echo refused"
        );
        let seen = prints(&mut *workspace, &script);
        assert!(seen == "refused" || !std::path::Path::new(path).exists(), "{path}: {seen}");
    }
    assert_eq!(
        prints(&mut *workspace, "head -c 1 /proc/kcore | wc -c; umount /etc/hosts 2>/dev/null || echo kept"),
        "0\nkept"
    );
}

fn mounts_of_one_command() {
    let bench = Bench::new();
    let mut workspace = bench.workspace();
    let source = bench.dir("source");
    fs::write(source.join("given"), "g").unwrap();
    let bind = |target: &str, writable| Mount {
        target: target.into(),
        kind: MountKind::Bind { source: source.clone(), path: "/".into(), writable },
    };
    let secret = MountKind::File { content: b"s3cret".to_vec().into(), mode: 0o400, uid: 0, gid: 0 };
    let command = Command {
        mounts: vec![
            bind("/mnt/read", false),
            bind("/mnt/write", true),
            Mount {
                target: "/cache/deep".into(),
                kind: MountKind::Tmpfs { size: Some(1 << 20), writable: true },
            },
            Mount { target: "/run/secrets/token".into(), kind: secret },
        ],
        ..shell(
            "cat /mnt/read/given /run/secrets/token; touch /mnt/read/x 2>/dev/null || echo -n :ro; \
             touch /mnt/write/made; stat -c :%a /run/secrets/token /cache/deep; echo big > /cache/deep/f",
        )
    };
    let (exit, stdout, stderr) = run(&mut *workspace, &command);
    assert!(exit.unwrap().success(), "{stderr}");
    assert_eq!(stdout, "gs3cret:ro:400\n:1777\n");
    assert!(source.join("made").exists() && !source.join("x").exists());
    let finished = workspace.finish().unwrap();
    let paths: Vec<_> = finished.changes.iter().map(|change| change.path().to_owned()).collect();
    // Only what BuildKit leaves as well; no stub, and no directory that was merely copied up.
    assert_eq!(paths, ["dev", "proc", "sys"].map(std::path::PathBuf::from));
}

fn mounts_lie_in_mounts() {
    let bench = Bench::new();
    let mut workspace = bench.workspace();
    let source = bench.dir("source");
    fs::write(source.join("given"), "g").unwrap();
    let file = MountKind::File { content: b"f".to_vec().into(), mode: 0o444, uid: 0, gid: 0 };
    let command = Command {
        mounts: vec![
            Mount { target: "/cache".into(), kind: MountKind::Tmpfs { size: None, writable: true } },
            Mount {
                target: "/cache/a/b".into(),
                kind: MountKind::Bind { source, path: "/".into(), writable: false },
            },
            Mount { target: "/cache/c/file".into(), kind: file },
        ],
        ..shell("cat /cache/a/b/given /cache/c/file")
    };
    let (exit, stdout, stderr) = run(&mut *workspace, &command);
    assert!(exit.unwrap().success(), "{stderr}");
    assert_eq!(stdout, "gf");
    assert!(workspace.root().metadata("cache".as_ref()).unwrap().is_none());
}

fn a_bind_shows_what_its_path_leads_to_inside() {
    let bench = Bench::new();
    let mut workspace = bench.workspace();
    let source = bench.dir("source");
    fs::create_dir(source.join("real")).unwrap();
    fs::write(source.join("real/f"), "inside").unwrap();
    fs::write(bench.dir("real").join("f"), "outside").unwrap();
    std::os::unix::fs::symlink("../../../../real", source.join("link")).unwrap();
    let _listening = std::os::unix::net::UnixListener::bind(source.join("socket")).unwrap();
    let bind = |path: &str, target: &str| Mount {
        target: target.into(),
        kind: MountKind::Bind { source: source.clone(), path: path.into(), writable: true },
    };
    let mounts = vec![bind("link", "/a"), bind("link/f", "/b/f"), bind("socket", "/run/agent")];
    let command = Command { mounts, ..shell("cat /a/f /b/f; [ -S /run/agent ] && echo :socket") };
    assert_eq!(run(&mut *workspace, &command).1, "insideinside:socket\n");
    let missing = Command { mounts: vec![bind("nothing", "/a")], ..shell("true") };
    assert!(run(&mut *workspace, &missing).0.is_err());
    assert!(workspace.root().metadata("run".as_ref()).unwrap().is_none());
}

fn memory_looks_like_what_it_hides() {
    let bench = Bench::new();
    let mut workspace = bench.workspace();
    prints(&mut *workspace, "mkdir -m 0700 /closed");
    let memory = |target: &str, size, writable| Mount {
        target: target.into(),
        kind: MountKind::Tmpfs { size, writable },
    };
    let command = Command {
        mounts: vec![
            memory("/closed", None, true),
            memory("/dev/shm", Some(1 << 20), true),
            memory("/fresh", None, false),
        ],
        ..shell(
            "stat -c %a /closed /dev/shm /fresh; touch /fresh/x 2>/dev/null || echo ro; \
             df -k /dev/shm | tail -n 1 | tr -s ' ' | cut -d' ' -f2",
        )
    };
    assert_eq!(run(&mut *workspace, &command).1, "700\n1777\n1777\nro\n1024\n");
}

fn a_hostile_image_cannot_redirect_mounts() {
    let bench = Bench::new();
    let outside = bench.dir("outside");
    fs::write(outside.join("hosts"), "mine").unwrap();
    let mut workspace = bench.workspace();
    // Links that would lead out of the tree, if they were followed by path.
    prints(
        &mut *workspace,
        &format!(
            "rm -rf /etc/hosts /run; ln -s {}/hosts /etc/hosts; ln -s ../../../../../../../../.. /run",
            outside.display()
        ),
    );
    let secret = MountKind::File { content: b"in".to_vec().into(), mode: 0o444, uid: 0, gid: 0 };
    let command = Command {
        mounts: vec![Mount { target: "/run/secret".into(), kind: secret }],
        ..shell("cat /secret; grep -c localhost /etc/hosts")
    };
    let (exit, stdout, stderr) = run(&mut *workspace, &command);
    assert!(exit.unwrap().success(), "{stderr}");
    assert_eq!(stdout, "in2\n");
    assert_eq!(fs::read_to_string(outside.join("hosts")).unwrap(), "mine");
    assert!(!std::path::Path::new("/secret").exists());
}
