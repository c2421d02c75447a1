//! `--ssh`: the agent's socket in a step.

use std::io::Write;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use ktrust_tests::tools;

use crate::project::Project;

/// A real agent with one key, ended when dropped.
struct Agent {
    process: Child,
    socket: PathBuf,
    key: String,
}

impl Agent {
    fn start(directory: &Path) -> Self {
        let (socket, key) = (directory.join("agent"), directory.join("key"));
        let mut agent = Command::new(tools::tool("ssh-agent"));
        let process = agent.args(["-D", "-a"]).arg(&socket).stdout(Stdio::null()).spawn().expect("an agent");
        while !socket.exists() {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let run = |program: &str, arguments: &[&str]| {
            let mut command = Command::new(tools::tool(program));
            let output = command.env("SSH_AUTH_SOCK", &socket).args(arguments).output().expect("a program");
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).expect("text")
        };
        let path = key.to_str().expect("text");
        run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-C", "a test", "-f", path]);
        run("ssh-add", &["-q", path]);
        let key = run("ssh-add", &["-L"]);
        Self { process, socket, key }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_step_reaches_the_agent() {
    let project = Project::new(
        "FROM busybox\n\
         RUN --mount=type=ssh,required echo $SSH_AUTH_SOCK > /where; stat -c '%a %u %g' $SSH_AUTH_SOCK > /mode\n\
         RUN --mount=type=ssh,id=other,target=/s/a,mode=0660,uid=1000,gid=7 echo $SSH_AUTH_SOCK > /where2; stat -c '%a %u %g' /s/a > /mode2\n\
         RUN --mount=type=ssh,id=none echo $SSH_AUTH_SOCK > /where3; [ -e $SSH_AUTH_SOCK ] || echo none >> /where3\n\
         RUN --mount=type=ssh --mount=type=ssh,id=other ls /run/buildkit > /both\n\
         ENV SSH_AUTH_SOCK=/mine\n\
         RUN --mount=type=ssh echo $SSH_AUTH_SOCK > /where4\n",
    );
    let agent = Agent::start(&project.context.work());
    let other = format!("other={}", agent.socket.display());
    let run = project.kbuild_to_layout().args(["--ssh", "default", "--ssh", &other]);
    run.env("SSH_AUTH_SOCK", &agent.socket).run().success();
    let image = project.image();
    assert_eq!(image.text("where"), "/run/buildkit/ssh_agent.0\n");
    assert_eq!(image.text("mode"), "600 0 0\n");
    assert_eq!(image.text("where2"), "/s/a\n");
    assert_eq!(image.text("mode2"), "660 1000 7\n");
    assert_eq!(image.text("where3"), "/run/buildkit/ssh_agent.0\nnone\n");
    assert_eq!(image.text("both"), "ssh_agent.0\nssh_agent.1\n");
    assert_eq!(image.text("where4"), "/mine\n");
    let tree = image.tree();
    assert!(!tree.contains_key("run") && !tree.contains_key("s"));
    assert!(agent.key.starts_with("ssh-ed25519"));
}

#[test]
fn keys_are_listed_through_the_socket() {
    let project = Project::new("FROM busybox\nCOPY ask /bin/ask\nRUN --mount=type=ssh /bin/ask > /answer\n");
    let program = project.context.path("app/ask");
    let source = project.context.write(
        "ask.c",
        "#include <stdlib.h>\n#include <string.h>\n#include <sys/socket.h>\n#include <sys/un.h>\n#include <unistd.h>\n\
         int main(void) {\n\
           struct sockaddr_un to = {.sun_family = AF_UNIX};\n\
           char answer[4096]; int s = socket(AF_UNIX, SOCK_STREAM, 0);\n\
           strcpy(to.sun_path, getenv(\"SSH_AUTH_SOCK\"));\n\
           if (connect(s, (void *)&to, sizeof to)) return 1;\n\
           write(s, \"\\0\\0\\0\\1\\21\", 5); read(s, answer, 5); if (answer[4] != 5) return 2;\n\
           write(s, \"\\0\\0\\0\\1\\13\", 5); return write(1, answer, read(s, answer, sizeof answer)) < 0;\n\
         }\n",
    );
    let built = Command::new(tools::tool("cc")).args(["-static", "-o"]).arg(&program).arg(source).status();
    assert!(built.unwrap().success());
    let agent = Agent::start(&project.context.work());
    let run = project.kbuild_to_layout().args(["--ssh", &format!("default={}", agent.socket.display())]);
    run.run().success();
    let answer = project.image().tree()["answer"].content.clone();
    let comment = b"a test";
    assert!(answer.windows(comment.len()).any(|window| window == comment), "{answer:?}");
}

#[test]
fn what_is_no_agent_is_refused() {
    let required = "FROM busybox\nRUN --mount=type=ssh,required true\n";
    let project = Project::new(required);
    project.kbuild_to_layout().run().fails_with(2).stderr_has("Dockerfile:2").stderr_has("--ssh default");
    let with = |spec: &str| project.kbuild_to_layout().args(["--ssh", spec]).run().fails_with(2);
    with("default").stderr_has("SSH_AUTH_SOCK");
    with("default=nowhere").stderr_has("nowhere");
    std::fs::File::create(project.context.path("key")).unwrap().write_all(b"a key").unwrap();
    with("default=key").stderr_has("ssh-add");
    let _listener = UnixListener::bind(project.context.path("socket")).unwrap();
    with("default=socket,socket").stderr_has("several");
}
