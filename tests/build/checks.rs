//! `kbuild check`, `--check` and `--call`: what they find, how they write it, how they end.

use std::path::Path;

use ktrust_tests::place::repository;
use ktrust_tests::{Context, Registry};
use serde_json::{Value, json};

use crate::project::Project;

/// Two findings that need no base image.
const TWO: &str = "FROM scratch AS Base\nENV a b\n";

fn place(dockerfile: &str) -> Context {
    let context = Context::new();
    context.write("app/Dockerfile", dockerfile);
    context
}

#[test]
fn findings_are_told_with_their_lines() {
    let context = place(TWO);
    let run = context.kbuild().args(["check", "app"]).run().fails_with(43);
    let run = run.stdout_has("checked app/Dockerfile: 2 findings\n");
    let run = run.stdout_has("\nWARNING: StageNameCasing - line 1\n");
    run.stdout_has("\nWARNING: LegacyKeyValueFormat - line 2\n")
        .stdout_has(
            "app/Dockerfile:2\n--------------------\n   1 |     FROM scratch AS Base\n   2 | >>> ENV a b\n",
        )
        .stderr_has("error: 2 findings");
    for flags in [&["--check"][..], &["--call", "check"], &["--call=lint"]] {
        context.kbuild().args(["build", "app"]).args(flags).run().fails_with(43).stdout_has("2 findings");
    }
    let tolerant = context.kbuild().args(["build", "app", "--call", "check,ignorestatus=true"]);
    tolerant.run().success().stdout_has("2 findings");
    assert!(!context.path(".ktrust").exists(), "a question leaves nothing behind");
}

#[test]
fn a_file_without_findings_is_fine() {
    let context = place("FROM scratch AS base\nENV a=b\n");
    context
        .kbuild()
        .args(["check", "app"])
        .run()
        .success()
        .stdout_has("checked app/Dockerfile: no findings\n");
    // The working directory is the context unless one is named.
    let here = context.kbuild().arg("check").current_dir(context.path("app")).run();
    here.success().stdout_has("checked ./Dockerfile: no findings\n");
}

#[test]
fn a_broken_file_is_a_mistake_after_its_findings() {
    let context = place("FROM scratch AS Bad\nMAINTAINER me\nRUM x\n");
    let run = context.kbuild().args(["check", "app"]).run().fails_with(2);
    run.stdout_has("WARNING: MaintainerDeprecated - line 2").stderr_has("unknown instruction: RUM");
    let run = context.kbuild().args(["check", "app", "--format", "json"]).run().fails_with(2);
    let report = run.json();
    assert_eq!(report["warnings"].as_array().unwrap().len(), 2);
    assert_eq!(report["buildError"]["location"]["ranges"][0]["start"]["line"], 3);
    context.kbuild().args(["check", "app", "-f", "nowhere"]).run().fails_with(2).stderr_has("nowhere");
    // Mistakes that only a plan shows: a stage that needs a later one.
    let context = place("FROM scratch AS a\nCOPY --from=b x /\nFROM scratch AS b\n");
    context.kbuild().args(["check", "app"]).run().fails_with(2).stderr_has("app/Dockerfile:2");
    let context = place("FROM scratch\nSTOPSIGNAL SIGNOTHING\n");
    context.kbuild().args(["check", "app"]).run().fails_with(2).stderr_has("names no signal");
}

#[test]
fn json_has_buildkits_shape() {
    let context = place(TWO);
    let run = context.kbuild().args(["build", "app", "--call", "check,format=json"]).run().fails_with(43);
    let report = run.json();
    let names: Vec<&Value> =
        report["warnings"].as_array().unwrap().iter().map(|warning| &warning["ruleName"]).collect();
    assert_eq!(names, ["StageNameCasing", "LegacyKeyValueFormat"]);
    let warning = &report["warnings"][1];
    assert!(warning["description"].is_string() && warning["detail"].is_string());
    assert_eq!(warning["location"], json!({"ranges": [{"start": {"line": 2}, "end": {"line": 2}}]}));
    assert_eq!(report["sources"][0]["filename"], "app/Dockerfile");
    assert_eq!(report["sources"][0]["data"], "RlJPTSBzY3JhdGNoIEFTIEJhc2UKRU5WIGEgYgo=");
    assert!(report.get("buildError").is_none());
}

