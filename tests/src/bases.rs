//! Base images, made on the spot as OCI layouts, by code that shares nothing with ktrust's own.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// The static busybox of the package `busybox-static`.
pub fn busybox_program() -> PathBuf {
    crate::tools::tool("busybox")
}

/// Writes an OCI layout at `layout` with the tag `latest`: a static busybox under `/bin` with a link
/// for each of its commands, users `root` and `app` (1000), `/tmp` with the sticky bit. Returns `layout`.
pub fn busybox(layout: &Path) -> PathBuf {
    let program = std::fs::read(busybox_program()).expect("busybox can be read");
    let listed = Command::new(busybox_program()).arg("--list").output().expect("busybox runs");
    let mut layer = Layer::default();
    for (path, mode) in [("bin", 0o755), ("etc", 0o755), ("home", 0o755), ("root", 0o700), ("tmp", 0o1777)] {
        layer.directory(path, mode);
    }
    layer.file("bin/busybox", 0o755, &program);
    for applet in String::from_utf8_lossy(&listed.stdout).lines().filter(|applet| *applet != "busybox") {
        layer.link(&format!("bin/{applet}"), "busybox");
    }
    layer.file(
        "etc/passwd",
        0o644,
        b"root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/home/app:/bin/sh\n",
    );
    layer.file("etc/group", 0o644, b"root:x:0:\napp:x:1000:\n");
    let config =
        json!({"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], "Cmd": ["sh"]});
    write(layout, layer, &config);
    layout.to_path_buf()
}

/// A layer in the making: names are relative, entries are owned by root and of the year 1970.
pub struct Layer(Builder<Vec<u8>>);

impl Default for Layer {
    fn default() -> Self {
        Self(Builder::new(Vec::new()))
    }
}

impl std::fmt::Debug for Layer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Layer").field("bytes", &self.0.get_ref().len()).finish()
    }
}

impl Layer {
    /// Adds a directory.
    pub fn directory(&mut self, path: &str, mode: u32) {
        self.append(EntryType::Directory, path, mode, &[]);
    }

    /// Adds a file.
    pub fn file(&mut self, path: &str, mode: u32, contents: &[u8]) {
        self.append(EntryType::Regular, path, mode, contents);
    }

    /// Adds a symbolic link.
    pub fn link(&mut self, path: &str, target: &str) {
        let mut header = header(EntryType::Symlink, 0o777, 0);
        self.0.append_link(&mut header, path, target).expect("a link fits an archive");
    }

    /// Adds a character device.
    pub fn device(&mut self, path: &str, major: u32, minor: u32) {
        let mut header = header(EntryType::Char, 0o666, 0);
        header.set_device_major(major).expect("a number fits an archive");
        header.set_device_minor(minor).expect("a number fits an archive");
        self.0.append_data(&mut header, path, &[][..]).expect("memory takes an archive");
    }

    fn append(&mut self, kind: EntryType, path: &str, mode: u32, contents: &[u8]) {
        let mut header = header(kind, mode, contents.len() as u64);
        self.0.append_data(&mut header, path, contents).expect("memory takes an archive");
    }
}

fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header
}

/// Writes a layout whose only image, `latest`, has this one layer and this `config`; returns its digest.
pub fn write(layout: &Path, layer: Layer, config: &Value) -> String {
    write_archives(layout, &[layer.0.into_inner().expect("memory takes an archive")], config)
}

/// As [`write`], with layers that are given as archives, bottom first: also such as no proper writer makes.
pub fn write_archives(layout: &Path, archives: &[Vec<u8>], config: &Value) -> String {
    let pack = |archive: &Vec<u8>| {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(archive).expect("memory takes a layer");
        store(layout, LAYER, &packed.finish().expect("memory takes a layer"))
    };
    let diff_ids: Vec<String> = archives.iter().map(|archive| digest(archive)).collect();
    let history: Vec<Value> = archives.iter().map(|_| json!({"created_by": "a test"})).collect();
    let config = json!({
        "architecture": "amd64", "os": "linux", "config": config,
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
        "history": history,
    });
    let manifest = json!({
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": store(layout, CONFIG, config.to_string().as_bytes()),
        "layers": archives.iter().map(pack).collect::<Vec<_>>(),
    });
    let mut descriptor = store(layout, MANIFEST, manifest.to_string().as_bytes());
    descriptor["annotations"] = json!({"org.opencontainers.image.ref.name": "latest"});
    let index = json!({"schemaVersion": 2, "manifests": [descriptor]});
    std::fs::write(layout.join("index.json"), index.to_string()).expect("an index");
    std::fs::write(layout.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).expect("a marker");
    descriptor["digest"].as_str().expect("a descriptor has a digest").to_owned()
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

/// Writes a blob and describes it.
fn store(layout: &Path, media_type: &str, bytes: &[u8]) -> Value {
    let digest = digest(bytes);
    let path = crate::tamper::blob(layout, &digest);
    std::fs::create_dir_all(path.parent().expect("a blob lies in a directory")).expect("its directory");
    std::fs::write(path, bytes).expect("a blob");
    json!({"mediaType": media_type, "digest": digest, "size": bytes.len()})
}
