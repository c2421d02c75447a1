//! Each rule by an example that breaks it and a twin that does not. The results were compared with BuildKit's
//! own linter, as were those of some thousand random files.

use std::collections::BTreeSet;

use super::{BaseImage, Draft, Facts, Report, Rule};
use crate::dockerignore::Matcher;
use crate::expand::Variables;
use crate::problem::Problem;
use crate::stage::Dockerfile;

mod rules;

fn platform() -> Variables {
    let names = ["BUILDPLATFORM=linux/amd64", "BUILDOS=linux", "BUILDARCH=amd64"];
    Variables::from_pairs(names.into_iter().chain(["TARGETPLATFORM=linux/amd64", "TARGETARCH=amd64"]))
}

/// Facts for a file whose images all set PATH and nothing else.
fn facts(source: &str) -> Facts<'static> {
    let mut facts = Facts { platform: platform(), ..Facts::default() };
    if let Ok(file) = Dockerfile::parse(source) {
        let base = BaseImage { env: vec!["PATH=/bin".into()], ..BaseImage::default() };
        let image = |index: &usize| {
            let name = &file.stages[*index].from.image;
            name != "scratch" && file.base_stage(*index, name).is_none()
        };
        facts.bases = (0..file.stages.len()).filter(image).map(|index| (index, base.clone())).collect();
    }
    facts
}

fn check_with(source: &str, facts: &Facts<'_>) -> Report {
    Draft::read(source, None).expect("no configuration is given").check(facts)
}

/// Rules and lines.
fn found(report: &Report) -> Vec<(Rule, usize)> {
    report.findings.iter().map(|finding| (finding.rule, finding.location.start)).collect()
}

fn check(source: &str) -> Vec<(Rule, usize)> {
    let report = check_with(source, &facts(source));
    assert_eq!(report.error, None, "{source}");
    found(&report)
}

fn details(source: &str) -> Vec<String> {
    check_with(source, &facts(source)).findings.into_iter().map(|finding| finding.detail).collect()
}

#[test]
fn every_rule_is_described() {
    let names: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.name()).collect();
    assert_eq!(names.len(), 22);
    for rule in Rule::ALL {
        assert!(!rule.summary().ends_with('.') && rule.advice().ends_with(['.', ')']), "{rule}");
        assert!(!rule.advice().contains("  "), "{rule}");
    }
}

#[test]
fn unknown_variables_suggest_a_near_one() {
    let source = "FROM busybox\nARG DIR_ASSETS=a\nCOPY $DIR_ASSET $FAR_FROM_ALL\n";
    let details = details(source);
    assert_eq!(details[0], "`$DIR_ASSET` is not set here (did you mean `$DIR_ASSETS`?)");
    assert_eq!(details[1], "`$FAR_FROM_ALL` is not set here");
    let details = self::details("FROM busybox\nENV PATH=$PAHT:/x\n");
    assert_eq!(details, ["`$PAHT` is not set here (did you mean `$PATH`?)"]);
    let source = "ARG MY_TAG=1\nFROM busybox:${MYTAG:-2}\n";
    let details = self::details(source);
    assert_eq!(
        details,
        ["`$MYTAG` is not declared by an ARG above the first FROM (did you mean `$MY_TAG`?)"]
    );
}

#[test]
fn a_base_that_is_not_known_may_set_anything() {
    let source = "FROM busybox\nENV A=$JAVA_HOME\nFROM busybox AS x\nFROM scratch\nENV A=$JAVA_HOME\n";
    let mut facts = Facts { platform: platform(), ..Facts::default() };
    assert_eq!(found(&check_with(source, &facts)), [(Rule::UndefinedVar, 5)]);
    let env = vec!["JAVA_HOME=/java".to_owned()];
    facts.bases.insert(0, BaseImage { env, ..BaseImage::default() });
    assert_eq!(found(&check_with(source, &facts)), [(Rule::UndefinedVar, 5)]);
    facts.bases.insert(0, BaseImage::default());
    assert_eq!(found(&check_with(source, &facts)), [(Rule::UndefinedVar, 2), (Rule::UndefinedVar, 5)]);
}

#[test]
fn what_a_base_brings_counts() {
    let source = "FROM busybox\nCMD x\nFROM busybox AS on\n";
    let triggers = vec!["CMD x".to_owned(), "ENV a b".to_owned()];
    let mut facts = facts(source);
    facts.bases.insert(0, BaseImage { has_shell: true, ..BaseImage::default() });
    facts.bases.insert(2, BaseImage::default());
    facts.bases.insert(1, BaseImage { triggers, ..BaseImage::default() });
    let expected = [(Rule::JSONArgsRecommended, 3), (Rule::LegacyKeyValueFormat, 3)];
    assert_eq!(found(&check_with(source, &facts)), expected);
    let mismatch = Some(("linux/amd64".to_owned(), "linux/arm64".to_owned()));
    facts.bases.insert(1, BaseImage { mismatch, ..BaseImage::default() });
    let report = check_with(source, &facts);
    assert_eq!(found(&report), [(Rule::InvalidBaseImagePlatform, 3)]);
    assert_eq!(report.findings[0].detail, "`busybox` is an image for linux/arm64, and linux/amd64 is built");
}