#[test]
fn a_code_quality_report_for_gitlab() {
    let mut context = place(&format!("{TWO}ENV a b\n"));
    context.set("CI_PROJECT_DIR", context.work());
    let check = |context: &Context| {
        let flags = ["check", "./app", "--format", "codequality", "--output", "out/report.json"];
        std::fs::create_dir_all(context.path("out")).unwrap();
        let _ = context.kbuild().args(flags).run().fails_with(43).stderr_has("WARNING: StageNameCasing");
        serde_json::from_str::<Value>(&context.read("out/report.json")).unwrap()
    };
    let report = check(&context);
    let issues = report.as_array().unwrap();
    assert_eq!(issues.len(), 3);
    assert_eq!(issues[0]["check_name"], "StageNameCasing");
    assert_eq!(issues[0]["severity"], "info");
    assert_eq!(issues[1]["severity"], "minor");
    assert_eq!(issues[1]["location"], json!({"path": "app/Dockerfile", "lines": {"begin": 2, "end": 2}}));
    let prints = |report: &Value| -> Vec<String> {
        let issues = report.as_array().unwrap();
        issues.iter().map(|issue| issue["fingerprint"].as_str().unwrap().to_owned()).collect()
    };
    assert!(prints(&report)[1] != prints(&report)[2], "twins are told apart");
    // The same findings further below are the same to GitLab.
    context.write("app/Dockerfile", format!("# moved\n\n{TWO}ENV a b\n"));
    let moved = check(&context);
    assert_eq!(prints(&moved), prints(&report));
    assert_eq!(moved[1]["location"]["lines"]["begin"], 4);
    let empty = place("FROM scratch\n");
    let run = empty.kbuild().args(["check", "app", "--format", "codequality"]).run().success();
    assert_eq!(run.json(), json!([]));
}

#[test]
fn rules_are_skipped_by_file_by_argument_and_by_line() {
    let file = |first: &str| place(&format!("{first}\n{TWO}"));
    let run = |first: &str, argument: Option<&str>| {
        let context = file(first);
        let given = argument.map(|value| format!("--build-arg=BUILDKIT_DOCKERFILE_CHECK={value}"));
        context.kbuild().args(["check", "app"]).args(given).run()
    };
    let _ = run("# check=skip=all", None).success();
    let _ = run("# check=skip=StageNameCasing", None).fails_with(43).stdout_has("1 finding\n");
    let _ = run("# check=skip=all", Some("skip=StageNameCasing")).fails_with(43);
    let _ = run("#", Some("skip=all")).success();
    let _ = run("# check=level=2", None).fails_with(2).stderr_has("unknown check option");
    let _ = run("#", Some("level=2")).fails_with(2).stderr_has("BUILDKIT_DOCKERFILE_CHECK");
    let context = place("FROM scratch\n# check=skip=LegacyKeyValueFormat\nENV a b\n");
    let _ = context.kbuild().args(["check", "app"]).run().success();
}

#[test]
fn a_build_warns_of_what_it_builds() {
    let project = Project::new(
        "FROM busybox AS Unused\nENV c d\n\
         FROM busybox AS base\nENV a b\n\
         FROM base\nCOPY Dockerfile $WHERE/\nCMD [\"true\"]\n",
    );
    let run = project.kbuild().args(["--no-push"]).run().success();
    let run = run.stderr_has("StageNameCasing").stderr_has("LegacyKeyValueFormat: ");
    // The stage that nothing needs is read and not followed.
    run.stderr_has("(line 4)").stderr_has("UndefinedVar: ").nowhere_has("(line 2)");
}

#[test]
fn error_true_forbids_the_build_before_anything_runs() {
    let project = Project::new("# check=error=true\nFROM busybox\nRUN touch /ran\nENV a b\n");
    let run = project.kbuild_to_layout().run().fails_with(43);
    run.stderr_has("LegacyKeyValueFormat: ")
        .stderr_has("`error=true` forbids the build")
        .nowhere_has("RUN touch");
    assert!(!project.context.path("out/index.json").exists());
    let allowed = project.kbuild_to_layout().args(["--build-arg", "BUILDKIT_DOCKERFILE_CHECK=skip=all"]);
    let _ = allowed.run().success();
}

#[test]
fn files_that_dockerignore_leaves_out() {
    let context = place("FROM scratch\nCOPY secret.txt /\nCOPY other /\n");
    context.write("app/.dockerignore", "*.txt\n");
    let run = context.kbuild().args(["check", "app"]).run().fails_with(43);
    run.stdout_has("1 finding\n").stdout_has("WARNING: CopyIgnoredFile - line 2");
    context.write("app/Dockerfile.dockerignore", "nothing\n");
    let _ = context.kbuild().args(["check", "app"]).run().success();
}

