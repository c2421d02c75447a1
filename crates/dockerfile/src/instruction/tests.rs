//! What each instruction is understood as, and what is refused.

mod expansion;
mod mounts;
mod run;

use super::{Add, Command, CommandLine, Copy, Healthcheck, Instruction};
use crate::location::Location;
use crate::problem::Problem;
use crate::stage::Dockerfile;

pub(super) fn instruction(text: &str) -> Instruction {
    let file =
        Dockerfile::parse(format!("FROM a\n{text}\n")).unwrap_or_else(|error| panic!("{text}: {error}"));
    file.stages[0].instructions[0].clone()
}

fn command(text: &str) -> Command {
    instruction(text).command
}

pub(super) fn problem(text: &str) -> Problem {
    Dockerfile::parse(format!("FROM a\n{text}\n")).expect_err(text).problem
}

fn shell(text: &str) -> CommandLine {
    CommandLine::Shell(text.into())
}

fn exec(words: &[&str]) -> CommandLine {
    CommandLine::Exec(words.iter().map(ToString::to_string).collect())
}

fn copy(text: &str) -> Copy {
    let Command::Copy(copy) = command(text) else { panic!("{text} is not COPY") };
    copy
}

fn add(text: &str) -> Add {
    let Command::Add(add) = command(text) else { panic!("{text} is not ADD") };
    add
}

#[test]
fn what_an_instruction_carries() {
    let seen = instruction("# why\nCopy a \\\n  b");
    assert_eq!((seen.keyword.as_str(), seen.text.as_str()), ("Copy", "Copy a   b"));
    assert_eq!((seen.location, seen.comments), (Location::new(3, 4), vec!["why".to_owned()]));
    assert_eq!(seen.command.name(), "COPY");
}

#[test]
fn forms_of_commands() {
    assert_eq!(command("CMD a  b"), Command::Cmd(shell("a  b")));
    assert_eq!(command("CMD [\"a\", \"b\"]"), Command::Cmd(exec(&["a", "b"])));
    assert_eq!(command("CMD"), Command::Cmd(shell("")));
    assert_eq!(command("CMD ['a']"), Command::Cmd(shell("['a']")));
    assert_eq!(command("ENTRYPOINT []"), Command::Entrypoint(exec(&[])));
    let shell = ["/bin/sh".to_owned(), "-c".to_owned()];
    assert_eq!(CommandLine::Shell("x y".into()).words(&shell), ["/bin/sh", "-c", "x y"]);
    assert_eq!(exec(&["x"]).words(&shell), ["x"]);
}

#[test]
fn copy_with_every_flag() {
    let seen = copy(
        "COPY --from=b --chown=1:2 --chmod=u+x --link --parents=false --exclude=*.o --exclude=x a b /d/",
    );
    assert_eq!(seen.sources.paths, ["a", "b"]);
    assert_eq!(seen.sources.destination, "/d/");
    assert_eq!(seen.from.map(|flag| flag.value).as_deref(), Some("b"));
    assert_eq!(seen.chown.map(|flag| flag.value).as_deref(), Some("1:2"));
    assert_eq!(seen.chmod.map(|flag| flag.value).as_deref(), Some("u+x"));
    assert_eq!(
        (seen.link.map(|flag| flag.value), seen.parents.map(|flag| flag.value)),
        (Some(true), Some(false))
    );
    let exclude: Vec<String> = seen.exclude.into_iter().map(|flag| flag.value).collect();
    assert_eq!(exclude, ["*.o", "x"]);
    let plain = copy("COPY a b");
    assert!(
        plain.from.is_none() && plain.link.is_none() && plain.parents.is_none() && plain.exclude.is_empty()
    );
}

#[test]
fn add_with_every_flag() {
    let seen = add(
        "ADD --keep-git-dir=true --checksum=sha256:x --unpack=FALSE --link=false --chown=a --chmod=1 --exclude=e https://h/f /d",
    );
    assert_eq!(seen.keep_git_dir.map(|flag| flag.value), Some(true));
    assert_eq!(seen.checksum.map(|flag| flag.value).as_deref(), Some("sha256:x"));
    assert_eq!(
        (seen.unpack.map(|flag| flag.value), seen.link.map(|flag| flag.value)),
        (Some(false), Some(false))
    );
    assert_eq!(seen.sources.paths, ["https://h/f"]);
}

#[test]
fn heredocs_as_files() {
    let seen = copy("COPY <<-a x /d/\n\t$v\n\ta");
    assert_eq!(seen.sources.paths, ["x"]);
    let files: Vec<(&str, &str, bool)> = seen
        .sources
        .files
        .iter()
        .map(|file| (file.name.as_str(), file.content.as_str(), file.expand))
        .collect();
    assert_eq!(files, [("a", "$v\n", true)]);
    let seen = copy("COPY <<a <<\"b\" /d\n1\na\n2\nb");
    assert_eq!(seen.sources.files[1].content, "2\n");
    assert!(!seen.sources.files[1].expand);
}

