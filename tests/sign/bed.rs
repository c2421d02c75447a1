//! An image in a registry and a key pair, and short words for what the tests do with them.

use std::path::{Path, PathBuf};

use ktrust_tests::{Context, Invocation, Registry, Run, bases, tamper};
use serde_json::{Value, json};

/// One generation of cosign, with the flags that make it sign and verify as ksign does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cosign {
    Two,
    Three,
}

impl Cosign {
    pub(crate) const BOTH: [Self; 2] = [Self::Two, Self::Three];

    pub(crate) fn run(self, context: &Context) -> Invocation {
        let name = match self {
            Self::Two => "cosign-2",
            Self::Three => "cosign-3",
        };
        context.tool(name).env("COSIGN_PASSWORD", PASSWORD)
    }

    /// `cosign sign` into the `.sig` tag, with a key, without a log.
    pub(crate) fn sign(self, context: &Context, key: &str) -> Invocation {
        let run = self.run(context).args(["sign", "--yes", "--tlog-upload=false", "--key", key]);
        match self {
            Self::Two => run,
            Self::Three => run.args(["--new-bundle-format=false", "--use-signing-config=false"]),
        }
    }

    /// `cosign verify` with a key, without a log.
    pub(crate) fn verify(self, context: &Context, key: &str) -> Invocation {
        self.run(context).args(["verify", "--insecure-ignore-tlog", "--key", key])
    }
}

/// The password of every key in these tests.
pub(crate) const PASSWORD: &str = "open sesame";

/// An image `app` in a registry on loopback, and the key pair `cosign.key`, `cosign.pub`.
pub(crate) struct Bed {
    pub(crate) context: Context,
    pub(crate) registry: Registry,
    /// `127.0.0.1:PORT/app`
    pub(crate) repository: String,
    /// `sha256:…` of the image.
    pub(crate) digest: String,
}

impl Bed {
    pub(crate) fn new() -> Self {
        let context = Context::new();
        let registry = Registry::start(&context);
        let layout = bases::busybox(&context.path("base"));
        let repository = registry.image("app");
        let digest = push(&context, &layout, "latest", &repository, "1");
        let bed = Self { context, registry, repository, digest };
        bed.make_key("cosign");
        bed
    }

    /// `REPOSITORY@DIGEST`.
    pub(crate) fn image(&self) -> String {
        format!("{}@{}", self.repository, self.digest)
    }

    /// The tag that holds the signatures.
    pub(crate) fn tag(&self) -> String {
        format!("{}.sig", self.digest.replace(':', "-"))
    }

    pub(crate) fn make_key(&self, prefix: &str) {
        let run = self.ksign(["generate-key-pair", "--output-key-prefix", prefix]).run();
        run.success();
    }

    /// `ksign` with these arguments and the password.
    pub(crate) fn ksign<const N: usize>(&self, arguments: [&str; N]) -> Invocation {
        self.context.ksign().env("COSIGN_PASSWORD", PASSWORD).args(arguments)
    }

    /// Signs the image with a key that must work.
    pub(crate) fn sign(&self, prefix: &str) -> Run {
        let key = format!("{prefix}.key");
        self.ksign(["sign", "--key", &key, &self.image()]).run().success()
    }

    /// Verifies the image.
    pub(crate) fn verify(&self, prefix: &str) -> Run {
        let key = format!("{prefix}.pub");
        self.ksign(["verify", "--key", &key, &self.image()]).run()
    }

    /// A manifest as the registry has it.
    pub(crate) fn manifest(&self, reference: &str) -> Value {
        let separator = if reference.contains(':') { '@' } else { ':' };
        let image = format!("docker://{}{separator}{reference}", self.repository);
        self.skopeo(["inspect", "--raw", "--tls-verify=false", &image]).run().success().json()
    }

    /// The signature layers.
    pub(crate) fn layers(&self) -> Vec<Value> {
        self.manifest(&self.tag())["layers"].as_array().cloned().unwrap_or_default()
    }

    pub(crate) fn skopeo<const N: usize>(&self, arguments: [&str; N]) -> Invocation {
        self.context.tool("skopeo").args(arguments)
    }

    /// A copy of the image, with the signatures if there are any, as the layout `name`.
    pub(crate) fn layout(&self, name: &str) -> PathBuf {
        let path = self.context.path(name);
        let to = |tag: &str| format!("oci:{}:{tag}", path.display());
        let from = |rest: &str| format!("docker://{}{rest}", self.repository);
        let copy = ["copy", "--src-tls-verify=false"];
        let image = from(&format!("@{}", self.digest));
        self.skopeo(copy).args([image, to("latest")]).run().success();
        path
    }
}

/// Copies an image from a layout to a registry; its digest.
pub(crate) fn push(context: &Context, layout: &Path, tag: &str, repository: &str, to: &str) -> String {
    let from = format!("oci:{}:{tag}", layout.display());
    let to = format!("docker://{repository}:{to}");
    let digest = context.path("digest");
    let copy = ["copy", "--all", "--dest-tls-verify=false", "--preserve-digests", "--digestfile"];
    context.tool("skopeo").args(copy).arg(&digest).args([from, to]).run().success();
    context.read("digest").trim().to_owned()
}

/// Writes a small image `latest` that differs from others by its `text`; its digest.
pub(crate) fn small_image(layout: &Path, text: &str) -> String {
    let mut layer = bases::Layer::default();
    layer.file("text", 0o644, text.as_bytes());
    bases::write(layout, layer, &json!({}))
}

/// Writes a blob; its digest.
pub(crate) fn put_blob(layout: &Path, text: &str) -> String {
    use sha2::Digest as _;
    let digest = format!("sha256:{}", hex::encode(sha2::Sha256::digest(text)));
    std::fs::write(tamper::blob(layout, &digest), text).expect("a blob");
    digest
}

/// Makes this manifest or index the only entry of the layout, tagged `latest`.
pub(crate) fn set_only_entry(layout: &Path, media_type: &str, text: &str) {
    let entry = json!({
        "mediaType": media_type, "digest": put_blob(layout, text), "size": text.len(),
        "annotations": {"org.opencontainers.image.ref.name": "latest"},
    });
    let index = json!({"schemaVersion": 2, "manifests": [entry]});
    std::fs::write(layout.join("index.json"), index.to_string()).expect("an index");
}

/// Writes an index of two small images, tagged `latest`.
pub(crate) fn two_images(layout: &Path) {
    const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
    const INDEX: &str = "application/vnd.oci.image.index.v1+json";
    let entry = |architecture: &str| {
        let digest = small_image(layout, architecture);
        let size = tamper::blob(layout, &digest).metadata().expect("a manifest").len();
        let platform = json!({"os": "linux", "architecture": architecture});
        json!({"mediaType": MANIFEST, "digest": digest, "size": size, "platform": platform})
    };
    let index =
        json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry("amd64"), entry("arm64")]});
    set_only_entry(layout, INDEX, &index.to_string());
}
