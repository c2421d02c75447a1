//! A GitLab project on disk that includes the component, and a run of its pipeline.

use std::os::unix::fs::symlink;
use std::path::PathBuf;

use ktrust_tests::place::{program, repository};
use ktrust_tests::{Context, Invocation, Registry, bases, tamper};

/// The password of the projects' signing keys.
pub(crate) const KEY_PASSWORD: &str = "battery staple";

/// A project made from `examples/hello`, with a registry, a base image in it, and a key pair.
pub(crate) struct Project {
    pub(crate) context: Context,
    pub(crate) registry: Registry,
}

impl Project {
    /// A project whose `.gitlab-ci.yml` is still to be written.
    pub(crate) fn new() -> Self {
        let mut context = Context::new();
        let registry = Registry::start(&context);
        let files = context.path("project");
        tamper::copy(&repository().join("examples/hello"), &files);
        tamper::copy(&repository().join("templates"), &files.join("templates"));
        std::fs::copy(repository().join("component.yml"), files.join("component.yml"))
            .expect("component.yml");
        std::fs::remove_file(files.join(".gitlab-ci.yml")).expect("the example has a pipeline");
        context.set("KSIGN_PASSWORD", KEY_PASSWORD);
        let project = Self { context, registry };
        project.push_base();
        project.install_programs();
        project.context.ksign().current_dir(&files).arg("generate-key-pair").run().success();
        let key = project.key();
        std::fs::rename(files.join("cosign.key"), key).expect("the private key leaves the project");
        project
    }

    /// The directory of the project.
    pub(crate) fn files(&self) -> PathBuf {
        self.context.path("project")
    }

    /// The private key, which is no file of the project.
    pub(crate) fn key(&self) -> PathBuf {
        self.context.home().join("signing.key")
    }

    /// The repository that the image `name` is pushed to.
    pub(crate) fn image(&self, name: &str) -> String {
        self.registry.image(name)
    }

    /// `127.0.0.1:PORT/base/busybox:1`.
    pub(crate) fn base(&self) -> String {
        self.registry.image("base/busybox:1")
    }

    /// Writes the pipeline, names `image` in the manifest, and commits everything.
    pub(crate) fn commit(&self, pipeline: &str, image: &str) {
        self.context.write("project/.gitlab-ci.yml", pipeline);
        tamper::replace(&self.files().join("deployment.yaml"), "registry.gitlab.com/example/hello", image);
        let git = |arguments: &[&str]| {
            let identity = ["-c", "user.name=test", "-c", "user.email=test@example.com"];
            self.context
                .command("git")
                .current_dir(self.files())
                .args(identity)
                .args(arguments)
                .run()
                .success();
        };
        git(&["init", "-q", "-b", "main"]);
        git(&["remote", "add", "origin", "git@gitlab.example.com:team/app.git"]);
        git(&["add", "-A"]);
        git(&["commit", "-q", "-m", "All of it"]);
    }

    /// gitlab-ci-local, about to run the pipeline, with these variables of the project.
    pub(crate) fn run(&self, variables: &[(&str, &str)]) -> Invocation {
        let node = ktrust_tests::tools::tool("node");
        let node = node.parent().expect("node lies in a directory").display().to_string();
        let mut run = self.context.tool("gitlab-ci-local").current_dir(self.files());
        let path = format!("{}:{node}:/usr/local/bin:/usr/bin:/bin", self.programs().display());
        run = run.env("PATH", path).args(["--shell-isolation", "--force-shell-executor"]);
        // The schema is stricter than GitLab itself, which takes an empty list of tags.
        run = run.args(["--ignore-schema-paths", "#/definitions/tags/minItems"]);
        for (name, value) in variables {
            run = run.args(["--variable", &format!("{name}={value}")]);
        }
        run
    }

    /// The text of an artifact of the job `job`.
    pub(crate) fn artifact(&self, job: &str, file: &str) -> String {
        self.context.read(format!("project/.gitlab-ci-local/artifacts/{job}/{file}"))
    }

    /// The digest that the registry has under `reference`.
    pub(crate) fn digest(&self, reference: &str) -> String {
        let run = self.skopeo_inspect(reference).success();
        run.stdout.trim().to_owned()
    }

    /// What skopeo says about `reference`.
    pub(crate) fn skopeo_inspect(&self, reference: &str) -> ktrust_tests::Run {
        let image = format!("docker://{reference}");
        self.context
            .tool("skopeo")
            .args(["inspect", "--tls-verify=false", "--format={{.Digest}}", &image])
            .run()
    }

    fn programs(&self) -> PathBuf {
        self.context.home().join("bin")
    }

    fn install_programs(&self) {
        std::fs::create_dir(self.programs()).expect("a directory for the programs");
        for name in ["kbuild", "ksign", "kdeploy"] {
            symlink(program(name), self.programs().join(name)).expect("a link to a program");
        }
    }

    fn push_base(&self) {
        let base = bases::busybox(&self.context.path("base"));
        let (from, to) = (format!("oci:{}:latest", base.display()), format!("docker://{}", self.base()));
        self.context.tool("skopeo").args(["copy", "--dest-tls-verify=false", &from, &to]).run().success();
    }
}

/// An `include` of the component `name` in its catalogue form, with inputs as lines of YAML.
pub(crate) fn include(name: &str, inputs: &[String]) -> String {
    let component =
        format!("  - component: $CI_SERVER_FQDN/$CI_PROJECT_PATH/{name}@$CI_COMMIT_SHA\n    inputs:\n");
    component + &indented(inputs)
}

/// Inputs under the key `inputs` of an include.
pub(crate) fn indented(inputs: &[String]) -> String {
    inputs.iter().flat_map(|input| ["      ", input, "\n"]).collect()
}
