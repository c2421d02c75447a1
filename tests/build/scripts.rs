//! Here documents in RUN, and how commands end.

use crate::project::Project;

#[test]
fn a_script_names_its_interpreter() {
    let image = Project::new(
        "FROM busybox\n\
         RUN <<EOF\n\
         #!/bin/awk -f\n\
         BEGIN { print \"from $HOME\" > \"/awk\" }\n\
         EOF\n\
         RUN <<tool\n\
         #!/bin/sh\n\
         echo \"$0 $#\" > /zero; stat -c %a \"$0\" >> /zero; (echo >> \"$0\") 2>/dev/null || echo ro >> /zero\n\
         tool\n\
         SHELL [\"/bin/busybox\", \"sh\", \"-c\"]\n\
         RUN <<-'E'\n\
         \t#!/bin/sh\n\
         \techo other > /shell\n\
         \tE\n",
    )
    .build();
    assert_eq!(image.text("awk"), "from $HOME\n");
    assert_eq!(image.text("zero"), "/dev/pipes/tool 0\n755\nro\n");
    assert_eq!(image.text("shell"), "other\n");
    assert!(!image.tree().contains_key("dev/pipes"));
    let history: Vec<_> = image.config["history"].as_array().unwrap().iter().collect();
    assert_eq!(history[2]["created_by"], "RUN /bin/sh -c /dev/pipes/tool # buildkit");
}

#[test]
fn here_documents_in_all_their_forms() {
    let image = Project::new(
        "FROM busybox\n\
         RUN <<EOF\n\
         echo one > /one\n\
         false\n\
         echo \"two $HOME\" > /two\n\
         EOF\n\
         RUN <<EOF sh -e\n\
         echo three > /three\n\
         EOF\n\
         RUN (cat; cat <&3) <<A <<B 3<<C > /ab\n\
         a\n\
         A\n\
         b\n\
         B\n\
         c\n\
         C\n\
         RUN cat <<-'E' > /quoted\n\
         \tas it is: $HOME `id` \\n\n\
         \tE\n\
         RUN cat <<E | tr a-z A-Z > /up && echo more >> /up\n\
         lower $((1+1))\n\
         E\n",
    )
    .build();
    assert_eq!(image.text("one"), "one\n");
    assert_eq!(image.text("two"), "two /root\n");
    assert_eq!(image.text("three"), "three\n");
    assert_eq!(image.text("ab"), "b\nc\n");
    assert_eq!(image.text("quoted"), "as it is: $HOME `id` \\n\n");
    assert_eq!(image.text("up"), "LOWER 2\nmore\n");
}

#[test]
fn codes_and_signals_are_told() {
    let fails = |run: &str, how: &str| {
        let project = Project::new(&format!("FROM busybox\n{run}\n"));
        project.kbuild_to_layout().run().fails_with(10).stderr_has(how).stderr_has("Dockerfile:2");
    };
    fails("RUN exit 42", "exit code 42");
    fails("RUN <<E\ntrue\nfalse\nE", "exit code 1");
    fails("RUN <<E\n#!/bin/sh\nexit 7\nE", "exit code 7");
    fails("RUN kill -9 $$", "signal 9");
    fails("RUN [\"none\"]", "`none`");
    fails("RUN <<E\n#!/none\nE", "exit code 127");
    let escape = Project::new("FROM busybox\nRUN <<../x\n#!/bin/sh\n../x\n").kbuild_to_layout().run();
    escape.fails_with(2).stderr_has("`../x`");
}

#[test]
fn a_step_ends_with_all_that_it_started() {
    let image = Project::new(
        "FROM busybox\n\
         RUN (trap '' TERM HUP; while true; do sleep 1; done) & (sleep 600 &) ; nohup sleep 600 >/dev/null 2>&1 & echo x > /done\n\
         RUN cat > /stdin; wc -c < /dev/stdin >> /stdin\n\
         RUN grep -l sleep /proc/[0-9]*/comm | wc -l > /left\n\
         RUN i=0; while [ $i -lt 50 ]; do (true &) ; i=$((i+1)); done; sleep 1; grep -l 'State:.Z' /proc/[0-9]*/status | wc -l > /zombies\n",
    )
    .build();
    assert_eq!(image.text("done"), "x\n");
    assert_eq!(image.text("stdin"), "0\n");
    assert_eq!(image.text("left"), "0\n");
    assert_eq!(image.text("zombies"), "0\n");
}