#[test]
fn healthchecks() {
    assert_eq!(command("HEALTHCHECK none"), Command::Healthcheck(Healthcheck::None));
    let Command::Healthcheck(check) = command(
        "HEALTHCHECK --interval=1m --timeout=0 --start-period=1.5s --start-interval=2ms --retries=3 cmd a b",
    ) else {
        panic!("not HEALTHCHECK")
    };
    assert_eq!(check.test(), ["CMD-SHELL", "a b"]);
    let Healthcheck::Check { interval, timeout, start_period, start_interval, retries, .. } = check else {
        panic!("not a check")
    };
    let given = [interval, timeout, start_period, start_interval].map(|flag| flag.map(|flag| flag.value));
    assert_eq!(given, [Some(60_000_000_000), Some(0), Some(1_500_000_000), Some(2_000_000)]);
    assert_eq!(retries.map(|flag| flag.value), Some(3));
    let Command::Healthcheck(check) = command("HEALTHCHECK CMD [\"a\", \"b\"]") else {
        panic!("not HEALTHCHECK")
    };
    assert_eq!(check.test(), ["CMD", "a", "b"]);
}

#[test]
fn metadata() {
    let Command::Expose(expose) = command("EXPOSE 90/udp 80 $P") else { panic!("not EXPOSE") };
    assert_eq!(expose.ports, ["$P", "80", "90/udp"]);
    let Command::Volume(volume) = command("VOLUME /v [\"/b\"]") else { panic!("not VOLUME") };
    assert_eq!(volume.paths, ["/v", "[\"/b\"]"]);
    assert_eq!(command("WORKDIR a b"), Command::Workdir("a b".into()));
    assert_eq!(command("STOPSIGNAL --x SIGTERM"), Command::Stopsignal("SIGTERM".into()));
    assert_eq!(command("SHELL [\"a\", \"-c\"]"), Command::Shell(vec!["a".into(), "-c".into()]));
    let Command::Env(pairs) = command("ENV a=1 b=\"2 3\"") else { panic!("not ENV") };
    assert_eq!((pairs[1].name.as_str(), pairs[1].value.as_str(), pairs[1].legacy), ("b", "\"2 3\"", false));
    let Command::Label(pairs) = command("LABEL a b c") else { panic!("not LABEL") };
    assert!(pairs[0].legacy && pairs[0].value == "b c");
    assert!(matches!(command("ARG --x A"), Command::Arg(arg) if arg.arguments.len() == 1));
    assert!(matches!(command("HEALTHCHECK --x NONE"), Command::Healthcheck(Healthcheck::None)));
}

#[test]
fn refused_arguments() {
    let rows = [
        ("COPY a", Problem::NoDestination { keyword: "COPY" }),
        ("ADD", Problem::NoDestination { keyword: "ADD" }),
        ("COPY a <<b\nb", Problem::HeredocDestination { keyword: "COPY" }),
        ("COPY --from=$a b c", Problem::FromVariable),
        ("ENV", Problem::MissingArgument { keyword: "ENV" }),
        ("ENV =a", Problem::BlankName { keyword: "ENV" }),
        ("ARG =a", Problem::BlankName { keyword: "ARG" }),
        ("EXPOSE", Problem::MissingArgument { keyword: "EXPOSE" }),
        ("USER", Problem::OneArgument { keyword: "USER" }),
        ("VOLUME []", Problem::MissingArgument { keyword: "VOLUME" }),
        ("VOLUME [\" \"]", Problem::EmptyVolume),
        ("SHELL []", Problem::MissingArgument { keyword: "SHELL" }),
        ("SHELL sh -c", Problem::JsonRequired { keyword: "SHELL" }),
        ("HEALTHCHECK", Problem::MissingArgument { keyword: "HEALTHCHECK" }),
        ("HEALTHCHECK NONE x", Problem::HealthcheckNone),
        ("HEALTHCHECK x", Problem::HealthcheckType { given: "X".into() }),
        ("HEALTHCHECK CMD", Problem::HealthcheckCommand),
        ("HEALTHCHECK --interval=1us CMD x", Problem::ShortInterval { flag: "interval" }),
        ("HEALTHCHECK --retries=-1 CMD x", Problem::Retries { value: "-1".into() }),
        ("ONBUILD", Problem::MissingArgument { keyword: "ONBUILD" }),
        ("ONBUILD ONBUILD RUN x", Problem::OnbuildChained),
        ("ONBUILD from x", Problem::OnbuildForbidden { keyword: "FROM".into() }),
    ];
    for (text, expected) in rows {
        assert_eq!(problem(text), expected, "{text}");
    }
}

#[test]
fn refused_flags() {
    let flag = |text: &str| text.to_owned();
    let unknown = |keyword, name: &str| Problem::UnknownFlag {
        keyword,
        flag: name.to_owned(),
        suggestion: None,
        known: Vec::new(),
    };
    let rows = [
        ("CMD --foo", unknown("CMD", "foo")),
        ("USER --x a", unknown("USER", "x")),
        ("ONBUILD --x RUN a", unknown("ONBUILD", "x")),
        ("COPY --from=a --from=b c d", Problem::DuplicateFlag { flag: flag("from") }),
        ("COPY --link --link c d", Problem::DuplicateFlag { flag: flag("link") }),
        ("COPY --from c d", Problem::FlagWithoutValue { flag: flag("from") }),
        ("COPY --link= c d", Problem::FlagWithoutValue { flag: flag("link") }),
        ("COPY --link=yes c d", Problem::FlagNotBoolean { flag: flag("link"), value: "yes".into() }),
    ];
    for (text, expected) in rows {
        assert_eq!(problem(text), expected, "{text}");
    }
    assert_eq!(problem("CMD --foo").hint().as_deref(), Some("CMD has no flags"));
    assert_eq!(problem("COPY --chmd=1 a b").hint().as_deref(), Some("write `--chmod`"));
    assert!(problem("FROM --name=b a").hint().is_some_and(|hint| hint.ends_with("--platform")));
    assert_eq!(copy("COPY -- --link d").sources.paths, ["--link"]);
}