#[test]
fn only_stages_that_are_built_are_followed() {
    let source = "FROM scratch AS A\nENV a b\nFROM scratch\nENV c d\n";
    let stages = |stages: &[usize]| {
        let stages = Some(stages.iter().copied().collect());
        found(&check_with(source, &Facts { stages, ..facts(source) }))
    };
    let name = (Rule::StageNameCasing, 1);
    let (first, second) = ((Rule::LegacyKeyValueFormat, 2), (Rule::LegacyKeyValueFormat, 4));
    assert_eq!(stages(&[1]), [name, second]);
    assert_eq!(stages(&[0]), [name, first]);
    assert_eq!(check(source), [name, first, second]);
    let replaced = Facts { replaced: [0].into(), ..facts(source) };
    assert_eq!(found(&check_with(source, &replaced)), [name, second]);
}

#[test]
fn findings_before_a_mistake_are_told() {
    let source = "FROM scratch AS BadName\nMAINTAINER me\nENV a b\nBADCMD\n";
    let report = check_with(source, &facts(source));
    assert_eq!(found(&report), [(Rule::StageNameCasing, 1), (Rule::MaintainerDeprecated, 2)]);
    assert_eq!(report.error.expect("line 4 is broken").location.start, 4);
    let source = "FROM --platform=$BULIDPLATFORM scratch\nENV a b\n";
    let report = check_with(source, &facts(source));
    assert_eq!(found(&report), [(Rule::UndefinedArgInFrom, 1)]);
    assert!(matches!(report.error.expect("a blank platform").problem, Problem::BlankPlatform { .. }));
}

#[test]
fn values_that_a_build_refuses_are_mistakes() {
    for line in
        ["COPY --chmod=10000 a /", "ADD --chmod=u=q a /", "STOPSIGNAL NONE", "EXPOSE 80/icmp", "ENV a=${b:?}"]
    {
        let source = format!("FROM scratch\n{line}\n");
        let report = check_with(&source, &facts(&source));
        assert_eq!(report.error.expect(line).location.start, 2);
    }
}

#[test]
fn a_chmod_that_a_variable_leaves_empty_is_none() {
    assert_eq!(check("FROM scratch\nARG mode\nCOPY --chmod=$mode a /\n"), []);
}

#[test]
fn configuration_of_the_file_and_of_the_caller() {
    let body = "FROM scratch as base\ncopy a .\n";
    let run = |first: &str, given: Option<&str>| {
        let source = format!("{first}\n{body}");
        let report = Draft::read(&source, given).expect("a good one").check(&facts(&source));
        (found(&report).into_iter().map(|(rule, _)| rule).collect::<Vec<_>>(), report.forbids())
    };
    let (casing, with) = (Rule::ConsistentInstructionCasing, Rule::FromAsCasing);
    assert_eq!(run("#", None), (vec![with, casing], false));
    assert_eq!(run("# check=skip=all;error=true", None), (vec![], false));
    assert_eq!(run("#check=skip=ConsistentInstructionCasing;error=true", None), (vec![with], true));
    assert_eq!(run("# check=skip=all", Some("skip=FromAsCasing;error=true")), (vec![casing], true));
    assert_eq!(run("# check=error=true", Some("skip=all")), (vec![], false));
    assert!(Draft::read(body, Some("nonsense")).is_err());
    let report = check_with(&format!("# check=nonsense\n{body}"), &Facts::default());
    let error = report.error.expect("a mistake in the directive");
    assert!(matches!(error.problem, Problem::Check(_)) && error.location.start == 1);
    assert!(error.hint().is_some());
}

#[test]
fn a_value_is_never_shown() {
    let source = "FROM scratch\nARG API_TOKEN=hunter2\nENV password=hunter2\n";
    assert!(details(source).iter().all(|detail| !detail.contains("hunter2")));
}

#[test]
fn ignored_files() {
    let run = |patterns: &[&str], source: &str| {
        let matcher = Matcher::new(patterns).expect("good patterns");
        found(&check_with(source, &Facts { ignored: Some(&matcher), ..facts(source) })).len()
    };
    let file =
        "FROM scratch\nCOPY ./a/file .\nADD a/file /x\nADD https://x/a/file /\nCOPY --from=b a/file /\n";
    assert_eq!(run(&["a"], file), 2);
    assert_eq!(run(&["a/*"], file), 2);
    assert_eq!(run(&["b"], file), 0);
    assert_eq!(run(&["a", "!a/other"], file), 0);
    for root in [".", "/", "./", "a/.."] {
        let all = format!("FROM scratch\nCOPY {root} /\n");
        assert_eq!(run(&[".*"], &all), 0, "{root}");
        assert_eq!(run(&["**"], &all), 1, "{root}");
    }
    let details = |source: &str| {
        let matcher = Matcher::new(["a"]).expect("a good pattern");
        check_with(source, &Facts { ignored: Some(&matcher), ..facts(source) }).findings[0].detail.clone()
    };
    let expected = "COPY `a/b`: .dockerignore leaves it out of the build context";
    assert_eq!(details("FROM scratch\nCOPY ./a/b /\n"), expected);
}
