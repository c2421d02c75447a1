//! The whole chain on this machine, with no server: every image is an OCI layout on disk.
//!
//! The base image is built here too, from Debian's static busybox, so nothing is pulled from anywhere.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::dist::{self, PROGRAMS};
use crate::shell::{self, built, repository, step};
use crate::tools;

/// Exit code of an image without a valid signature.
const SIGNATURE_INVALID: i32 = 30;

/// The profile that compiles fastest.
const PROFILE: &str = "dev";

/// Runs it.
pub(crate) fn run() -> Result<()> {
    let busybox = step("tools", tools::busybox)?;
    step("programs", || dist::build(PROFILE))?;
    let demo = Demo::new(busybox)?;
    step("a base image from busybox", || demo.base())?;
    step("build: an image by digest", || demo.build())?;
    step("sign: with a fresh key", || demo.sign())?;
    step("verify: the right image is accepted", || demo.verify())?;
    step("verify: a tampered copy is refused", || demo.refuse())?;
    step("deploy: policy, pinned manifest, probe", || demo.deploy())?;
    demo.tell()
}

/// A folder with everything that the demo makes.
struct Demo {
    home: PathBuf,
    programs: PathBuf,
    busybox: PathBuf,
}

impl Demo {
    /// A fresh folder; what an earlier demo left in it is removed.
    fn new(busybox: PathBuf) -> Result<Self> {
        let home = repository().join("target/demo");
        if home.exists() {
            fs::remove_dir_all(&home).with_context(|| format!("{} cannot be removed", home.display()))?;
        }
        fs::create_dir_all(&home)?;
        Ok(Self { home, programs: built(PROFILE), busybox })
    }

    /// `FROM busybox` without Docker Hub.
    fn base(&self) -> Result<()> {
        let context = self.home.join("base-context");
        fs::create_dir(&context)?;
        fs::copy(&self.busybox, context.join("busybox"))?;
        let dockerfile = "FROM scratch\n\
            COPY busybox /bin/busybox\n\
            RUN [\"/bin/busybox\", \"--install\", \"-s\", \"/bin\"]\n\
            RUN mkdir -m 1777 /tmp && mkdir -p /etc && echo 'root:x:0:0:root:/:/bin/sh' > /etc/passwd\n\
            CMD [\"sh\"]\n";
        fs::write(context.join("Dockerfile"), dockerfile)?;
        self.must("kbuild", &["build", "base-context", "-t", "oci:./base:latest", "-q"])
    }

    fn build(&self) -> Result<()> {
        let example = repository().join("examples/hello");
        let example = example.to_str().context("the repository's path is not UTF-8")?;
        let base = "busybox=oci-layout://base";
        let files = ["--handoff", "build.env", "--record", "build.json", "--probe"];
        let image = ["build", example, "-t", "oci:./image:1.0", "--build-context", base];
        self.must("kbuild", &[&image[..], &files].concat())
    }

    fn sign(&self) -> Result<()> {
        self.must("ksign", &["generate-key-pair", "--output-key-prefix", "demo"])?;
        self.must("ksign", &["sign", "--key", "demo.key", "--handoff", "build.env", "--record", "sign.json"])
    }

    fn verify(&self) -> Result<()> {
        self.must("ksign", &["verify", "--key", "demo.pub", "--handoff", "build.env"])?;
        self.must("ksign", &["tree", "oci:./image:1.0"])
    }

    /// The same image with the same signature, but for one bit of its largest layer.
    fn refuse(&self) -> Result<()> {
        copy(&self.home.join("image"), &self.home.join("tampered"))?;
        flip_largest(&self.home.join("tampered/blobs/sha256"))?;
        let arguments = ["verify", "--key", "demo.pub", "oci:./tampered:1.0"];
        eprintln!("    $ ksign {}", arguments.join(" "));
        let status = self.command("ksign", &arguments).status()?;
        let expected = status.code() == Some(SIGNATURE_INVALID);
        ensure!(
            expected,
            "the tampered image was to be refused with exit code {SIGNATURE_INVALID}: {status}"
        );
        eprintln!("    refused with exit code {SIGNATURE_INVALID}, as it should be");
        Ok(())
    }

    fn deploy(&self) -> Result<()> {
        let manifest = repository().join("examples/hello/deployment.yaml");
        let manifest = manifest.to_str().context("the repository's path is not UTF-8")?;
        let verify = ["apply", "--offline", "--key", "demo.pub", "--handoff", "build.env"];
        self.must("kdeploy", &[&verify[..], &["-f", manifest, "--out-dir", "deploy"]].concat())
    }

    fn tell(&self) -> Result<()> {
        eprintln!("\nWhat happened is in {}:", self.home.display());
        let files = [
            ("base", "the base image, an OCI layout"),
            ("image", "the image with its signature"),
            ("tampered", "the copy that was refused"),
            ("build.env", "what build hands on: the image by digest"),
            ("build.json", "the full record of the build"),
            ("demo.key, demo.pub", "the key pair"),
            ("sign.json", "what was signed"),
            ("deploy/", "the pinned manifest, the policy, the unsigned probe"),
        ];
        for (name, what) in files {
            eprintln!("    {name:<20} {what}");
        }
        eprintln!("\n{}", fs::read_to_string(self.home.join("build.env"))?);
        eprintln!("The programs: {} in {}", PROGRAMS.join(", "), self.programs.display());
        Ok(())
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.args(arguments).current_dir(&self.home).stdin(Stdio::null());
        // A demo's key protects nothing: set but empty is the legal way to say so.
        command.env("COSIGN_PASSWORD", "");
        command
    }

    fn must(&self, program: &str, arguments: &[&str]) -> Result<()> {
        eprintln!("    $ {program} {}", arguments.join(" "));
        shell::run(&mut self.command(program, arguments))
    }
}

/// Changes one bit in the middle of the largest file.
fn flip_largest(directory: &Path) -> Result<()> {
    let files = fs::read_dir(directory)?.collect::<Result<Vec<_>, _>>()?;
    let size = |file: &fs::DirEntry| file.metadata().map_or(0, |metadata| metadata.len());
    let largest = files.iter().max_by_key(|file| size(file)).context("the layout has no blobs")?;
    let mut bytes = fs::read(largest.path())?;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    Ok(fs::write(largest.path(), bytes)?)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
