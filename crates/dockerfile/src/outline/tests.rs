//! Outlines as BuildKit makes them.

use super::{Need, Outline};
use crate::expand::Variables;
use crate::lint::Facts;
use crate::stage::Dockerfile;

fn outline(source: &str, target: Option<&str>, build_args: &[&str]) -> Outline {
    let file = Dockerfile::parse(source).expect(source);
    let build_args = Variables::from_pairs(build_args.iter().copied());
    let target = file.target(target).expect("a stage");
    file.outline(target, &Facts { build_args, ..Facts::default() }).expect(source)
}

/// `NAME=value (description)`, by line.
fn arguments(outline: &Outline) -> Vec<String> {
    let shown = outline.arguments.iter().map(|argument| {
        let value = argument.value.as_deref().unwrap_or_default();
        let about = argument.description.as_ref().map(|text| format!(" ({text})")).unwrap_or_default();
        format!("{} {}={value}{about}", argument.location.start, argument.name)
    });
    shown.collect()
}

fn needs(needs: &[Need]) -> Vec<(&str, bool, usize)> {
    needs.iter().map(|need| (need.name.as_str(), need.required, need.location.start)).collect()
}

const SEVERAL: &str = "\
ARG inherited=box
ARG unused=abc${inherited}
# sfx is a suffix
ARG sfx=\"usy${inherited}\"
FROM b${sfx} AS first
ARG FOO=123
# BAR is a number
ARG BAR=456
RUN --mount=type=secret,target=/etc/passwd,required --mount=type=ssh true
FROM alpine${unused} AS second
ARG BAZ
RUN --mount=type=secret,id=unused true
FROM alpine AS third
ARG ABC=a
ARG password
RUN --mount=type=secret,id=second${ABC} true
# target defines build target
FROM third AS target
COPY --from=first /a /
RUN --mount=type=ssh,id=deep,required true
FROM second
";

#[test]
fn only_what_the_target_needs() {
    let found = outline(SEVERAL, Some("TARGET"), &["BAR=678"]);
    assert_eq!(found.name.as_deref(), Some("target"));
    assert_eq!(found.description.as_deref(), Some("defines build target"));
    let expected = [
        "1 inherited=box",
        "4 sfx=usybox (is a suffix)",
        "6 FOO=123",
        "8 BAR=678 (is a number)",
        "14 ABC=a",
        "15 password=",
    ];
    assert_eq!(arguments(&found), expected);
    assert_eq!(needs(&found.secrets), [("passwd", true, 9), ("seconda", false, 16)]);
    assert_eq!(needs(&found.ssh), [("default", false, 9), ("deep", true, 20)]);
    let last = outline(SEVERAL, None, &[]);
    assert_eq!(arguments(&last), ["1 inherited=box", "2 unused=abcbox", "11 BAZ="]);
    assert_eq!((last.name, last.ssh), (None, vec![]));
}

#[test]
fn arguments_that_are_set_again() {
    let source = "ARG FOO=123\nARG ABC=abc\nARG DEF=def\nARG FOO=${FOO}${ABC}\nARG BAR=${FOO}456\n\
                  ARG FOO=${FOO}456${BAR}\nFROM scratch\nARG FOO\nARG IN=123\nARG IB=${IN}456\nARG IN=${IN}456${IB}\n";
    let expected =
        ["2 ABC=abc", "5 BAR=123abc456", "6 FOO=123abc456123abc456", "10 IB=123456", "11 IN=123456123456"];
    assert_eq!(arguments(&outline(source, None, &[])), expected);
}

#[test]
fn what_only_a_base_image_knows_is_shown_as_written() {
    let source = "FROM java\nARG A=${JAVA_HOME}/bin B=1\nFROM scratch\nARG C=x$NOTHING\nCOPY --from=0 / /\n";
    assert_eq!(arguments(&outline(source, None, &[])), ["2 A=${JAVA_HOME}/bin", "2 B=1", "4 C=x"]);
}

#[test]
fn platform_arguments_are_not_listed_unless_they_are_given() {
    let file = Dockerfile::parse("FROM scratch\nARG TARGETARCH\nARG OTHER\n").expect("good");
    let facts = Facts { platform: Variables::from_pairs(["TARGETARCH=amd64"]), ..Facts::default() };
    assert_eq!(arguments(&file.outline(0, &facts).expect("good")), ["3 OTHER="]);
}
