//! Which value an argument gets.

use crate::expand::Variables;
use crate::instruction::Command;
use crate::stage::Dockerfile;

fn resolve(arg: &str, environment: &[&str], build_args: &[&str], globals: &[&str]) -> Vec<String> {
    let file = Dockerfile::parse(format!("FROM a\n{arg}\n")).expect("valid");
    let Command::Arg(arg) = &file.stages[0].instructions[0].command else { panic!("not ARG") };
    let [environment, build_args, globals] =
        [environment, build_args, globals].map(|pairs| Variables::from_pairs(pairs.iter().copied()));
    let resolved = arg.resolve('\\', &environment, &build_args, &globals).expect("valid");
    resolved.into_iter().map(|arg| format!("{}={}", arg.name, arg.value.unwrap_or("?".into()))).collect()
}

#[test]
fn sources_in_order() {
    assert_eq!(resolve("ARG A=d", &["A=e"], &["A=b"], &["A=g"]), ["A=b"]);
    assert_eq!(resolve("ARG A=d", &["A=e"], &[], &["A=g"]), ["A=d"]);
    assert_eq!(resolve("ARG A", &["A=e"], &[], &["A=g"]), ["A=g"]);
    assert_eq!(resolve("ARG A", &["A=e"], &[], &[]), ["A=?"]);
    assert_eq!(resolve("ARG A=", &[], &[], &["A=g"]), ["A="]);
}

#[test]
fn defaults_are_expanded_and_given_values_are_not() {
    assert_eq!(resolve("ARG A=\"$E y\" B=$A", &["E=x"], &[], &[]), ["A=x y", "B=x y"]);
    assert_eq!(resolve("ARG A=${X:?no}", &[], &["A=$E '"], &[]), ["A=$E '"]);
}

#[test]
fn globals_see_those_before_them() {
    let file = Dockerfile::parse("ARG A=1\nARG B=$A-$TARGETARCH C\nARG A=2\nFROM x:$A-$B").expect("valid");
    let platform = Variables::from_pairs(["TARGETARCH=arm64"]);
    let globals = file.global_variables(platform, &Variables::from_pairs(["Z=9"])).expect("valid");
    assert_eq!(globals.to_pairs(), ["TARGETARCH=arm64", "A=2", "B=1-arm64"]);
    let from = file.stages[0].from.expand('\\', &globals).expect("valid");
    assert_eq!(from.image, "x:2-1-arm64");
}
