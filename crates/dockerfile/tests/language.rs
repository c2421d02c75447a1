//! What a file may say and what it may not: one row a rule, each as BuildKit's own parser judges it.

use ktrust_dockerfile::{Command, Dockerfile, Environment as _, Variables};

/// Whether the lines below a FROM are accepted, when they are read and when their turn comes.
fn accepts(lines: &str) -> bool {
    let Ok(file) = Dockerfile::parse(format!("FROM a\n{lines}\n")) else { return false };
    let instructions = file.stages.iter().flat_map(|stage| &stage.instructions);
    instructions.into_iter().all(|instruction| instruction.expand('\\', &Variables::new()).is_ok())
}

#[test]
fn accepted() {
    for lines in [
        // Lines
        "RUN a\\\nb",
        "RU\\\nN a",
        "RUN a\\  \n\tb",
        "\\\nRUN a",
        "RUN a \\\n# comment \\\n\n b",
        "RUN a\\",
        "  RUN a",
        "RUN\ta",
        "rUn a",
        "RUN a # no comment",
        // Flags
        "RUN --mount=type=secret,id=a,\"target=/a b\" c",
        "RUN -- --a",
        "COPY --link a b",
        "COPY --link=TRUE a b",
        "COPY --exclude=a --exclude=b c d",
        "ARG --x A",
        "STOPSIGNAL --x 9",
        "HEALTHCHECK --x NONE",
        "HEALTHCHECK --interval=0 --retries=0 CMD a",
        // JSON or not
        "CMD",
        "CMD []",
        "ENTRYPOINT []",
        "ENTRYPOINT",
        "RUN ['a']",
        "RUN [[ -f x ]] && y",
        "RUN [\"a\"] b",
        "VOLUME /v [\"/b\"]",
        "HEALTHCHECK CMD [\"a\"]",
        "COPY [\"a b\", \"/c d/\"]",
        // Here documents
        "RUN <<A\nx\nA",
        "RUN << A\nx\nA",
        "RUN 3<<A <<-B c\n\tA\nA\n\tB",
        "RUN echo $((1<<2))",
        "RUN cat <<<word",
        "RUN cat \"<<A\"",
        "COPY a <<B /c\nx\nB",
        "ONBUILD RUN <<A\nx\nA",
        "RUN [\"<<A\"]",
        // Names and values
        "ENV a b c",
        "ENV a=b c=\"d e\" f=g\\ h",
        "LABEL \"a b\"=c",
        "ENV a=",
        "ARG a b=1 c=\"x y\"",
        "EXPOSE $A",
        "FROM b\nFROM c AS x\nFROM d AS X",
        "ONBUILD UNKNOWN x",
    ] {
        assert!(accepts(lines), "{lines}");
    }
}

#[test]
fn refused() {
    for lines in [
        "RUN foo \\\\\nbar",
        "CMD --foo a",
        "ENV --foo a=b",
        "WORKDIR --foo /a",
        "USER --foo a",
        "ONBUILD --foo RUN a",
        "COPY --unknown a b",
        "COPY --from=a --from=b c d",
        "COPY --from a b",
        "COPY --link= a b",
        "COPY --link=1 a b",
        "RUN --network a",
        "RUN --network=other a",
        "RUN --mount=required,type=secret,id=a b",
        "RUN [1]",
        "CMD [[\"a\"]]",
        "SHELL sh -c",
        "SHELL []",
        "SHELL",
        "VOLUME []",
        "VOLUME",
        "EXPOSE",
        "USER",
        "WORKDIR",
        "COPY a",
        "COPY <<A\nx\nA",
        "COPY a <<B\nx\nB",
        "RUN <<A\nx",
        "RUN cat <<A;\nA",
        "RUN <<A\nA ",
        "ENV a",
        "ENV a=b c",
        "ENV =b",
        "ENV",
        "LABEL",
        "ARG",
        "ARG =a",
        "ONBUILD",
        "ONBUILD ONBUILD RUN a",
        "ONBUILD FROM a",
        "ONBUILD MAINTAINER a",
        "HEALTHCHECK",
        "HEALTHCHECK NONE a",
        "HEALTHCHECK CMD",
        "HEALTHCHECK SHELL a",
        "HEALTHCHECK --interval=1us CMD a",
        "HEALTHCHECK --retries=-1 CMD a",
        "FROM",
        "FROM x # comment",
        "FROM x AS",
        "FROM x AS 1a",
        "FROM x AS a!",
        "FROM x BS a",
        "UNKNOWN a",
    ] {
        assert!(!accepts(lines), "{lines}");
    }
}

#[test]
fn what_stands_above_the_first_stage() {
    for (source, expected) in [
        ("ARG A\nFROM a", true),
        ("RUN a\nFROM b", false),
        ("ENV A=b\nFROM c", false),
        ("ARG A", false),
        ("", false),
        ("# comment", false),
        ("\u{feff}FROM a", true),
        ("# escape=`\nFROM a", true),
        ("# escape=x\nFROM a", false),
        ("# escape=`\n# escape=`\nFROM a", false),
        ("# comment\n# escape=x\nFROM a", true),
        ("#syntax=docker/dockerfile:1.7-labs\nFROM a", true),
        ("# syntax=someone/frontend\nFROM a", false),
        ("#!/usr/bin/env x\n# syntax=someone/frontend\nFROM a", false),
    ] {
        assert_eq!(Dockerfile::parse(source).is_ok(), expected, "{source}");
    }
}

#[test]
fn values_of_arguments() {
    let file =
        Dockerfile::parse("ARG A=1\nARG B=$A-$TARGETARCH C\nFROM a\nARG A B D=$B E=${A:-x}\nARG A=2\n")
            .unwrap();
    let platform = Variables::from_pairs(["TARGETARCH=arm64"]);
    let given = Variables::from_pairs(["C=$A"]);
    let globals = file.global_variables(platform, &given).unwrap();
    // What is given is taken as it is.
    assert_eq!(["A", "B", "C"].map(|name| globals.get(name)), [Some("1"), Some("1-arm64"), Some("$A")]);
    let mut variables = Variables::from_pairs(["A=env"]);
    for instruction in &file.stages[0].instructions {
        let Command::Arg(arg) = &instruction.command else { panic!("{instruction:?}") };
        for resolved in arg.resolve('\\', &variables.clone(), &given, &globals).unwrap() {
            if let Some(value) = &resolved.value {
                variables.set(&resolved.name, value);
            }
        }
    }
    // A declared argument takes the global value; the last word counts, even against ENV.
    let seen = ["A", "B", "D", "E", "C"].map(|name| variables.get(name));
    assert_eq!(seen, [Some("2"), Some("1-arm64"), Some("1-arm64"), Some("1"), None]);
}
