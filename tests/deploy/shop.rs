//! An image in a registry, as `kbuild` hands it on, and keys to sign it with.

use ktrust_tests::{Context, Invocation, Registry, bases};
use serde_json::Value;

/// A project whose image `shop/web:v1` is pushed and handed on, and not signed.
pub(crate) struct Shop {
    pub(crate) context: Context,
    pub(crate) registry: Registry,
    pub(crate) digest: String,
}

impl Shop {
    pub(crate) fn new() -> Self {
        let mut context = Context::new();
        context.set("COSIGN_PASSWORD", "correct horse");
        let registry = Registry::start(&context);
        let base = bases::busybox(&context.path("base"));
        let index: Value = serde_json::from_str(&context.read("base/index.json")).expect("JSON");
        let digest = index["manifests"][0]["digest"].as_str().expect("a digest").to_owned();
        let from = format!("oci:{}:latest", base.display());
        let to = format!("docker://{}:v1", registry.image("shop/web"));
        let flags = ["copy", "--preserve-digests", "--dest-tls-verify=false"];
        context.tool("skopeo").args(flags).args([from, to]).run().success();
        let shop = Self { context, registry, digest };
        shop.hand_on(&shop.digest);
        shop.keys("cosign");
        shop
    }

    /// Makes a key pair, `NAME.key` and `NAME.pub`.
    pub(crate) fn keys(&self, name: &str) {
        self.context.ksign().args(["generate-key-pair", "--output-key-prefix", name]).run().success();
    }

    /// Writes build.env as `kbuild` would for this digest.
    pub(crate) fn hand_on(&self, digest: &str) {
        let repository = self.repository();
        let text = format!(
            "KTRUST_SCHEMA=1\nIMAGE_REF={repository}:v1\nIMAGE_REPO={repository}\nIMAGE_DIGEST={digest}\n\
             IMAGE_TAGS=v1\nIMAGE_MEDIA_TYPE=application/vnd.oci.image.manifest.v1+json\n\
             IMAGE_PLATFORMS=linux/amd64\n"
        );
        self.context.write("build.env", text);
    }

    /// A shop whose image is signed with `cosign.key`.
    pub(crate) fn signed() -> Self {
        let shop = Self::new();
        shop.sign("cosign.key");
        shop
    }

    /// Signs the image that is handed on.
    pub(crate) fn sign(&self, key: &str) {
        self.context.ksign().args(["sign", "--key", key]).run().success();
    }

    /// `127.0.0.1:PORT/shop/web`.
    pub(crate) fn repository(&self) -> String {
        self.registry.image("shop/web")
    }

    /// The repository with the digest.
    pub(crate) fn pinned(&self) -> String {
        format!("{}@{}", self.repository(), self.digest)
    }

    /// `kdeploy` with a command line.
    pub(crate) fn kdeploy(&self, line: &str) -> Invocation {
        self.context.kdeploy().args(line.split_whitespace())
    }
}
