//! What is expanded where.

use super::{instruction, problem};
use crate::expand::Variables;
use crate::instruction::{Command, Expanded};
use crate::problem::Problem;

fn expand(text: &str) -> Expanded {
    let variables = Variables::from_pairs(["A=a", "P=80 90/udp", "D=/d"]);
    instruction(text).expand('\\', &variables).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn pairs_see_the_environment_before_them() {
    let Command::Env(pairs) = expand("ENV A=1 B=\"$A x\" C$A=\\$A").command else { panic!("not ENV") };
    let seen: Vec<(&str, &str)> =
        pairs.iter().map(|pair| (pair.name.as_str(), pair.value.as_str())).collect();
    assert_eq!(seen, [("A", "1"), ("B", "a x"), ("Ca", "$A")]);
    let Command::Label(pairs) = expand("LABEL k v1  v2 \"q\"").command else { panic!("not LABEL") };
    assert_eq!(pairs[0].value, "v1  v2 q");
}

#[test]
fn copies() {
    let text = "COPY --chown=$A --chmod=${A} --exclude=$A $A 'x' <<E $D/\n\"$A\" \\$A\nE";
    let Command::Copy(copy) = expand(text).command else { panic!("not COPY") };
    assert_eq!(copy.sources.paths, ["a", "x"]);
    assert_eq!(copy.sources.destination, "/d/");
    assert_eq!(copy.sources.files[0].content, "\"a\" $A\n");
    assert_eq!(copy.chown.expect("given").value, "a");
    assert_eq!(copy.chmod.expect("given").value, "a");
    assert_eq!(copy.exclude[0].value, "$A");
    let Command::Add(add) = expand("ADD --checksum=$A x <<'E' y\n$A\nE").command else { panic!("not ADD") };
    assert_eq!(add.checksum.expect("given").value, "a");
    assert_eq!(add.sources.files[0].content, "$A\n");
}

#[test]
fn single_words() {
    assert_eq!(expand("USER \"$A\"").command, Command::User("a".into()));
    assert_eq!(expand("WORKDIR $D/$A").command, Command::Workdir("/d/a".into()));
    assert_eq!(expand("STOPSIGNAL SIG$A").command, Command::Stopsignal("SIGa".into()));
    let Command::Volume(volume) = expand("VOLUME $D '/x'").command else { panic!("not VOLUME") };
    assert_eq!(volume.paths, ["/d", "/x"]);
    let Command::Expose(expose) = expand("EXPOSE $P 1").command else { panic!("not EXPOSE") };
    assert_eq!(expose.ports, ["80", "90/udp", "1"]);
}

#[test]
fn commands_are_left_alone() {
    for text in [
        "RUN echo $A 'x'",
        "CMD $A",
        "ENTRYPOINT [\"$A\"]",
        "SHELL [\"$A\"]",
        "HEALTHCHECK CMD $A",
        "MAINTAINER $A",
        "ONBUILD RUN $A",
        "ARG X=$A",
    ] {
        assert_eq!(expand(text).command, instruction(text).command, "{text}");
    }
}

#[test]
fn undefined_variables_are_named() {
    let seen = expand("COPY $X <<E ${Y:-y}\n$Z\nE");
    assert_eq!(seen.undefined.into_iter().collect::<Vec<_>>(), ["X", "Y", "Z"]);
}

#[test]
fn failures() {
    let error = instruction("COPY f \"/y y\"").expand('\\', &Variables::new()).expect_err("an open quote");
    assert!(matches!(error.problem, Problem::Expand(_)), "{error}");
    assert!(error.hint().is_some());
    let error = instruction("RUN []").expand('\\', &Variables::new()).expect_err("nothing to run");
    assert_eq!(error.problem, Problem::EmptyCommand);
    assert!(matches!(problem("COPY --from='a b c"), Problem::NoDestination { .. }));
}