#[test]
fn base_images_are_asked_for_their_variables_and_platform() {
    let context = place("FROM scratch\nENV JAVA_HOME=/java\n");
    let registry = Registry::start(&context);
    let base = registry.image("base:1");
    let pushed = context.kbuild().args(["build", "app", "-t", &base, "--platform", "linux/amd64"]).run();
    let _ = pushed.success();
    let own = format!("FROM {base}\nENV PATH=$JAVA_HOME/bin:$PATH\nENV X=$JAVA_HOM\n");
    context.write("app/Dockerfile", &own);
    let check = |flags: &[&str]| context.kbuild().args(["check", "app"]).args(flags).run();
    let run = check(&["--platform", "linux/amd64"]).fails_with(43).stdout_has("1 finding\n");
    let _ = run.stdout_has("`$JAVA_HOM` is not set here (did you mean `$JAVA_HOME`?)");
    let run = check(&["--platform", "linux/arm64"]).fails_with(43).stdout_has("2 findings\n");
    let _ = run.stdout_has("InvalidBaseImagePlatform - line 1").stdout_has("linux/arm64 is built");
    // Without asking nothing is known of the base, and nothing is said of its variables.
    let _ = check(&["--offline"]).success();
    // One that is not there is a mistake, after all findings that can be made without it.
    context.write("app/Dockerfile", format!("FROM {}\nENV a b\nENV X=$Y\n", registry.image("none:1")));
    let run = check(&[]).fails_with(11).stdout_has("1 finding\n").stdout_has("LegacyKeyValueFormat");
    let _ = run.stderr_has("app/Dockerfile:1");
}

#[test]
fn targets_are_listed() {
    let context = place(
        "# build compiles\nFROM scratch AS build\nFROM scratch AS test\n# release is what is shipped\n\
         FROM --platform=$BUILDPLATFORM build AS release\n",
    );
    let table = "TARGET            DESCRIPTION\nbuild             compiles\ntest\nrelease (default) is what is shipped\n";
    let call = |method: &str| context.kbuild().args(["build", "app", "--call", method]).run().success();
    let _ = call("targets").stdout_has(table);
    let list = call("targets,format=json").json();
    assert_eq!(list["targets"][0]["description"], "compiles");
    assert_eq!(list["targets"][2]["default"], true);
    assert_eq!(list["targets"][2]["base"], "build");
    assert_eq!(list["targets"][2]["platform"], "$BUILDPLATFORM");
    assert_eq!(list["targets"][2]["location"]["ranges"][0]["start"]["line"], 5);
    assert!(list["targets"][0].get("default").is_none() && list["sources"][0].is_string());
    let _ =
        context.kbuild().args(["build", "app", "--call", "stages"]).run().fails_with(2).stderr_has("outline");
}

#[test]
fn an_outline_tells_what_a_target_can_be_given() {
    let context = place(
        "# VERSION is what is built\nARG VERSION=1\nARG UNUSED=x\nFROM scratch AS build\nARG VERSION\nARG DEBUG\n\
         RUN --mount=type=secret,id=token,required --mount=type=ssh true\n\
         # release is what is shipped\nFROM scratch AS release\nCOPY --from=build / /\n",
    );
    let call = |method: &str, more: &[&str]| {
        context.kbuild().args(["build", "app", "--call", method]).args(more).run().success()
    };
    let expected = "TARGET:      release\nDESCRIPTION: is what is shipped\n\n\
                    BUILD ARG   VALUE   DESCRIPTION\nVERSION     2       is what is built\nDEBUG\n\n\
                    SECRET   REQUIRED\ntoken    true\n\nSSH       REQUIRED\ndefault\n";
    let _ = call("outline", &["--build-arg", "VERSION=2"]).stdout_has(expected);
    let outline = call("outline,format=json", &["--target", "build"]).json();
    assert_eq!(outline["name"], "build");
    assert_eq!(outline["args"][0]["value"], "1");
    assert_eq!(outline["args"][0]["description"], "is what is built");
    assert_eq!(outline["secrets"][0]["name"], "token");
    assert_eq!(outline["secrets"][0]["required"], true);
    assert_eq!(outline["ssh"][0]["location"]["ranges"][0]["start"]["line"], 7);
}

#[test]
fn our_own_dockerfiles_have_no_findings() {
    let mut checked = 0;
    for parent in ["images", "examples"] {
        for entry in std::fs::read_dir(repository().join(parent)).expect(parent) {
            let directory = entry.expect("an entry").path();
            if Path::is_file(&directory.join("Dockerfile")) {
                let context = Context::new();
                let _ = context.kbuild().args(["check", "--offline"]).arg(&directory).run().success();
                checked += 1;
            }
        }
    }
    assert!(checked >= 4, "{checked}");
}
