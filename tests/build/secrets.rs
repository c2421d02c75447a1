//! `--secret`: values reach the step that asks for them, and nothing else.

use crate::project::Project;

/// Long enough never to be there by chance.
const VALUE: &str = "s3cret-0b9c61";

/// Every file below a directory that holds the value.
fn holders(directory: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .flat_map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => holders(&entry.path()),
            Ok(kind) if kind.is_file() => {
                let bytes = std::fs::read(entry.path()).unwrap_or_default();
                let holds = bytes.windows(VALUE.len()).any(|window| window == VALUE.as_bytes());
                holds.then(|| entry.path()).into_iter().collect()
            }
            _ => Vec::new(),
        })
        .collect()
}

#[test]
fn a_secret_is_a_file_a_variable_or_both() {
    let project = Project::new(
        "FROM busybox\n\
         WORKDIR /w\n\
         RUN --mount=type=secret,id=tok stat -c '%a %u %g' /run/secrets/tok > /mode; wc -c < /run/secrets/tok > /size\n\
         RUN --mount=type=secret,id=tok,target=rel/tok,mode=0440,uid=33,gid=34 stat -c '%a %u %g' /w/rel/tok > /mode2\n\
         RUN --mount=type=secret,id=tok,env=TOK [ -n \"$TOK\" ] && echo set > /env; [ -e /run/secrets/tok ] || echo none >> /env\n\
         RUN --mount=type=secret,id=tok,env=TOK,target=/both [ \"$(cat /both)\" = \"$TOK\" ] && echo same > /same\n\
         RUN --mount=type=secret,target=/etc/tok [ -s /etc/tok ] && echo named > /named\n\
         RUN --mount=type=secret,id=none [ -e /run ] || echo none > /none\n\
         RUN --mount=type=secret,id=none,env=M echo \"[${M-unset}]\" > /empty\n\
         RUN --mount=type=secret,id=tok,dst=/s echo x >> /s 2>/dev/null || echo read-only > /ro\n",
    );
    project.context.write("token", VALUE);
    let run =
        project.kbuild_to_layout().args(["--secret", "id=tok,src=token"]).args(["--record", "build.json"]);
    run.run().success().nowhere_has(VALUE);
    let image = project.image();
    let size = format!("{}\n", VALUE.len());
    for (file, text) in [
        ("mode", "400 0 0\n"),
        ("size", size.as_str()),
        ("mode2", "440 33 34\n"),
        ("env", "set\nnone\n"),
        ("same", "same\n"),
        ("named", "named\n"),
        ("none", "none\n"),
        ("empty", "[]\n"),
        ("ro", "read-only\n"),
    ] {
        assert_eq!(image.text(file), text, "{file}");
    }
    // Not in the work directory either, where layers lie unpacked while a build runs.
    assert_eq!(holders(&project.context.work()), [project.context.path("token")]);
    assert!(!image.config.to_string().contains(VALUE));
    let tree = image.tree();
    assert!(!["run", "etc/tok", "w/rel", "both"].iter().any(|path| tree.contains_key(*path)));
}

#[test]
fn values_come_from_files_and_variables() {
    let dockerfile =
        "FROM busybox\nRUN --mount=type=secret,id=T,required cat /run/secrets/T | md5sum > /sum\n";
    let project = Project::new(dockerfile);
    project.context.write("T", "in a file");
    let sum = |spec: &str, value: Option<&str>| {
        let run = project.kbuild_to_layout().args(["--secret", spec]);
        match value {
            Some(value) => run.env("T", value).env("OTHER", value).run().success(),
            None => run.run().success(),
        };
        project.image().text("sum").split(' ').next().unwrap_or_default().to_owned()
    };
    let (file, variable) = (sum("id=T,src=T", None), sum("id=T,env=OTHER", Some("in a variable")));
    assert_ne!(file, variable);
    assert_eq!(sum("id=T", None), file);
    assert_eq!(sum("id=T", Some("in a variable")), variable);
    assert_eq!(sum("type=env,id=T,src=OTHER", Some("in a variable")), variable);
    assert_eq!(sum("type=file,id=T,source=T", Some("in a variable")), file);
    let listed = project.kbuild_to_layout().env("KBUILD_SECRETS", "id=T,src=T\nid=U,env=T\n");
    listed.run().success();
    let unset = project.kbuild_to_layout().args(["--secret", "id=T,env=NOWHERE"]).run();
    unset.success().stderr_has("NOWHERE");
}

#[test]
fn a_missing_secret_is_known_before_or_where_it_is_needed() {
    let dockerfile = "FROM busybox\nRUN --mount=type=secret,id=T,required true\n";
    let project = Project::new(dockerfile);
    let build = |specs: &[&str]| {
        let run = project.kbuild_to_layout();
        specs.iter().fold(run, |run, spec| run.args(["--secret", spec])).run()
    };
    build(&[]).fails_with(2).stderr_has("Dockerfile:2").stderr_has("--secret id=T");
    build(&["id=T,src=nowhere"]).fails_with(2).stderr_has("nowhere");
    build(&["id=T,sauce=x"]).fails_with(2).stderr_has("sauce");
    build(&["src=x"]).fails_with(2).stderr_has("id");
    build(&["type=vault,id=T"]).fails_with(2).stderr_has("vault");
    project.context.write("large", vec![b'x'; 512_001]);
    build(&["id=T,src=large"]).fails_with(2).stderr_has("512001");
}
