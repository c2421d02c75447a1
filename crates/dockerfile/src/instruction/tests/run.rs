//! RUN and ONBUILD.

use super::{instruction, problem};
use crate::instruction::{Command, Network, Run, Script, Security, parse_trigger};
use crate::location::Location;
use crate::problem::Problem;

fn run(text: &str) -> Run {
    let Command::Run(run) = instruction(text).command else { panic!("{text} is not RUN") };
    run
}

#[test]
fn scripts() {
    let shell = |text: &str| Script::Shell(text.to_owned());
    let rows = [
        ("RUN a  b", shell("a  b")),
        ("RUN", shell("")),
        ("RUN [\"a\", \"b\"]", Script::Exec(vec!["a".into(), "b".into()])),
        ("RUN <<E\necho $a\nE", shell("echo $a\n")),
        ("RUN <<-'E'\n\techo \\\n\tE", shell("echo \\\n")),
        ("RUN <<E sh\na\nE", shell("<<E sh\na\nE")),
        ("RUN cat <<-A <<B\n\ta\n\tA\nb\nB", shell("cat <<-A <<B\n\ta\nA\nb\nB")),
        ("RUN <<E\n#!/bin/x\ny\nE", Script::File { name: "E".into(), content: "#!/bin/x\ny\n".into() }),
        ("RUN <<E\n #!/bin/x\nE", shell(" #!/bin/x\n")),
    ];
    for (text, expected) in rows {
        assert_eq!(run(text).script(), expected, "{text}");
    }
}

#[test]
fn flags() {
    let seen = run("RUN --network=none \\\n --security=insecure --device=d --mount=from=b,target=/x a");
    let network = seen.network.expect("given");
    assert_eq!((network.value, network.location), (Network::None, Location::line(2)));
    let security = seen.security.expect("given");
    assert_eq!((security.value, security.location), (Security::Insecure, Location::line(3)));
    assert_eq!(seen.devices[0].value, "d");
    assert_eq!(seen.mounts[0].value.from.as_deref(), Some("b"));
    let plain = run("RUN a");
    assert!(plain.network.is_none() && plain.security.is_none() && plain.mounts.is_empty());
    assert!(matches!(problem("RUN --network=bridge a"), Problem::FlagValue { flag: "network", .. }));
    assert!(matches!(problem("RUN --security=x a"), Problem::FlagValue { flag: "security", .. }));
}

#[test]
fn triggers() {
    let seen = instruction("onbuild  RUN --mount=type=cache,target=/x <<-E\n\ta\n\tE");
    let Command::Onbuild(onbuild) = seen.command else { panic!("not ONBUILD") };
    assert_eq!(onbuild.text, "RUN --mount=type=cache,target=/x <<-E\n\ta\nE");
    assert_eq!((onbuild.node.keyword.as_str(), onbuild.node.heredocs.len()), ("RUN", 1));
    let at = Location::line(7);
    let trigger = onbuild.instruction(at).expect("valid");
    assert_eq!(trigger.location, at);
    let Command::Run(run) = trigger.command else { panic!("not RUN") };
    assert_eq!(run.mounts[0].location, at);
    assert_eq!(run.script(), Script::Shell("a\n".into()));
}

#[test]
fn triggers_are_checked_when_they_are_used() {
    let seen = instruction("ONBUILD NOTYET a b");
    let Command::Onbuild(onbuild) = seen.command else { panic!("not ONBUILD") };
    let error = onbuild.instruction(Location::line(3)).expect_err("no such instruction");
    assert_eq!(error.location, Location::line(3));
    let problem = |text| parse_trigger(text, Location::line(3)).expect_err("refused").problem;
    assert_eq!(problem("RUN a\nRUN b"), Problem::TriggerNotSingle);
    assert_eq!(problem(""), Problem::NoInstructions);
    assert!(matches!(problem("FROM a"), Problem::OnbuildForbidden { .. }));
}
