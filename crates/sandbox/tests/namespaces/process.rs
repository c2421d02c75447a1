//! How commands run and end.

use std::time::{Duration, Instant};

use ktrust_sandbox::{Command, Error, ErrorKind, Exit, Identity, Limit, Network, Resource};

use crate::Test;
use crate::base::{Bench, Kept, own_capabilities, prints, run, shell};

pub(crate) const TESTS: &[Test] = &[
    ("exit_codes_and_signals_are_exact", exit_codes_and_signals_are_exact),
    ("both_streams_arrive_whole", both_streams_arrive_whole),
    ("the_environment_is_exactly_what_was_given", the_environment_is_exactly_what_was_given),
    ("a_missing_working_directory_is_the_users", a_missing_working_directory_is_the_users),
    ("limits_are_set", limits_are_set),
    ("signals_are_as_at_a_start", signals_are_as_at_a_start),
    ("programs_are_found_in_the_root", programs_are_found_in_the_root),
    ("identities_and_capabilities", identities_and_capabilities),
    ("no_network_is_loopback_only", no_network_is_loopback_only),
    ("steps_run_at_the_same_time", steps_run_at_the_same_time),
];

fn exit_codes_and_signals_are_exact() {
    let bench = Bench::new();
    let mut workspace = bench.workspace();
    for code in [0, 1, 2, 126, 127, 137, 255] {
        let (exit, ..) = run(&mut *workspace, &shell(&format!("exit {code}")));
        assert_eq!(exit.unwrap(), Exit::Code(code));
    }
    for signal in [9, 11, 15] {
        let (exit, ..) = run(&mut *workspace, &shell(&format!("kill -{signal} $$")));
        // Process 1 of the namespace is not the shell, so the signal works.
        assert_eq!(exit.unwrap(), Exit::Signal(signal));
    }
    let file = Command { cwd: "/etc/passwd".into(), ..shell("true") };
    let error = run(&mut *workspace, &file).0.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Step, "{error}");
}

fn a_missing_working_directory_is_the_users() {
    let bench = Bench::new();
    let mut workspace = bench.workspace();
    let user = Identity { uid: 1000, gid: 1001, groups: vec![1001] };
    let command = Command { cwd: "/srv/deep".into(), user, ..shell("pwd; touch mine") };
    let (exit, stdout, stderr) = run(&mut *workspace, &command);
    assert!(exit.unwrap().success(), "{stderr}");
    assert_eq!(stdout, "/srv/deep\n");
    let seen = prints(&mut *workspace, "stat -c '%a %u %g' /srv /srv/deep");
    assert_eq!(seen, "755 1000 1001\n755 1000 1001");
}

fn both_streams_arrive_whole() {
    let bench = Bench::new();
    let mut workspace = bench.workspace();
    let script = "i=0; while [ $i -lt 3000 ]; do echo out $i; echo err $i >&2; i=$((i+1)); done; \
                  head -c 3000000 /dev/zero; head -c 2000000 /dev/zero >&2; cat";
    let mut kept = Kept::default();
    assert!(workspace.run(&shell(script), &mut kept).unwrap().success());
    let lines = |word: &str| {
        (0..3000).flat_map(|number| [word.to_owned(), format!(" {number}\n")]).collect::<String>()
    };
    assert_eq!(kept.stdout.len(), lines("out").len() + 3_000_000);
    assert_eq!(kept.stderr.len(), lines("err").len() + 2_000_000);
    assert!(
        kept.stdout.starts_with(lines("out").as_bytes()) && kept.stderr.starts_with(lines("err").as_bytes())
    );
}

fn the_environment_is_exactly_what_was_given() {
    let bench = Bench::new();
    let mut workspace = bench.workspace();
    let mut command = Command::new(["/bin/env"]);
    let pair = |name: &str, value: &str| (name.into(), value.into());
    command.env = vec![pair("Z", "1 \n2"), pair("B", ""), pair("A", "old"), pair("Z", "last")];
    command.secrets = vec![("TOKEN".into(), b"s3cret".to_vec().into()), ("A".into(), vec![0xff].into())];
    assert!(!format!("{command:?}").contains("s3cret"));
    let mut kept = Kept::default();
    workspace.run(&command, &mut kept).unwrap();
    // In order, and never as text: a value may hold any byte but NUL.
    assert_eq!(kept.stdout, b"Z=last\nB=\nA=\xff\nTOKEN=s3cret\n");
    assert_eq!(prints(&mut *workspace, "umask; hostname; pwd; cat | wc -c"), "0022\nbuildkitsandbox\n/\n0");
    assert_eq!(prints(&mut *workspace, "grep NoNewPrivs /proc/self/status"), "NoNewPrivs:\t0");
    assert_eq!(prints(&mut *workspace, "ls /proc/self/fd | wc -l"), "4");
}

