//! The table.

use super::check;
use crate::lint::Rule;

/// A rule, a file that breaks it on the lines, a file that does not break it.
type Row = (Rule, &'static str, &'static [usize], &'static str);

fn run(rows: &[Row]) {
    for (rule, bad, lines, good) in rows {
        let found: Vec<usize> =
            check(bad).into_iter().filter(|(seen, _)| seen == rule).map(|(_, line)| line).collect();
        assert_eq!(&found, lines, "{rule}:\n{bad}");
        assert!(check(good).iter().all(|(seen, _)| seen != rule), "{rule}:\n{good}");
    }
}

#[test]
fn casing() {
    run(&[
        (Rule::StageNameCasing, "FROM scratch AS Base\n", &[1], "FROM scratch AS base\n"),
        (Rule::FromAsCasing, "FROM scratch as base\n", &[1], "FROM scratch AS base\n"),
        (Rule::FromAsCasing, "from scratch AS base\n", &[1], "from scratch as base\n"),
        // A FROM of mixed case is another rule's business.
        (Rule::FromAsCasing, "FROM scratch aS base\n", &[1], "From scratch as base\n"),
        (
            Rule::ConsistentInstructionCasing,
            "FROM scratch\ncopy a /a\nCopy a /a\nCOPY a /a\n",
            &[2, 3],
            "FROM scratch\nCOPY a /a\n",
        ),
        (
            Rule::ConsistentInstructionCasing,
            "from scratch\ncopy a /a\nCOPY a /a\n",
            &[3],
            "from scratch\ncopy a /a\n",
        ),
        // At a draw capitals win; global arguments do not count.
        (
            Rule::ConsistentInstructionCasing,
            "FROM scratch\ncopy a /a\n",
            &[2],
            "arg A=1\narg B=1\nFROM scratch\nCOPY a /a\n",
        ),
        (
            Rule::ExposeProtoCasing,
            "FROM scratch\nEXPOSE 80/TcP 81/tcp\n",
            &[2],
            "FROM scratch\nEXPOSE 80/udp\n",
        ),
    ]);
}

#[test]
fn stages_and_images() {
    run(&[
        (
            Rule::DuplicateStageName,
            "FROM scratch AS b\nFROM scratch AS B\n",
            &[2],
            "FROM scratch AS b1\nFROM scratch AS b2\n",
        ),
        (
            Rule::ReservedStageName,
            "FROM scratch AS scratch\nFROM scratch AS Context\n",
            &[1, 2],
            "FROM scratch\nFROM scratch AS a\n",
        ),
        (Rule::UndefinedArgInFrom, "FROM busybox:1$X\nARG X\n", &[1], "ARG X\nFROM busybox:1$X\n"),
        (
            Rule::UndefinedArgInFrom,
            "FROM --platform=linux/amd64$X busybox\n",
            &[1],
            "FROM --platform=$BUILDPLATFORM busybox\n",
        ),
        (Rule::InvalidDefaultArgInFrom, "ARG V\nFROM busybox:$V\n", &[2], "ARG V\nFROM busybox:1$V\n"),
        (
            Rule::InvalidDefaultArgInFrom,
            "ARG V\nFROM busybox${V}_ AS a\n",
            &[2],
            "ARG V=1\nFROM busybox:${V} AS a\n",
        ),
        (
            Rule::RedundantTargetPlatform,
            "FROM --platform=$TARGETPLATFORM scratch\n",
            &[1],
            "FROM --platform=$BUILDPLATFORM scratch\n",
        ),
        (
            Rule::RedundantTargetPlatform,
            "FROM --platform=${TARGETPLATFORM} scratch\n",
            &[1],
            "ARG X=\nFROM --platform=${TARGETPLATFORM}$X scratch\n",
        ),
        (
            Rule::FromPlatformFlagConstDisallowed,
            "FROM --platform=linux/amd64 scratch\n",
            &[1],
            "FROM --platform=linux/amd64 scratch AS my_amd64_stage\n",
        ),
        (
            Rule::FromPlatformFlagConstDisallowed,
            "FROM --platform=arm64 scratch AS a\n",
            &[1],
            "FROM --platform=linux/$TARGETARCH scratch\n",
        ),
    ]);
}

#[test]
fn variables() {
    run(&[
        (
            Rule::UndefinedVar,
            "FROM scratch\nCOPY $a ${b:-c} .\n",
            &[2, 2],
            "FROM scratch\nARG a\nCOPY d$a .\n",
        ),
        // Visible below, also in a stage that is built on it; what a shell expands is not looked at.
        (
            Rule::UndefinedVar,
            "FROM scratch\nCOPY $a .\nARG a=b\n",
            &[2],
            "FROM scratch AS a\nARG a=b\nRUN echo $x\nFROM a\nCOPY $a .\n",
        ),
        (
            Rule::UndefinedVar,
            "FROM scratch\nENV A=1 B=$A\n",
            &[2],
            "FROM scratch\nENV A=1\nENV B=$A P=$PATH\n",
        ),
        (Rule::UndefinedVar, "FROM scratch\nARG A=$B\n", &[2], "FROM scratch\nARG B A=$B\n"),
        (
            Rule::UndefinedVar,
            "FROM scratch\nCOPY <<E /\n$x\nE\n",
            &[2],
            "FROM scratch\nCOPY <<'E' /\n$x\nE\n",
        ),
        (
            Rule::UndefinedVar,
            "FROM scratch\nRUN --mount=type=cache,target=/$x true\n",
            &[2],
            "FROM scratch\nEXPOSE 80 $x\n",
        ),
        (
            Rule::LegacyKeyValueFormat,
            "FROM scratch\nENV a b\nLABEL a b\n",
            &[2, 3],
            "FROM scratch\nENV a=b\nLABEL a=b\n",
        ),
        (
            Rule::SecretsUsedInArgOrEnv,
            "FROM scratch\nARG SECRET_X\nENV Password=a git_key=b\nARG auth=1\n",
            &[2, 3, 3, 4],
            "ARG token\nFROM scratch\nENV PUBLIC_KEY=1 tokens=1\nARG SECRET_FILE\nARG AUTH_VERSION\n",
        ),
        (
            Rule::InvalidDefinitionDescription,
            "# check=experimental=all\n# x\nARG a\n# b is\nFROM scratch AS a\n# is\nARG b c\n",
            &[3, 5, 7],
            "# check=experimental=all\n# a is\nARG a\n# A\n# b is\nFROM scratch AS b\n# c is\nARG b c\n# d\n#\nARG d\n# e\nENV e=1\n",
        ),
        // Off by itself.
        (Rule::InvalidDefinitionDescription, "# x\nFROM scratch AS a\n", &[], "FROM scratch\n"),
    ]);
}

#[test]
fn instructions() {
    run(&[
        (
            Rule::NoEmptyContinuation,
            "FROM scratch\nCOPY a \\\n\n.\n",
            &[4],
            "FROM scratch\nCOPY a \\\n# comment\n.\n",
        ),
        (
            Rule::JSONArgsRecommended,
            "FROM scratch\nCMD a\nENTRYPOINT b\n",
            &[2, 3],
            "FROM scratch\nCMD [\"a\"]\n",
        ),
        // A shell that the file names is wanted, also by stages above.
        (
            Rule::JSONArgsRecommended,
            "FROM scratch\nCMD a\nSHELL [\"s\"]\n",
            &[2],
            "FROM scratch AS a\nSHELL [\"s\"]\nFROM a\nENTRYPOINT b\n",
        ),
        (
            Rule::MaintainerDeprecated,
            "FROM scratch\nMAINTAINER me\n",
            &[2],
            "FROM scratch\nLABEL org.opencontainers.image.authors=\"me\"\n",
        ),
        (
            Rule::WorkdirRelativePath,
            "FROM scratch\nWORKDIR a\nWORKDIR b\n",
            &[2],
            "FROM scratch\nWORKDIR /a\nWORKDIR b\n",
        ),
        (
            Rule::WorkdirRelativePath,
            "FROM scratch AS a\nFROM a\nWORKDIR b\n",
            &[3],
            "FROM scratch AS a\nWORKDIR /a\nFROM a\nWORKDIR b\n",
        ),
        // Told at the one that has no effect.
        (
            Rule::MultipleInstructionsDisallowed,
            "FROM scratch\nCMD [\"a\"]\nENTRYPOINT [\"a\"]\nENTRYPOINT [\"b\"]\nCMD [\"b\"]\nHEALTHCHECK NONE\nHEALTHCHECK CMD x\n",
            &[2, 3, 6],
            "FROM scratch AS a\nCMD [\"a\"]\nHEALTHCHECK NONE\nFROM a\nCMD [\"b\"]\nHEALTHCHECK NONE\n",
        ),
        (
            Rule::MultipleInstructionsDisallowed,
            "FROM scratch AS a\nONBUILD CMD [\"a\"]\nFROM a\nCMD [\"b\"]\n",
            &[3],
            "FROM scratch\nONBUILD CMD [\"a\"]\nCMD [\"b\"]\n",
        ),
        (
            Rule::ExposeInvalidFormat,
            "FROM scratch\nEXPOSE 127.0.0.1:80:80 [::1]:81:81 5:5 8000\n",
            &[2, 2, 2],
            "FROM scratch\nEXPOSE 80-90/udp\n",
        ),
    ]);
}

#[test]
fn comments_skip_rules_of_their_instruction() {
    for skipped in [
        "# check=skip=JSONArgsRecommended\nCMD a\n",
        "# check=skip=all // wanted\nENTRYPOINT a\n",
        "# check=skip=MaintainerDeprecated\nMAINTAINER me\n",
        "# check=skip=WorkdirRelativePath\nWORKDIR a\n",
        "# check=skip=SecretsUsedInArgOrEnv\nARG password\n",
        "CMD [\"a\"]\n# check=skip=MultipleInstructionsDisallowed\nCMD [\"b\"]\n",
    ] {
        assert_eq!(check(&format!("FROM scratch\n{skipped}")), [], "{skipped}");
    }
    let skipped = "#\n# check=skip=RedundantTargetPlatform\nFROM --platform=$TARGETPLATFORM scratch\n";
    assert_eq!(check(skipped), []);
    // Rules about the file as a whole can be skipped only for all of it.
    let whole = "FROM scratch AS a\n# check=skip=all\nFROM scratch AS a\n";
    assert_eq!(check(whole), [(Rule::DuplicateStageName, 3)]);
}
