//! Stages and the file as a whole.

use super::Dockerfile;
use crate::error::Kind;
use crate::expand::Variables;
use crate::flag::Flag;
use crate::location::Location;
use crate::problem::Problem;

const THREE: &str = "FROM a AS base\nRUN x\nFROM base AS Build\nFROM b AS base\nUSER u\nRUN \\\n y\nFROM base\nCOPY --from=BUILD a b\n";

fn flag(value: &str) -> Flag<String> {
    Flag { value: value.into(), location: Location::line(1) }
}

fn problem(source: &str) -> (Problem, usize) {
    let error = Dockerfile::parse(source).expect_err(source);
    (error.problem, error.location.start)
}

#[test]
fn stages_in_order() {
    let file = Dockerfile::parse(THREE).expect("valid");
    let seen: Vec<(Option<&str>, &str, usize, String)> = file
        .stages
        .iter()
        .map(|stage| {
            (
                stage.name.as_deref(),
                stage.from.image.as_str(),
                stage.instructions.len(),
                stage.location.to_string(),
            )
        })
        .collect();
    let expected = [
        (Some("base"), "a", 1, "1-2"),
        (Some("build"), "base", 0, "3"),
        (Some("base"), "b", 2, "4-7"),
        (None, "base", 1, "8-9"),
    ];
    assert_eq!(seen, expected.map(|(name, image, count, at)| (name, image, count, at.to_owned())));
    assert_eq!(file.stages[1].from.name.as_deref(), Some("Build"));
}

#[test]
fn look_ups() {
    let file = Dockerfile::parse(THREE).expect("valid");
    assert_eq!(
        [file.stage_by_name("BASE"), file.stage_by_name("build"), file.stage_by_name("x")],
        [Some(2), Some(1), None]
    );
    assert_eq!(
        [file.base_stage(1, "base"), file.base_stage(3, "base"), file.base_stage(0, "base")],
        [Some(0), Some(2), None]
    );
    assert_eq!(file.base_stage(3, "Build"), None);
    assert_eq!(file.copy_source(&flag("1")), Ok(Some(1)));
    assert_eq!(file.copy_source(&flag("BuilD")), Ok(Some(1)));
    assert_eq!(file.copy_source(&flag("busybox")), Ok(None));
    for wrong in ["4", "-1"] {
        assert!(matches!(
            file.copy_source(&flag(wrong)).expect_err(wrong).problem,
            Problem::StageIndex { .. }
        ));
    }
    assert_eq!([file.target(None), file.target(Some("")), file.target(Some("Base"))], [Ok(3), Ok(3), Ok(2)]);
    let error = file.target(Some("biuld")).expect_err("no such stage");
    assert_eq!(error.to_string(), "target stage \"biuld\" could not be found (did you mean build?)");
}

#[test]
fn from() {
    let file =
        Dockerfile::parse("# app runs it\n# other\nfrom --platform=$P $I as App\nRUN x").expect("valid");
    let from = &file.stages[0].from;
    assert_eq!(from.description.as_deref(), Some("runs it"));
    assert_eq!((from.keyword.as_str(), from.as_keyword.as_deref()), ("from", Some("as")));
    assert_eq!(from.comments, ["app runs it", "other"]);
    let globals = Variables::from_pairs(["P=linux/arm64", "I=busybox"]);
    let seen = from.expand('\\', &globals).expect("valid");
    assert_eq!((seen.image.as_str(), seen.platform.as_deref()), ("busybox", Some("linux/arm64")));
    let blank = from.expand('\\', &Variables::new()).expect_err("nothing is set");
    assert_eq!(
        (blank.kind(), blank.problem),
        (Kind::Expansion, Problem::BlankBase { expression: "$I".into() })
    );
    let blank = from.expand('\\', &Variables::from_pairs(["I=a"])).expect_err("no platform");
    assert_eq!(blank.problem, Problem::BlankPlatform { expression: "$P".into() });
}

#[test]
fn descriptions() {
    let file = Dockerfile::parse("# A is for x\nARG A=1 B\n# run the tests\n# test runs\nFROM a AS Test")
        .expect("valid");
    let argument = &file.global_args[0].arguments[0];
    assert_eq!(argument.description.as_deref(), Some("is for x"));
    assert_eq!(file.global_args[0].arguments[1].description, None);
    assert_eq!(file.stages[0].from.description.as_deref(), Some("runs"));
}

#[test]
fn refusals() {
    let rows = [
        ("ARG A", Problem::NoStages, 1),
        ("ARG A\nRUN x\nFROM a", Problem::BeforeFrom { keyword: "RUN".into() }, 2),
        ("FROM a # b", Problem::FromArguments, 1),
        ("FROM a b", Problem::FromArguments, 1),
        ("FROM a is b", Problem::FromArguments, 1),
        ("FROM", Problem::FromArguments, 1),
        ("FROM a\nFROM a AS 1x", Problem::StageName { name: "1x".into() }, 2),
        ("FROM a AS x/y", Problem::StageName { name: "x/y".into() }, 1),
        (
            "\nFROM a\nRUNN x",
            Problem::UnknownInstruction { keyword: "RUNN".into(), suggestion: Some("RUN".into()) },
            3,
        ),
        (
            "FROM a\nform x",
            Problem::UnknownInstruction { keyword: "form".into(), suggestion: Some("from".into()) },
            2,
        ),
        ("# syntax=acme/lang:1\nFROM a", Problem::UnknownFrontend { reference: "acme/lang:1".into() }, 1),
    ];
    for (source, expected, line) in rows {
        assert_eq!(problem(source), (expected, line), "{source:?}");
    }
    Dockerfile::parse("# syntax=docker/dockerfile:1.7-labs\nFROM a").expect("Docker's own frontend");
}

#[test]
fn errors_show_the_place_and_the_cure() {
    let source = "FROM a\nRUNN x\n";
    let error = Dockerfile::parse(source).expect_err("no such instruction");
    assert_eq!(
        error.to_string(),
        "dockerfile parse error on line 2: unknown instruction: RUNN (did you mean RUN?)"
    );
    assert_eq!((error.kind(), error.hint().as_deref()), (Kind::Invalid, Some("write `RUN`")));
    assert!(error.excerpt(source, "Dockerfile").contains("   2 | >>> RUNN x\n"));
}