fn limits_are_set() {
    let bench = Bench::new();
    let mut workspace = bench.workspace();
    let limit = |resource, soft, hard| Limit { resource, soft: Some(soft), hard: Some(hard) };
    let command = Command {
        limits: vec![limit(Resource::Nofile, 100, 200), limit(Resource::Core, 0, 0)],
        ..shell("ulimit -S -n; ulimit -H -n; ulimit -c")
    };
    assert_eq!(run(&mut *workspace, &command).1, "100\n200\n0\n");
}

fn signals_are_as_at_a_start() {
    let bench = Bench::new();
    let mut workspace = bench.workspace();
    let command = Command::new(["/bin/grep", "-E", "Sig(Ign|Blk)", "/proc/self/status"]);
    assert_eq!(run(&mut *workspace, &command).1, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
    assert_eq!(prints(&mut *workspace, "yes | head -n 1"), "y");
}

fn programs_are_found_in_the_root() {
    let bench = Bench::new();
    let mut workspace = bench.workspace();
    let mut command = Command::new(["echo", "found"]);
    assert_eq!(run(&mut *workspace, &command).1, "found\n");
    command.env = vec![("PATH".into(), "/tmp:/bin".into())];
    assert_eq!(run(&mut *workspace, &command).1, "found\n");
    command.args = vec!["cargo".into()];
    assert!(matches!(run(&mut *workspace, &command).0, Err(Error::ProgramNotFound { .. })));
    command.args = vec!["/etc/passwd".into()];
    let denied = run(&mut *workspace, &command).0.unwrap_err();
    assert!(matches!(denied, Error::Exec { .. }) && denied.hint().unwrap().contains("chmod"), "{denied:?}");
}

fn identities_and_capabilities() {
    let bench = Bench::new();
    let mut workspace = bench.workspace();
    let status = |field: &str| format!("grep {field} /proc/self/status | cut -f2");
    // Docker's fourteen, or what there is of them.
    let expected = format!("{:016x}", 0xa804_25fb & own_capabilities());
    assert_eq!(prints(&mut *workspace, &status("CapEff")), expected);
    assert_eq!(prints(&mut *workspace, &status("CapBnd")), expected);
    assert_eq!(prints(&mut *workspace, &status("CapInh")), "0000000000000000");
    let user = Identity { uid: 1000, gid: 1000, groups: vec![7, 9] };
    let command = Command {
        user,
        ..shell("id -u; id -g; id -G; grep CapEff /proc/self/status; touch /tmp/mine; touch /root/x")
    };
    let (exit, stdout, _) = run(&mut *workspace, &command);
    assert_eq!(exit.unwrap(), Exit::Code(1));
    assert_eq!(stdout, "1000\n1000\n1000 7 9\nCapEff:\t0000000000000000\n");
    assert_eq!(
        prints(&mut *workspace, "stat -c %u:%g /tmp/mine; chown 33:44 /tmp/mine; stat -c %u:%g /tmp/mine"),
        "1000:1000\n33:44"
    );
    assert_eq!(prints(&mut *workspace, "mount -t tmpfs x /tmp 2>/dev/null || echo refused"), "refused");
}

fn no_network_is_loopback_only() {
    let bench = Bench::new();
    let mut workspace = bench.workspace();
    let script = "ls /proc/sys/net/ipv4/conf; ls /sys/class/net; ping -c1 -W1 127.0.0.1 >/dev/null 2>&1 && echo up || echo down";
    let command = Command { network: Network::None, ..shell(script) };
    let (exit, stdout, stderr) = run(&mut *workspace, &command);
    assert!(exit.unwrap().success(), "{stdout}{stderr}");
    // A pod may give CAP_SYS_ADMIN and keep CAP_NET_ADMIN: then even loopback stays down.
    let state = if own_capabilities() >> 12 & 1 == 1 { "up" } else { "down" };
    let seen: Vec<_> = stdout.lines().filter(|line| !["all", "default"].contains(line)).collect();
    assert_eq!(seen, ["lo", "lo", state]);
}

fn steps_run_at_the_same_time() {
    let bench = Bench::new();
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(prints(&mut *bench.workspace(), "sleep 1; echo ok"), "ok"));
        }
    });
    assert!(start.elapsed() < Duration::from_millis(3500), "{:?}", start.elapsed());
}
