//! A project with a Dockerfile and a busybox base, and what is built from it.

use std::path::PathBuf;

use ktrust_tests::image::Image;
use ktrust_tests::{Context, Invocation, bases};
use serde_json::Value;

/// A build context in a fresh place.
pub(crate) struct Project {
    pub(crate) context: Context,
    base: PathBuf,
}

impl Project {
    /// A project with this Dockerfile; `FROM busybox` is there without a registry.
    pub(crate) fn new(dockerfile: &str) -> Self {
        let context = Context::new();
        let base = bases::busybox(&context.path("base"));
        context.write("app/Dockerfile", dockerfile);
        Self { context, base }
    }

    /// A file of the build context.
    pub(crate) fn file(self, path: &str, contents: &str) -> Self {
        self.context.write(format!("app/{path}"), contents);
        self
    }

    /// `kbuild build app` with the base mapped, without a destination.
    pub(crate) fn kbuild(&self) -> Invocation {
        let base = format!("busybox=oci-layout://{}", self.base.display());
        self.context.kbuild().args(["build", "app", "--build-context", &base])
    }

    /// The invocation that writes to the layout `out`.
    pub(crate) fn kbuild_to_layout(&self) -> Invocation {
        self.kbuild().args(["-t", "oci:./out:latest"])
    }

    /// Builds and opens the image.
    pub(crate) fn build(&self) -> Image {
        self.kbuild_to_layout().run().success();
        self.image()
    }

    /// What a registry holds under a reference, read by skopeo.
    pub(crate) fn pushed(&self, image: &str) -> Value {
        let image = format!("docker://{image}");
        let inspect = ["inspect", "--raw", "--tls-verify=false", &image];
        self.context.tool("skopeo").args(inspect).run().success().json()
    }

    /// The image of the layout `out`.
    pub(crate) fn image(&self) -> Image {
        Image::open(&self.context.path("out"), "latest")
    }
}
